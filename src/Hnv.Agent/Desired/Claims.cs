using System.Diagnostics.CodeAnalysis;

namespace Hnv.Agent.Desired;

/// <summary>
/// What the networks say for a key, and whose word counts. Normally one network speaks for a key; while a subnet or a port moves from
/// one network to another, both do for a moment, in any order. Then the network with the lower identifier wins, so that the outcome
/// depends on what is known and not on the order in which it came.
/// </summary>
internal sealed class Claims<TKey, TItem>
    where TKey : notnull
    where TItem : class
{
    private readonly Dictionary<TKey, Claim> _winners = [];
    private readonly Dictionary<TKey, List<Claim>> _losers = [];

    /// <summary>Keys that somebody claims.</summary>
    public int Count => _winners.Count;

    /// <summary>Every winner.</summary>
    public IEnumerable<KeyValuePair<TKey, Claim>> Winners => _winners;

    /// <summary>Whose word counts for the key.</summary>
    public bool TryGet(TKey key, [MaybeNullWhen(false)] out Claim claim) => _winners.TryGetValue(key, out claim);

    /// <summary>The network says this for the key; it replaces what it said before.</summary>
    public void Put(NetworkRef network, TKey key, TItem item)
    {
        var claim = new Claim(network, item);
        if (!_winners.TryGetValue(key, out Claim winner) || ReferenceEquals(winner.Network, network))
        {
            _winners[key] = claim;
            return;
        }

        if (!_losers.TryGetValue(key, out List<Claim>? losers))
        {
            _losers.Add(key, losers = []);
        }

        losers.RemoveAll(c => ReferenceEquals(c.Network, network));
        if (network.Id.CompareTo(winner.Network.Id) < 0)
        {
            losers.Add(winner);
            _winners[key] = claim;
        }
        else
        {
            losers.Add(claim);
        }
    }

    /// <summary>The network says nothing for the key any more.</summary>
    public void Remove(NetworkRef network, TKey key)
    {
        if (!_winners.TryGetValue(key, out Claim winner))
        {
            return;
        }

        bool others = _losers.TryGetValue(key, out List<Claim>? losers);
        if (!ReferenceEquals(winner.Network, network))
        {
            losers?.RemoveAll(c => ReferenceEquals(c.Network, network));
        }
        else if (others)
        {
            Claim next = losers!.MinBy(c => c.Network.Id);
            losers!.Remove(next);
            _winners[key] = next;
        }
        else
        {
            _winners.Remove(key);
        }

        if (losers is { Count: 0 })
        {
            _losers.Remove(key);
        }
    }

    /// <summary>What a network says.</summary>
    internal readonly record struct Claim(NetworkRef Network, TItem Item);
}

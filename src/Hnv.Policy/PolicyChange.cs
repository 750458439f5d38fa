using System.Collections.Immutable;
using Hnv.Api.Stream;

namespace Hnv.Policy;

/// <summary>
/// What may differ between two snapshots, for every host that has to hear of it. Keys are those that were looked at: comparing the
/// content before and after decides (<see cref="DeltaOf"/>). So hosts share one list of keys, and a change costs the hosts concerned.
/// </summary>
public sealed class PolicyChange
{
    internal PolicyChange(PolicySnapshot before, PolicySnapshot after, IReadOnlyDictionary<string, HostChange> hosts)
    {
        Before = before;
        After = after;
        Hosts = hosts;
    }

    public PolicySnapshot Before { get; }

    public PolicySnapshot After { get; }

    /// <summary>The hosts concerned, by name.</summary>
    public IReadOnlyDictionary<string, HostChange> Hosts { get; }

    /// <summary>
    /// The exact difference of a network's content on a host, limited to the given keys: what to put, what to delete.
    /// Either side may be null: nothing was known, nothing is left.
    /// </summary>
    public static (ImmutableArray<PolicyItem> Put, ImmutableArray<string> Delete) DeltaOf(IHostContent? before, IHostContent? after, IEnumerable<string> keys)
    {
        var put = ImmutableArray.CreateBuilder<PolicyItem>();
        var delete = ImmutableArray.CreateBuilder<string>();
        foreach (string key in keys)
        {
            PolicyItem? old = before?.Find(key);
            PolicyItem? now = after?.Find(key);
            if (now is null && old is not null)
            {
                delete.Add(key);
            }
            else if (now is not null && !now.Equals(old))
            {
                put.Add(now);
            }
        }

        return (put.ToImmutable(), delete.ToImmutable());
    }
}

/// <summary>What may differ for one host: networks that came or went, and keys of those that stayed.</summary>
public sealed class HostChange
{
    private readonly Dictionary<Guid, List<IReadOnlyCollection<string>>> _keys = [];
    private readonly HashSet<Guid> _attached = [];
    private readonly HashSet<Guid> _detached = [];

    /// <summary>Networks (or the host's own scope) that are present from now on.</summary>
    public IReadOnlyCollection<Guid> Attached => _attached;

    /// <summary>Networks (or the host's own scope) that are gone.</summary>
    public IReadOnlyCollection<Guid> Detached => _detached;

    /// <summary>Networks that stayed, of which something may differ.</summary>
    public IEnumerable<Guid> Changed => _keys.Keys;

    /// <summary>The keys to look at in a network that stayed.</summary>
    public IEnumerable<string> Keys(Guid network) =>
        _keys.TryGetValue(network, out List<IReadOnlyCollection<string>>? lists) ? lists.SelectMany(static l => l).Distinct(StringComparer.Ordinal) : [];

    internal void Attach(Guid network) => _attached.Add(network);

    internal void Detach(Guid network) => _detached.Add(network);

    internal void Touch(Guid network, IReadOnlyCollection<string> keys)
    {
        if (keys.Count == 0)
        {
            return;
        }

        if (!_keys.TryGetValue(network, out List<IReadOnlyCollection<string>>? lists))
        {
            _keys[network] = lists = [];
        }

        lists.Add(keys);
    }
}

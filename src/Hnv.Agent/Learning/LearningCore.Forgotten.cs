using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Datapath.Layouts;

namespace Hnv.Agent.Learning;

/// <summary>
/// What policy says is to be forgotten, whenever this host hears of it. The kernel learns in the new epoch first: what is proved in between
/// would otherwise be taken for the old.
/// </summary>
internal sealed partial class LearningCore
{
    /// <summary>Removes what is forgotten in those subnets where the kernel is in the new epoch.</summary>
    private void SettleForgotten()
    {
        if (_terms.Forgetting.Count == 0)
        {
            return;
        }

        var epochs = _dataplane.ReadSubnets().ToDictionary(static s => s.Key.Vsid.ToHost(), static s => s.Value.Epoch);
        HashSet<uint> ready = [.. _terms.Forgetting.Where(v => _terms.TryGetSubnet(v, out SubnetTerms? subnet) && epochs.TryGetValue(v, out uint epoch) && epoch >= subnet.Epoch)];
        if (ready.Count == 0)
        {
            return;
        }

        _terms.Forgetting.ExceptWith(ready);
        foreach ((RecordKey key, RemoteEntry remote) in _remote.All.Where(r => ready.Contains(r.Key.Vsid.ToHost())).ToArray())
        {
            if (IsForgotten(key, null, remote.Epoch))
            {
                _remote.Remove(key);
            }
        }

        var freed = new Dictionary<uint, uint>();
        foreach ((RecordKey key, LearnedEntry entry) in _dataplane.ReadLearned())
        {
            if (ready.Contains(key.Vsid.ToHost()) && entry.Source != LearnSource.None && IsForgotten(key, NameOf(entry), entry.Epoch))
            {
                DropForgotten(key, entry, freed);
            }
        }

        GiveBack(freed);
    }

    /// <summary>The ports have room again at once; what programs change meanwhile the audit sees to.</summary>
    /// <param name="freed">Addresses, by port.</param>
    private void GiveBack(Dictionary<uint, uint> freed)
    {
        foreach ((uint port, uint count) in freed.Count == 0 ? [] : _dataplane.ReadLearnedCounts())
        {
            if (freed.TryGetValue(port, out uint fewer))
            {
                _dataplane.PutLearnedCount(port, count - Math.Min(count, fewer));
            }
        }
    }

    private bool IsForgotten(RecordKey key, string? port, uint epoch) =>
        _terms.TryGetSubnet(key.Vsid.ToHost(), out SubnetTerms? subnet) && !_terms.Forgetting.Contains(key.Vsid.ToHost())
        && epoch < subnet.Epoch && key.Ca.ToIPAddress() is { } address && subnet.HasForgotten(address, port, epoch);

    private string? NameOf(in LearnedEntry entry) => entry.Record.Ifindex == 0 ? null : _terms.PortOf(entry.PortId)?.Name;

    /// <param name="freed">Takes the places of who held it, and of who wanted it, where those are ports of this host.</param>
    private void DropForgotten(RecordKey key, in LearnedEntry entry, Dictionary<uint, uint> freed)
    {
        // The controller knows what it had forgotten; of what it never heard it is told here.
        if (_own.Remove(key, out OwnEntry? own) && !own.IsSynchronized && _terms.PortOf(own.PortId) is { } port)
        {
            Add(new HostRecordEvent(
                _time.GetUtcNow(), RecordEventKind.Deleted, key.Vsid.ToHost(), key.Ca.ToIPAddress(), own.Mac, port.Name, own.Source.ToApi(), "forgotten: it counts when it is proved anew"));
        }

        _gone.Remove(key);
        _dirty.Remove(key);
        if (!_dataplane.TryReadLearned(key, out LearnedEntry now) || now.Epoch != entry.Epoch || !_dataplane.RemoveLearned(key))
        {
            return;
        }

        if (now.Record.Ifindex != 0)
        {
            freed[now.PortId] = freed.GetValueOrDefault(now.PortId) + 1;
        }

        if (now is { IsChallenged: true, ChallengerIfindex: not 0 })
        {
            freed[now.ChallengerPortId] = freed.GetValueOrDefault(now.ChallengerPortId) + 1;
        }
    }
}

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

        var dropped = new Dictionary<uint, uint>();
        foreach ((RecordKey key, LearnedEntry entry) in _dataplane.ReadLearned())
        {
            if (ready.Contains(key.Vsid.ToHost()) && entry.Source != LearnSource.None && IsForgotten(key, NameOf(entry), entry.Epoch) && DropForgotten(key, entry) && entry.Record.Ifindex != 0)
            {
                dropped[entry.PortId] = dropped.GetValueOrDefault(entry.PortId) + 1;
            }
        }

        // The port has room again at once; what others change meanwhile the audit sees to.
        foreach ((uint port, uint count) in dropped.Count == 0 ? [] : _dataplane.ReadLearnedCounts())
        {
            if (dropped.TryGetValue(port, out uint fewer))
            {
                _dataplane.PutLearnedCount(port, count - Math.Min(count, fewer));
            }
        }
    }

    private bool IsForgotten(RecordKey key, string? port, uint epoch) =>
        _terms.TryGetSubnet(key.Vsid.ToHost(), out SubnetTerms? subnet) && !_terms.Forgetting.Contains(key.Vsid.ToHost())
        && epoch < subnet.Epoch && key.Ca.ToIPAddress() is { } address && subnet.HasForgotten(address, port, epoch);

    private string? NameOf(in LearnedEntry entry) => entry.Record.Ifindex == 0 ? null : _terms.PortOf(entry.PortId)?.Name;

    /// <returns>Whether it was there.</returns>
    private bool DropForgotten(RecordKey key, in LearnedEntry entry)
    {
        // The controller knows what it had forgotten; of what it never heard it is told here.
        if (_own.Remove(key, out OwnEntry? own) && !own.IsSynchronized && _terms.PortOf(own.PortId) is { } port)
        {
            Add(new HostRecordEvent(
                _time.GetUtcNow(), RecordEventKind.Deleted, key.Vsid.ToHost(), key.Ca.ToIPAddress(), own.Mac, port.Name, own.Source.ToApi(), "forgotten: it counts when it is proved anew"));
        }

        _gone.Remove(key);
        _dirty.Remove(key);
        return _dataplane.TryReadLearned(key, out LearnedEntry now) && now.Epoch == entry.Epoch && _dataplane.RemoveLearned(key);
    }
}

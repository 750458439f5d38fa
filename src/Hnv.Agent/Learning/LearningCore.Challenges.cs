using System.Net;
using Hnv.Datapath;
using Hnv.Datapath.Layouts;
using Hnv.Model.Addressing;
using Microsoft.Extensions.Logging;

namespace Hnv.Agent.Learning;

/// <summary>
/// What the programs do only when somebody looks: a challenge whose deadline passed in silence, and the announcement that began it, which
/// nobody heard then. Both are done by saying the announcement again at the challenger's port, as its VM would.
/// </summary>
internal sealed partial class LearningCore
{
    /// <summary>An announcement repeated so lately is not repeated again.</summary>
    private const ulong RepeatNs = 200_000_000;

    private readonly Dictionary<RecordKey, ulong> _announced = [];

    /// <summary>A challenge may have ended.</summary>
    /// <returns>When to look again; null: not at all.</returns>
    public (RecordKey Key, TimeSpan After)? Promote(RecordKey key)
    {
        lock (_gate)
        {
            if (!_dataplane.TryReadLearned(key, out LearnedEntry entry) || !entry.IsChallenged)
            {
                return null;
            }

            if (DueOf(key) is { After.Ticks: > 0 } later)
            {
                return later;
            }

            // At another host's port it is for that host to say.
            if (entry.ChallengerIfindex != 0 && _terms.PortOf(entry.ChallengerPortId) is { InterfaceIndex: { } index } && index == entry.ChallengerIfindex)
            {
                Announce(key, index, entry.ChallengerMac.ToMacAddress());
            }

            return null;
        }
    }

    private (RecordKey Key, TimeSpan After)? DueOf(RecordKey key)
    {
        if (!_dataplane.TryReadLearned(key, out LearnedEntry entry) || !entry.IsChallenged)
        {
            return null;
        }

        ulong now = _boot();
        return (key, now >= entry.DeadlineNs ? TimeSpan.Zero : TimeSpan.FromTicks((long)((entry.DeadlineNs - now) / 100) + 1));
    }

    /// <summary>A port of this host won the address.</summary>
    private void Announce(RecordKey key)
    {
        if (_dataplane.TryReadLearned(key, out LearnedEntry entry) && !entry.IsChallenged && IsOwn(entry))
        {
            Announce(key, (int)entry.Record.Ifindex, entry.Record.Mac.ToMacAddress());
        }
    }

    private void Announce(RecordKey key, int interfaceIndex, MacAddress mac)
    {
        ulong now = _boot();
        if (key.Ca.ToIPAddress() is not { } address || (_announced.TryGetValue(key, out ulong before) && now - before < RepeatNs))
        {
            return;
        }

        _announced[key] = now;
        try
        {
            _dataplane.InjectFromPort(interfaceIndex, LearningFrames.Announcement(address, mac));
        }
        catch (DataplaneException e)
        {
            // The VM's own next announcement does the same.
            LogNotAnnounced(_log, address, e.Message);
        }
    }

    private void ForgetAnnounced(ulong now)
    {
        foreach (RecordKey key in _announced.Where(a => now - a.Value > RepeatNs).Select(static a => a.Key).ToArray())
        {
            _announced.Remove(key);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The announcement of {Address} could not be repeated: {Problem}")]
    private static partial void LogNotAnnounced(ILogger log, IPAddress address, string problem);
}

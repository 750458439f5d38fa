using System.Collections.Immutable;
using Hnv.Datapath.Layouts;
using Hnv.Model.Addressing;
using Microsoft.Extensions.Logging;

namespace Hnv.Agent.Learning;

/// <summary>
/// UNREACHABLE of [MS-NVGREE]: another host says that it has no policy for a virtual subnet, where we sent it a frame for an adapter. It
/// speaks for itself alone: nothing that is at another host is looked at.
/// </summary>
internal sealed partial class LearningCore
{
    /// <summary>How long a problem is shown after it was heard of last.</summary>
    public static readonly TimeSpan UnreachableShown = TimeSpan.FromMinutes(1);

    /// <summary>Problems kept at most.</summary>
    private const int MaxUnreachable = 100;

    /// <summary>Shortest time between two looks: a host that says it all the time costs no more.</summary>
    private const ulong UnreachableNs = 1_000_000_000;

    private readonly Dictionary<(KernelAddress Pa, uint Vsid), (MacAddress Mac, ulong At)> _unreachable = [];
    private ulong _lookedUnreachable;

    /// <summary>Hosts that have no policy where policy here says that an adapter is.</summary>
    public ImmutableArray<string> Unreachable
    {
        get
        {
            lock (_gate)
            {
                ForgetUnreachable(_boot());
                return
                [
                    .. _unreachable.Select(static u =>
                        $"The host at {u.Key.Pa} says that it has no policy for virtual subnet {u.Key.Vsid} (yet, or any more), where {u.Value.Mac} is by policy here."),
                ];
            }
        }
    }

    /// <summary>
    /// The host at <paramref name="pa"/> has no policy for the subnet. What was heard on the wire, and the controller does not confirm, is
    /// gone; what the controller or policy says stays, for they know more, and is shown as a problem.
    /// </summary>
    /// <param name="mac">The adapter that a frame was for.</param>
    public void OnUnreachable(uint vsid, KernelMac mac, KernelAddress pa)
    {
        lock (_gate)
        {
            ulong now = _boot();
            if (now - _lookedUnreachable < UnreachableNs || !_terms.TryGetSubnet(vsid, out _))
            {
                return;
            }

            _lookedUnreachable = now;
            bool confirmed = _dataplane.ReadRecords().Any(r => r.Key.Vsid.ToHost() == vsid && r.Value.Ifindex == 0 && r.Value.Mac == mac && r.Value.Pa == pa);
            foreach ((RecordKey key, LearnedEntry entry) in _dataplane.ReadLearned())
            {
                if (key.Vsid.ToHost() != vsid || entry.Record.Ifindex != 0 || entry.Record.Mac != mac || entry.Record.Pa != pa || entry.IsChallenged)
                {
                    continue;
                }

                if (_remote.TryGet(key, out RemoteEntry? remote) && remote.Value.Pa == pa)
                {
                    confirmed = true;
                }
                else if (_dataplane.RemoveLearned(key))
                {
                    LogUnconfirmed(_log, key.Ca.ToString(), vsid, pa.ToString());
                    Settle(key);
                }
            }

            if (confirmed)
            {
                ForgetUnreachable(now);
                bool isNew = !_unreachable.ContainsKey((pa, vsid));
                if (!isNew || _unreachable.Count < MaxUnreachable)
                {
                    _unreachable[(pa, vsid)] = (mac.ToMacAddress(), now);
                }

                if (isNew)
                {
                    LogUnreachable(_log, pa.ToString(), vsid, mac.ToString());
                }
            }
        }
    }

    private void ForgetUnreachable(ulong now)
    {
        ulong shown = (ulong)UnreachableShown.Ticks * 100;
        foreach ((KernelAddress, uint) key in _unreachable.Where(u => now - u.Value.At > shown).Select(static u => u.Key).ToArray())
        {
            _unreachable.Remove(key);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The host at {Pa} has no policy (yet, or any more) for virtual subnet {Vsid}, where {Mac} is by policy here")]
    private static partial void LogUnreachable(ILogger log, string pa, uint vsid, string mac);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Address} of virtual subnet {Vsid} was heard at {Pa}, "
        + "which says that it has no policy for it, and the controller does not know it there: forgotten")]
    private static partial void LogUnconfirmed(ILogger log, string address, uint vsid, string pa);
}

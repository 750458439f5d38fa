using System.Net;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Datapath;
using Hnv.Datapath.Layouts;
using Microsoft.Extensions.Logging;
using PortState = Hnv.Agent.Ports.PortState;

namespace Hnv.Agent.Learning;

/// <summary>Looks at everything now and then: what events did not say, what is too old, what was counted wrong.</summary>
internal sealed partial class LearningCore
{
    /// <summary>How long before its end a silent address is asked for.</summary>
    public static readonly TimeSpan AskBefore = TimeSpan.FromSeconds(30);

    /// <summary>Addresses asked for in one audit; the others have their turn in the next.</summary>
    public const int MaxQuestions = 256;

    private const ulong JustHeardNs = 5_000_000_000;

    /// <summary>Counts that the last audit found wrong, by port: what they should be, and what they were. Programs may be in the middle of changing one.</summary>
    private Dictionary<uint, (uint Expected, uint Counted)> _miscounted = [];

    /// <summary>Every 10 s, and after events were lost.</summary>
    public void Audit()
    {
        lock (_gate)
        {
            SettleForgotten();
        }

        Dictionary<KernelAddress, uint> claimed = _dataplane.ReadPeerLearned().ToDictionary(static p => p.Key, static p => p.Value.Learned);
        IReadOnlyList<KeyValuePair<RecordKey, LearnedEntry>> entries = _dataplane.ReadLearned();
        IReadOnlyList<KeyValuePair<uint, uint>> counted = _dataplane.ReadLearnedCounts();
        lock (_gate)
        {
            ulong now = _boot();
            var held = new Dictionary<uint, uint>();
            var there = new HashSet<RecordKey>(entries.Count);
            int questions = 0;
            foreach ((RecordKey key, LearnedEntry entry) in entries)
            {
                there.Add(key);
                if (entry is { Source: LearnSource.None })
                {
                    continue; // A link-local address of a port that does not learn.
                }

                if (entry.IsChallenged && entry.ChallengerPortId != 0)
                {
                    held[entry.ChallengerPortId] = held.GetValueOrDefault(entry.ChallengerPortId) + 1;
                }

                if (!_terms.TryGetSubnet(key.Vsid.ToHost(), out SubnetTerms? subnet))
                {
                    if (_terms.IsInSync)
                    {
                        _dataplane.RemoveLearned(key);
                    }
                }
                else if (entry.Record.Ifindex == 0)
                {
                    AuditRemote(key, entry, subnet, now);
                }
                else if (AuditOwn(key, entry, subnet, now, ref questions))
                {
                    held[entry.PortId] = held.GetValueOrDefault(entry.PortId) + 1;
                }
            }

            foreach (RecordKey key in _own.Keys.Where(k => !there.Contains(k)).ToArray())
            {
                Look(key, null);
            }

            foreach (RecordKey key in _remote.All.Where(r => !there.Contains(r.Key)).Select(static r => r.Key).ToArray())
            {
                Settle(key);
            }

            Recount(counted, held);
            RecountPeers(claimed, entries);
            ForgetAnnounced(now);
            Tell();
        }
    }

    private void AuditRemote(RecordKey key, in LearnedEntry entry, SubnetTerms subnet, ulong now)
    {
        if (_remote.TryGet(key, out _))
        {
            Look(key, null);
            return;
        }

        // Heard on the wire, and the controller does not know it: yet, or any more.
        bool tooOld = entry.Source == LearnSource.Peer && AgeOf(entry, now) > subnet.Age;
        bool denied = _toldWhole.TryGetValue((subnet.Network, entry.Record.Pa), out ulong told) && entry.SeenNs + JustHeardNs < told;
        if ((tooOld || denied) && !entry.IsChallenged)
        {
            _dataplane.RemoveLearned(key);
        }
    }

    /// <returns>Whether a port of this host holds it afterwards.</returns>
    private bool AuditOwn(RecordKey key, in LearnedEntry entry, SubnetTerms subnet, ulong now, ref int questions)
    {
        if (_terms.PortOf(entry.PortId) is not { InterfaceIndex: { } index } port || index != entry.Record.Ifindex)
        {
            if (_terms.IsSettled(subnet.Network) && _terms.PortOf(entry.PortId) is null)
            {
                _dataplane.RemoveLearned(key);
                Look(key, null);
                return false;
            }

            return true;
        }

        TimeSpan age = AgeOf(entry, now);
        if (!_terms.Learns(port))
        {
            return !Drop(key, port, "policy lets the port learn nothing any more");
        }

        if (age > subnet.Age && !IsSeenSince(key, now, subnet.Age))
        {
            return !Drop(key, port, $"nothing was heard of it for {age.TotalSeconds:0} s");
        }

        if (age > subnet.Age - AskBefore && questions < MaxQuestions && !entry.IsChallenged)
        {
            questions++;
            Ask(key, entry, subnet);
        }

        Note(key, entry, null);
        return true;
    }

    /// <summary>The listing may be older than a proof.</summary>
    private bool IsSeenSince(RecordKey key, ulong now, TimeSpan age) => !_dataplane.TryReadLearned(key, out LearnedEntry entry) || AgeOf(entry, now) <= age;

    private bool Drop(RecordKey key, PortState port, string why)
    {
        if (!_dataplane.TryReadLearned(key, out LearnedEntry entry) || !_dataplane.RemoveLearned(key))
        {
            return true;
        }

        Add(new HostRecordEvent(
            _time.GetUtcNow(), RecordEventKind.Deleted, key.Vsid.ToHost(), key.Ca.ToIPAddress(), entry.Record.Mac.ToMacAddress(), port.Name, entry.Source.ToApi(), why));
        Look(key, null);
        return true;
    }

    private void Ask(RecordKey key, in LearnedEntry entry, SubnetTerms subnet)
    {
        if (key.Ca.ToIPAddress() is not { } address || LearningFrames.Question(address, entry.Record.Mac.ToMacAddress(), subnet.Gateway6) is not { } frame)
        {
            return;
        }

        try
        {
            _dataplane.SendToPort((int)entry.Record.Ifindex, frame);
        }
        catch (DataplaneException e)
        {
            LogNotAsked(_log, address, e.Message);
        }
    }

    private void Recount(IReadOnlyList<KeyValuePair<uint, uint>> counted, Dictionary<uint, uint> held)
    {
        var wrong = new Dictionary<uint, (uint, uint)>();
        foreach ((uint port, uint count) in counted)
        {
            uint expected = held.GetValueOrDefault(port);
            if (count == expected)
            {
                continue;
            }

            if (_miscounted.TryGetValue(port, out (uint, uint) before) && before == (expected, count))
            {
                _dataplane.PutLearnedCount(port, expected);
            }
            else
            {
                wrong[port] = (expected, count);
            }
        }

        _miscounted = wrong;
    }

    /// <summary>The programs count what other hosts add, and not what becomes of it.</summary>
    /// <param name="before">Their counts, read before the entries: what was added since may be among those or not, and counts twice until the next audit.</param>
    /// <param name="entries">What the controller confirmed is its own, and counts no more.</param>
    private void RecountPeers(Dictionary<KernelAddress, uint> before, IReadOnlyList<KeyValuePair<RecordKey, LearnedEntry>> entries)
    {
        var held = new Dictionary<KernelAddress, uint>();
        foreach ((RecordKey _, LearnedEntry entry) in entries)
        {
            if (entry is { Source: LearnSource.Peer, Record.Ifindex: 0 })
            {
                held[entry.Record.Pa] = held.GetValueOrDefault(entry.Record.Pa) + 1;
            }
        }

        KernelAddress? full = null;
        foreach ((KernelAddress pa, PeerLearnedEntry entry) in _dataplane.ReadPeerLearned())
        {
            uint counted = before.GetValueOrDefault(pa), expected = held.GetValueOrDefault(pa) + (entry.Learned > counted ? entry.Learned - counted : 0);
            if (expected == 0 || expected != entry.Learned)
            {
                _dataplane.PutPeerLearned(pa, expected == 0 ? null : entry with { Learned = expected });
            }

            if (expected >= PeerLearnedEntry.Max)
            {
                full = pa;
            }
        }

        PeerAtLimit = full is null ? null
            : $"The host at {full} announced {PeerLearnedEntry.Max} addresses and more that the controller did not confirm: new ones are not learned from it until those are too old.";
    }

    private static TimeSpan AgeOf(in LearnedEntry entry, ulong now) => TimeSpan.FromTicks(now > entry.SeenNs ? (long)((now - entry.SeenNs) / 100) : 0);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Address} could not be asked for: {Problem}")]
    private static partial void LogNotAsked(ILogger log, IPAddress address, string problem);
}

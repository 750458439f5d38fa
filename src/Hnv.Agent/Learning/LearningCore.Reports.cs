using System.Collections.Immutable;
using System.Net;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using Hnv.Datapath.Layouts;
using Microsoft.Extensions.Logging;

namespace Hnv.Agent.Learning;

/// <summary>What the controller is told, and what it answers. One report is under way at a time; what changes meanwhile is in the next.</summary>
internal sealed partial class LearningCore
{
    /// <summary>Entries in a report.</summary>
    public const int MaxEntries = 5_000;

    private const int MaxNetworks = 1_000;

    private readonly long _epoch;
    private readonly Queue<LearnedReport> _whole = new();

    /// <summary>Networks of which the session was told everything.</summary>
    private readonly HashSet<Guid> _told = [];
    private object? _session;
    private LearnedReport? _underWay;
    private long _sequence;

    /// <summary>The next report to send; the same one again until it is answered. A session that is new is told everything.</summary>
    /// <returns>Null when there is nothing to tell.</returns>
    public LearnedReport? NextReport(object session)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(session, _session))
            {
                _session = session;
                BeginAnew();
            }

            if (_underWay is null && _whole.Count == 0 && Untold().Any())
            {
                TellWhole(begins: false);
            }

            return _underWay ??= _whole.TryDequeue(out LearnedReport? part) ? part : Changes();
        }
    }

    /// <summary>The controller took the report.</summary>
    public void OnAnswer(LearnedReport report, LearnedAnswer answer)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(report, _underWay))
            {
                return;
            }

            _underWay = null;
            var refused = answer.Refused.Select(static r => new RecordKey(r.Vsid, r.Address)).ToHashSet();
            foreach (LearnedConflict lost in answer.Lost)
            {
                refused.Add(new RecordKey(lost.Winner.Vsid, lost.Winner.Address));
                Yield(lost);
            }

            foreach (LearnedRefusal refusal in answer.Refused)
            {
                LogRefused(_log, refusal.Vsid, refusal.Address, refusal.Reason);
            }

            foreach (LearnedClaim claim in report.Networks.SelectMany(static n => n.Put))
            {
                var key = new RecordKey(claim.Vsid, claim.Address);
                if (!refused.Contains(key) && _own.TryGetValue(key, out OwnEntry? own) && own.Epoch == claim.Epoch && own.Counter == claim.Counter)
                {
                    _own[key] = own with { IsSynchronized = true };

                    // The controller decided for this host; what it said of another one before is over.
                    _remote.Remove(key);
                    if (_dataplane.TryReadLearned(key, out LearnedEntry entry) && IsOwn(entry) && entry.Version == own.Version)
                    {
                        ClearUnsynchronized(key, entry);
                    }
                }
            }
        }
    }

    /// <summary>The controller did not hear what came before: it is told everything.</summary>
    public void OnGap()
    {
        lock (_gate)
        {
            BeginAnew();
        }
    }

    /// <summary>Another host has the better right.</summary>
    private void Yield(LearnedConflict lost)
    {
        LearnedAddress winner = lost.Winner;
        var key = new RecordKey(winner.Vsid, winner.Address);
        IPAddress? place = lost.ProviderAddress is { } address ? _terms.Choose(address, lost.ProviderAddress6) : null;
        if (!_own.TryGetValue(key, out OwnEntry? own) || place is null || _terms.OwnAddresses.Contains(place))
        {
            return;
        }

        var remote = new RemoteEntry(winner.Mac, place, winner.Epoch, winner.Counter);
        if (_dataplane.TryReadLearned(key, out LearnedEntry entry) && IsOwn(entry) && entry.Version > own.Version)
        {
            return; // Claimed anew since: told anew.
        }

        LogLost(_log, winner.Address, winner.Vsid, lost.Host);
        _remote.Set(key, remote);
        _own.Remove(key);
        _gone.Remove(key);
        _dirty.Remove(key);
        Put(key, remote.ToLearned(_boot()));
    }

    private void BeginAnew()
    {
        if (_underWay is { Events.Length: > 0 } report)
        {
            // Told twice rather than not at all.
            HostRecordEvent[] later = [.. _events];
            _events.Clear();
            foreach (HostRecordEvent e in report.Events.Concat(later))
            {
                Add(e);
            }
        }

        _underWay = null;
        _whole.Clear();
        _told.Clear();
        TellWhole(begins: true);
    }

    /// <summary>Networks whose ports are all known, and of which the session was not told everything.</summary>
    private IEnumerable<Guid> Untold() => _terms.Networks.Where(n => !_told.Contains(n) && _terms.IsSettled(n));

    private void TellWhole(bool begins)
    {
        foreach ((RecordKey key, LearnedEntry entry) in _dataplane.ReadLearned())
        {
            if (IsOwn(entry))
            {
                Note(key, entry, null);
            }
        }

        ILookup<Guid, KeyValuePair<RecordKey, OwnEntry>> own = _own.ToLookup(o => _terms.TryGetSubnet(o.Key.Vsid.ToHost(), out SubnetTerms? subnet) ? subnet.Network : Guid.Empty);
        var batches = new List<LearnedBatch>();
        int entries = 0;
        foreach (Guid network in Untold().ToArray())
        {
            _told.Add(network);
            LearnedClaim[][] parts = [.. own[network].Select(o => ClaimOf(o.Key, o.Value)).OfType<LearnedClaim>().Chunk(MaxEntries)];
            for (int i = 0; i < Math.Max(1, parts.Length); i++)
            {
                LearnedClaim[] part = parts.Length == 0 ? [] : parts[i];
                if (entries + part.Length > MaxEntries || batches.Count >= MaxNetworks || batches.Exists(b => b.Network == network))
                {
                    Enqueue();
                }

                batches.Add(new LearnedBatch(network, [.. part], [], i + 1 < parts.Length ? LearnedSection.Part : LearnedSection.Complete));
                entries += part.Length;
            }
        }

        if (begins || batches.Count > 0)
        {
            Enqueue();
        }

        // What was told is told; what is gone is not among it.
        foreach (RecordKey key in _dirty.Where(k => _terms.TryGetSubnet(k.Vsid.ToHost(), out SubnetTerms? subnet) && _told.Contains(subnet.Network)).ToArray())
        {
            _dirty.Remove(key);
            _gone.Remove(key);
        }

        void Enqueue()
        {
            _whole.Enqueue(new LearnedReport(PolicyProtocol.Version, _epoch, ++_sequence, begins && _whole.Count == 0, [.. batches], []));
            batches.Clear();
            entries = 0;
        }
    }

    private LearnedReport? Changes()
    {
        if (_dirty.Count == 0 && _events.Count == 0)
        {
            return null;
        }

        var puts = new Dictionary<Guid, ImmutableArray<LearnedClaim>.Builder>();
        var deletes = new Dictionary<Guid, ImmutableArray<LearnedDeletion>.Builder>();
        foreach (RecordKey key in _dirty.Take(MaxEntries).ToArray())
        {
            _dirty.Remove(key);
            bool gone = _gone.Remove(key, out OwnEntry? before);
            if (!_terms.TryGetSubnet(key.Vsid.ToHost(), out SubnetTerms? subnet))
            {
                continue;
            }

            if (_own.TryGetValue(key, out OwnEntry? own) && ClaimOf(key, own) is { } claim)
            {
                Of(puts, subnet.Network).Add(claim);
            }
            else if (gone && key.Ca.ToIPAddress() is { } address)
            {
                Of(deletes, subnet.Network).Add(new LearnedDeletion(key.Vsid.ToHost(), address, before!.Epoch, before.Counter));
            }
        }

        var events = ImmutableArray.CreateBuilder<HostRecordEvent>();
        while (events.Count < LearnedReport.MaxEvents && _events.TryDequeue(out HostRecordEvent? e))
        {
            events.Add(e);
        }

        ImmutableArray<LearnedBatch> batches =
        [
            .. puts.Keys.Union(deletes.Keys).Select(n => new LearnedBatch(
                n, puts.TryGetValue(n, out var put) ? put.ToImmutable() : [], deletes.TryGetValue(n, out var delete) ? delete.ToImmutable() : [])),
        ];
        return batches.IsEmpty && events.Count == 0 ? null : new LearnedReport(PolicyProtocol.Version, _epoch, ++_sequence, false, batches, events.ToImmutable());

        static ImmutableArray<T>.Builder Of<T>(Dictionary<Guid, ImmutableArray<T>.Builder> by, Guid network)
        {
            if (!by.TryGetValue(network, out ImmutableArray<T>.Builder? list))
            {
                by.Add(network, list = ImmutableArray.CreateBuilder<T>());
            }

            return list;
        }
    }

    private LearnedClaim? ClaimOf(RecordKey key, OwnEntry own) =>
        key.Ca.ToIPAddress() is { } address && _terms.PortOf(own.PortId) is { } port && own.Source.ToApi() is { } source
            ? new LearnedClaim(key.Vsid.ToHost(), address, own.Mac, port.Name, source, own.LearnedAt, own.Epoch, own.Counter, own.Unusable)
            : null;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Another host, {Host}, holds {Address} of subnet {Vsid} with a better right; the claim of this host's port is given up")]
    private static partial void LogLost(ILogger log, IPAddress address, uint vsid, string host);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The controller does not take {Address} of subnet {Vsid}: {Reason}")]
    private static partial void LogRefused(ILogger log, uint vsid, IPAddress address, string reason);
}

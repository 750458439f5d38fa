using System.Diagnostics.CodeAnalysis;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using Hnv.Controller.Hosts;
using Hnv.Controller.Store;
using Hnv.Model.Resources;

namespace Hnv.Controller.Learning;

/// <summary>
/// The learned addresses of one network, merged from what its hosts say. Everything is under one lock that is held for no I/O and for no
/// other network; what follows from a change is sent by a task of the network's own, which takes all that changed since it last did.
/// </summary>
/// <param name="id">Routing domain identifier.</param>
/// <param name="policy">The newest policy; asked within the lock, so that no claim outlives the policy that it was judged by.</param>
/// <param name="time">Clock.</param>
/// <param name="turns">In which the streams are written.</param>
/// <param name="onFailure">Takes what made the sending task fail.</param>
internal sealed class LearnedNetwork(Guid id, Func<CloudState> policy, TimeProvider time, StreamTurns turns, Action<Exception> onFailure)
{
    private readonly Lock _gate = new();
    private readonly Lock _wholeGate = new();
    private readonly Dictionary<LearnedKey, LearnedRecord> _records = [];
    private readonly Dictionary<string, HostShare> _hosts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<LearnedKey>> _ports = new(StringComparer.Ordinal);

    /// <summary>What changed since the last sending, and what was sent of it before.</summary>
    private readonly Dictionary<LearnedKey, LearnedRecord?> _changed = [];

    /// <summary>Claims that lost, so that each is told once.</summary>
    private readonly Dictionary<LearnedKey, LearnedRecord> _named = [];
    private readonly HashSet<string> _completed = new(StringComparer.Ordinal);
    private long _version;
    private (long Version, IReadOnlyList<FeedNode> Nodes) _whole = (-1, []);
    private bool _sending;

    public Guid Id => id;

    public LearnedFeed Feed { get; } = new(time, turns);

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _records.Count;
            }
        }
    }

    /// <summary>Null when nobody was heard to have it.</summary>
    public LearnedRecord? Find(LearnedKey key)
    {
        lock (_gate)
        {
            return _records.GetValueOrDefault(key);
        }
    }

    public LearnedRecord[] Records()
    {
        lock (_gate)
        {
            return [.. _records.Values];
        }
    }

    /// <summary>A host begins anew: parts of before are void.</summary>
    public void Begin(string host)
    {
        lock (_gate)
        {
            if (_hosts.TryGetValue(host, out HostShare? share))
            {
                share.Named = null;
            }
        }
    }

    /// <summary>Takes what a host says of this network.</summary>
    /// <param name="repeated">It was taken before, and the answer was lost: what it says of completeness has been seen to.</param>
    public LearnedOutcome Merge(string host, LearnedBatch batch, bool repeated)
    {
        var outcome = new LearnedOutcome();
        lock (_gate)
        {
            CloudState state = policy();
            HostShare share = ShareOf(host);
            if (batch.Section != LearnedSection.None && !repeated)
            {
                share.Named ??= [];
            }

            foreach (LearnedDeletion deletion in batch.Delete)
            {
                var key = new LearnedKey(deletion.Vsid, deletion.Address);
                if (_records.TryGetValue(key, out LearnedRecord? held) && held.Host == host && held.Version <= (((ulong)deletion.Epoch << 32) | deletion.Counter))
                {
                    Set(key, null);
                }
            }

            foreach (LearnedClaim claim in batch.Put)
            {
                Take(state, host, claim, share, outcome);
            }

            if (batch.Section == LearnedSection.Complete && share.Named is { } named)
            {
                foreach (LearnedKey key in share.Keys.Where(k => !named.Contains(k) && _records[k].Reporter == host).ToArray())
                {
                    Set(key, null);
                }

                share.Named = null;
                if (!share.IsComplete)
                {
                    share.IsComplete = true;
                    _completed.Add(host);
                    _version++;
                }
            }

            ScheduleLocked();
        }

        return outcome;
    }

    /// <summary>Policy changed: looks again at those records of which it may say something else.</summary>
    /// <param name="ports">TENANT/PORT; null, as <paramref name="addresses"/>: everything may be concerned.</param>
    /// <param name="addresses">Addresses that policy gives to somebody, or does not any more.</param>
    /// <returns>What is gone, and why.</returns>
    public IReadOnlyList<(LearnedRecord Record, string Reason)> Review(IReadOnlyCollection<string>? ports, IReadOnlyCollection<LearnedKey>? addresses)
    {
        var gone = new List<(LearnedRecord, string)>();
        lock (_gate)
        {
            CloudState state = policy();
            IEnumerable<LearnedKey> keys = ports is null && addresses is null
                ? _records.Keys
                : (ports ?? []).SelectMany(p => _ports.GetValueOrDefault(p) ?? []).Concat((addresses ?? []).Where(_records.ContainsKey));
            foreach (LearnedKey key in keys.ToHashSet())
            {
                LearnedRecord before = _records[key];
                LearnedRecord? now = LearnedRules.Review(state, id, before, out string? reason);
                if (now is null)
                {
                    gone.Add((before, reason!));
                }

                if (!ReferenceEquals(before, now))
                {
                    Set(key, now);
                }
            }

            foreach (string host in _hosts.Keys.Where(h => state.Model.FindHost(h) is null).ToArray())
            {
                _hosts.Remove(host);
            }

            ScheduleLocked();
        }

        return gone;
    }

    /// <summary>Everything that is known, as lines, and the line after which changes of it follow.</summary>
    public (IReadOnlyList<FeedNode> Lines, FeedNode After) Whole()
    {
        // Many hosts come at once, after a restart of this controller: one of them writes the lines for all.
        lock (_wholeGate)
        {
            FeedNode after;
            long version;
            (string Host, bool Complete, HostAddresses? Addresses, LearnedRecord[] Records)[] shares;
            lock (_gate)
            {
                after = Feed.Tail;
                version = _version;
                if (_whole.Version == version)
                {
                    return (_whole.Nodes, after);
                }

                CloudState state = policy();
                shares = [.. _hosts.Select(h => (h.Key, h.Value.IsComplete, HostAddresses.Of(state.Model, h.Key), h.Value.Keys.Select(k => _records[k]).ToArray()))];
            }

            var writer = new FeedWriter(id, time);
            foreach ((string host, bool complete, HostAddresses? addresses, LearnedRecord[] records) in shares)
            {
                if (complete && addresses is not null)
                {
                    writer.Section(host, addresses, records);
                }
                else
                {
                    writer.Put(records);
                }
            }

            _whole = (version, writer.Nodes);
            return (writer.Nodes, after);
        }
    }

    /// <summary>Forgets lines that no stream should still need.</summary>
    public void Trim()
    {
        lock (_gate)
        {
            Feed.Trim();
        }
    }

    private void Take(CloudState state, string host, LearnedClaim claim, HostShare share, LearnedOutcome outcome)
    {
        var key = new LearnedKey(claim.Vsid, claim.Address);
        if (LearnedRules.Admit(state, id, host, claim, out string? refusal) is not { } record)
        {
            outcome.Refused.Add(new LearnedRefusal(id, claim.Vsid, claim.Address, refusal!));
            return;
        }

        LearnedRecord? held = _records.GetValueOrDefault(key);
        if (held is not null && held.Port != record.Port && !record.Beats(held))
        {
            outcome.Lost.Add(new LearnedConflict(id, held.Host, held.ProviderAddress, held.ToAddress() with { Port = null }) { ProviderAddress6 = held.Addresses?.Address6 });
            if (!_named.TryGetValue(key, out LearnedRecord? before) || before.Port != record.Port || before.Version != record.Version)
            {
                _named[key] = record;
                outcome.Losers.Add((record, held));
            }

            return;
        }

        if (held is not null && held.Port == record.Port && held.Host != host
            && (record.Version < held.Version || (record.Version == held.Version && !LearnedRules.IsMovingTo(state.Model, record))))
        {
            return; // The port moves, and was heard at its new host.
        }

        if (held?.Port != record.Port && IsAtBound(state, record.Port))
        {
            outcome.Refused.Add(new LearnedRefusal(id, claim.Vsid, claim.Address, $"port {claim.Port} holds more addresses than its limit already"));
            return;
        }

        share.Named?.Add(key);
        if (held is not null && held.Port == record.Port && held.Version == record.Version && held.LearnedAt < record.LearnedAt)
        {
            // A host that started anew only knows when it saw the address last.
            record = record with { LearnedAt = held.LearnedAt };
        }

        if (held is null || held.Port != record.Port || held.Version != record.Version || held.Reporter != record.Reporter)
        {
            outcome.Synchronized.Add(record);
        }

        if (!record.Equals(held))
        {
            Set(key, record);
        }
    }

    private bool IsAtBound(CloudState state, string port) =>
        port.Split('/') is [var tenant, var name] && state.Model.FindPort(tenant, name) is { } p
        && _ports.TryGetValue(port, out HashSet<LearnedKey>? keys) && keys.Count >= LearnedRules.BoundOf(p);

    private void Set(LearnedKey key, LearnedRecord? now)
    {
        if (_records.Remove(key, out LearnedRecord? before))
        {
            if (_hosts.TryGetValue(before.Host, out HostShare? share))
            {
                share.Keys.Remove(key);
            }

            if (_ports.TryGetValue(before.Port, out HashSet<LearnedKey>? keys) && keys.Remove(key) && keys.Count == 0)
            {
                _ports.Remove(before.Port);
            }
        }

        _changed.TryAdd(key, before);
        _named.Remove(key);
        _version++;
        if (now is null)
        {
            return;
        }

        _records.Add(key, now);
        ShareOf(now.Host).Keys.Add(key);
        if (!_ports.TryGetValue(now.Port, out HashSet<LearnedKey>? ofPort))
        {
            _ports.Add(now.Port, ofPort = []);
        }

        ofPort.Add(key);
    }

    private HostShare ShareOf(string host)
    {
        if (!_hosts.TryGetValue(host, out HostShare? share))
        {
            _hosts.Add(host, share = new HostShare());
        }

        return share;
    }

    private void ScheduleLocked()
    {
        if (!_sending && (_changed.Count > 0 || _completed.Count > 0))
        {
            _sending = true;
            _ = Task.Run(SendAsync);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Nobody awaits this task: what ends it must be said.")]
    private async Task SendAsync()
    {
        try
        {
            while (WriteChanges())
            {
                Feed.Wake();

                // A change alone goes at once. In a storm many are written together: what a line costs is mostly not its length.
                await Task.Delay(PauseFor(Feed.Followers), time);
            }
        }
        catch (Exception e)
        {
            onFailure(e);
            lock (_gate)
            {
                _sending = false;
            }
        }
    }

    private static TimeSpan PauseFor(int followers) => TimeSpan.FromMilliseconds(Math.Clamp(followers / 100, 1, 5));

    /// <summary>Writes what changed; false when nothing did, and the task ends.</summary>
    private bool WriteChanges()
    {
        var gone = new List<LearnedRecord>();
        var now = new List<LearnedRecord>();
        var sections = new List<(string Host, HostAddresses Addresses, LearnedRecord[] Records)>();
        lock (_gate)
        {
            if (_changed.Count == 0 && _completed.Count == 0)
            {
                _sending = false;
                return false;
            }

            foreach ((LearnedKey key, LearnedRecord? sent) in _changed)
            {
                LearnedRecord? record = _records.GetValueOrDefault(key);
                if (sent is not null && (record is null || record.Addresses is null || record.Version < sent.Version))
                {
                    gone.Add(sent);
                }

                if (record is not null && (sent is null || !record.LooksLike(sent)))
                {
                    now.Add(record);
                }
            }

            CloudState state = policy();
            foreach (string host in _completed)
            {
                if (HostAddresses.Of(state.Model, host) is { } addresses && _hosts.TryGetValue(host, out HostShare? share))
                {
                    sections.Add((host, addresses, [.. share.Keys.Select(k => _records[k])]));
                }
            }

            _changed.Clear();
            _completed.Clear();
        }

        var writer = new FeedWriter(id, time);
        writer.Delete(gone);
        writer.Put(now.Where(r => !sections.Exists(s => s.Host == r.Host)));
        foreach ((string host, HostAddresses addresses, LearnedRecord[] records) in sections)
        {
            writer.Section(host, addresses, records);
        }

        lock (_gate)
        {
            Feed.Append(writer.Nodes);
        }

        return true;
    }
}

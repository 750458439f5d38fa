using Hnv.Agent.Sync;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Datapath;
using Hnv.Datapath.Layouts;
using Hnv.Linux;
using Hnv.Model.Addressing;
using Microsoft.Extensions.Logging;
using PortState = Hnv.Agent.Ports.PortState;

namespace Hnv.Agent.Learning;

/// <summary>
/// Keeps three views of learned addresses together: the map, where the programs learn and decide; the controller's, which is told what ports of
/// this host hold; and what other hosts' ports hold, as the controller says. The map is the truth of what is held here; of others the
/// higher version is. Holds no thread and waits for nothing; members may be called by any thread.
/// </summary>
/// <remarks>
/// Invariants: a local entry is overwritten by nothing but the controller's word on who has the better right, and by policy; nothing is
/// removed because a controller does not know it; what an event says is only where to look.
/// </remarks>
internal sealed partial class LearningCore
{
    /// <summary>Events kept for the controller; beyond it the oldest are forgotten.</summary>
    public const int MaxEvents = 5_000;

    private readonly Lock _gate = new();
    private readonly IDataplane _dataplane;
    private readonly TimeProvider _time;
    private readonly Func<ulong> _boot;
    private readonly ILogger<LearningCore> _log;
    private readonly LearningTerms _terms = new();
    private readonly RemoteBook _remote = new();
    private readonly Dictionary<RecordKey, OwnEntry> _own = [];

    /// <summary>What this host held, and the controller has not been told that it does not any more.</summary>
    private readonly Dictionary<RecordKey, OwnEntry> _gone = [];

    /// <summary>What the controller is to be told.</summary>
    private readonly HashSet<RecordKey> _dirty = [];
    private readonly Queue<HostRecordEvent> _events = new();

    /// <param name="boot">CLOCK_BOOTTIME, nanoseconds: the programs' clock.</param>
    public LearningCore(IDataplane dataplane, TimeProvider time, Func<ulong> boot, ILogger<LearningCore> log)
    {
        (_dataplane, _time, _boot, _log) = (dataplane, time, boot, log);
        _epoch = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

        // What an agent before was told, it wrote there.
        foreach ((RecordKey key, LearnedEntry entry) in dataplane.ReadLearned())
        {
            if (entry is { Source: LearnSource.Controller, Record.Ifindex: 0 })
            {
                _remote.Set(key, new RemoteEntry(entry.Record.Mac, entry.Record.Pa, entry.Epoch, entry.Counter));
            }
        }
    }

    /// <summary>Called when there is something to tell the controller. Must cost nothing.</summary>
    public Action? Reportable { get; init; }

    /// <summary>Why something that was learned elsewhere is not in the kernel; null when it is.</summary>
    public string? Problem { get; private set; }

    /// <summary>Which other host announces more than is believed; null: none.</summary>
    public string? PeerAtLimit { get; private set; }

    /// <summary>Addresses held by ports of this host, those the controller has not taken yet, and addresses on other hosts.</summary>
    public (int Own, int Unsynchronized, int Remote) Counts
    {
        get
        {
            lock (_gate)
            {
                return (_own.Count, _own.Values.Count(static o => !o.IsSynchronized), _remote.Count);
            }
        }
    }

    /// <summary>Policy changed.</summary>
    public void OnUpdate(HeldPolicyChange change)
    {
        lock (_gate)
        {
            _terms.OnUpdate(change);
            if (change is BookmarkReached)
            {
                Tell();
            }

            if (_terms.Gone.Count == 0)
            {
                return;
            }

            HashSet<uint> gone = [.. _terms.Gone];
            _terms.Gone.Clear();
            RecordKey[] keys = [.. _dataplane.ReadLearned().Select(static e => e.Key).Concat(_remote.All.Select(static e => e.Key)).Where(k => gone.Contains(k.Vsid.ToHost())).Distinct()];
            foreach (RecordKey key in keys)
            {
                _remote.Remove(key);
                _own.Remove(key);
                _gone.Remove(key);
                _dirty.Remove(key);
                _dataplane.RemoveLearned(key);
            }
        }
    }

    /// <summary>Ports came, went, or were bound.</summary>
    public void OnPorts(IReadOnlyCollection<PortState> ports)
    {
        lock (_gate)
        {
            _terms.OnPorts(ports);
            SettleForgotten();
            foreach (RecordKey key in _own.Where(o => _terms.PortOf(o.Value.PortId) is not { InterfaceIndex: not null }).Select(static o => o.Key).ToArray())
            {
                Look(key, null);
            }

            InstallHandedOver();
            Tell();
        }
    }

    /// <summary>A program said that something happened.</summary>
    /// <returns>After which time to call <see cref="Promote"/> with the key; null: not at all.</returns>
    public (RecordKey Key, TimeSpan After)? OnEvent(in LearnEvent e)
    {
        lock (_gate)
        {
            var key = new RecordKey(e.Vsid, e.Ca);
            PortState? port = _terms.PortOf(e.PortId) ?? (_own.TryGetValue(key, out OwnEntry? own) ? _terms.PortOf(own.PortId) : null);
            Look(key, e.Kind is LearnEventKind.Added or LearnEventKind.PostMovement ? e.Ns : null);
            if (port is not null && e.Kind.ToApi() is { } kind)
            {
                string? note = e.Pa.IsNone ? null : kind == RecordEventKind.PreMovement ? $"claimed at {e.Pa}" : $"at {e.Pa}";
                MacAddress mac = e.Mac.ToMacAddress();
                Add(new HostRecordEvent(TimeOf(e.Ns), kind, e.Vsid.ToHost(), e.Ca.ToIPAddress(), mac.Value == 0 ? null : mac, port.Name, e.Source.ToApi(), note));
            }

            if (e.Kind == LearnEventKind.PostMovement && e.PortId != 0)
            {
                Announce(key);
            }

            Tell();
            return e.Kind == LearnEventKind.PreMovement ? DueOf(key) : null;
        }
    }

    /// <summary>Looks at one address in the map.</summary>
    /// <param name="changedNs">When it became what it is, where that is known (CLOCK_BOOTTIME).</param>
    private void Look(RecordKey key, ulong? changedNs)
    {
        bool there = _dataplane.TryReadLearned(key, out LearnedEntry entry);
        if (there && IsOwn(entry))
        {
            Note(key, entry, changedNs);
            return;
        }

        if (_own.Remove(key, out OwnEntry? before))
        {
            // Where it went its new host says. A deletion in between would take it from all others for a moment.
            bool moved = there && entry.Record.Ifindex == 0 && entry.Version > before.Version;
            _dirty.Remove(key);
            if (!moved)
            {
                _gone[key] = before;
                _dirty.Add(key);
            }
        }

        Settle(key);
    }

    private bool IsOwn(in LearnedEntry entry) =>
        entry.Record.Ifindex != 0 && entry.Source != LearnSource.None && _terms.PortOf(entry.PortId) is { InterfaceIndex: { } index } && index == entry.Record.Ifindex;

    /// <summary>An address that a port of this host holds, as the map has it.</summary>
    private void Note(RecordKey key, in LearnedEntry entry, ulong? changedNs)
    {
        if (IsForgotten(key, NameOf(entry), entry.Epoch))
        {
            // Proved while the kernel was on its way into the new epoch, or found by an agent that did not know its port.
            var freed = new Dictionary<uint, uint>();
            DropForgotten(key, entry, freed);
            GiveBack(freed);
            return;
        }

        _own.TryGetValue(key, out OwnEntry? before);
        bool same = before is not null && before.PortId == entry.PortId && before.Version == entry.Version;
        var now = new OwnEntry(
            entry.PortId, entry.Record.Mac.ToMacAddress(), entry.Source, same ? before!.LearnedAt : TimeOf(changedNs ?? entry.SeenNs), entry.Epoch, entry.Counter, entry.IsChallenged)
        {
            IsDisputed = _remote.TryGet(key, out RemoteEntry? other) && other.Value.Version >= entry.Version,
        };
        bool isNews = before is null || !now.LooksLike(before) || (now.IsDisputed && !before.IsDisputed);
        _own[key] = isNews ? now : now with { IsSynchronized = before!.IsSynchronized };
        _gone.Remove(key);
        if (isNews)
        {
            _dirty.Add(key);
        }
        else if (before!.IsSynchronized && entry.Record.Flags.HasFlag(RecordFlags.Unsynchronized))
        {
            ClearUnsynchronized(key, entry);
        }
    }

    /// <summary>The controller knows it. An entry that is challenged just now is left alone; the event that ends that comes back here.</summary>
    private void ClearUnsynchronized(RecordKey key, in LearnedEntry entry)
    {
        if (!entry.IsChallenged && entry.Record.Flags.HasFlag(RecordFlags.Unsynchronized))
        {
            Put(key, entry with { Record = entry.Record with { Flags = entry.Record.Flags & ~RecordFlags.Unsynchronized } });
        }
    }

    private void Put(RecordKey key, LearnedEntry entry)
    {
        try
        {
            _dataplane.PutLearned(key, entry);
            Problem = null;
        }
        catch (LinuxException e)
        {
            // The next audit tries again.
            if (Problem is null)
            {
                LogNotPut(_log, e);
            }

            Problem = $"Not all learned addresses of other hosts are in the kernel: {e.Message}";
        }
    }

    private void Add(HostRecordEvent e)
    {
        _events.Enqueue(e);
        if (_events.Count > MaxEvents)
        {
            _events.Dequeue();
        }
    }

    private void Tell()
    {
        if (_dirty.Count > 0 || _events.Count > 0 || Untold().Any())
        {
            Reportable?.Invoke();
        }
    }

    private DateTimeOffset TimeOf(ulong ns) => _time.GetUtcNow() - TimeSpan.FromTicks(Math.Max(0, (long)(_boot() - ns)) / 100);

    [LoggerMessage(Level = LogLevel.Error, Message = "A learned address could not be put into the kernel")]
    private static partial void LogNotPut(ILogger log, Exception e);
}

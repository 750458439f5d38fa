using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Controller.Hosts;
using Hnv.Controller.Rest;
using Hnv.Controller.Store;
using Hnv.Model.Resources;

namespace Hnv.Controller.Learning;

/// <summary>
/// What hosts learned, network by network. In memory only: hosts say it again to whoever starts next, and until they have, nothing is
/// said to be gone.
/// </summary>
internal sealed partial class LearnedStore(ControllerOptions options, StreamTurns turns, RecordEvents events, ILogger<LearnedStore> logger) : BackgroundService
{
    private static readonly TimeSpan s_trim = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<Guid, LearnedNetwork> _networks = [];
    private readonly ConcurrentDictionary<string, HostProgress> _hosts = new(StringComparer.Ordinal);
    private volatile CloudState _state = CloudState.Empty;
    private long _reports;
    private long _refused;
    private long _lost;

    /// <summary>Reports taken.</summary>
    public long Reports => Interlocked.Read(ref _reports);

    /// <summary>Entries that a host may not say.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Claims that another host had a better right to.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Networks of which something was learned, or a stream asked for.</summary>
    public IEnumerable<LearnedNetwork> Networks => _networks.Values;

    public LearnedNetwork Network(Guid id) =>
        _networks.GetOrAdd(id, static (n, s) => new LearnedNetwork(n, () => s._state, s.Options.Time, s.Turns, s.OnSendingFailed), this);

    /// <summary>Null when nothing was ever learned there.</summary>
    public LearnedNetwork? Find(Guid id) => _networks.GetValueOrDefault(id);

    private ControllerOptions Options => options;

    private StreamTurns Turns => turns;

    /// <summary>Takes a host's report.</summary>
    /// <exception cref="ProblemException">409: something before it is missing; 400: it is too much, or not well formed.</exception>
    public LearnedAnswer Take(string host, LearnedReport report)
    {
        Check(report);
        HostProgress progress = _hosts.GetOrAdd(host, static _ => new HostProgress());
        lock (progress)
        {
            bool repeated = report.Epoch == progress.Epoch && report.Sequence == progress.Sequence;
            if (report.Epoch < progress.Epoch || (report.Epoch == progress.Epoch && report.Sequence < progress.Sequence))
            {
                return new LearnedAnswer([], []);
            }

            if (!repeated && !report.Begins && !(report.Epoch == progress.Epoch && report.Sequence == progress.Sequence + 1))
            {
                throw new ProblemException(StatusCodes.Status409Conflict, $"Reports before number {report.Sequence} of this run were not heard here: begin anew, with everything.");
            }

            (progress.Epoch, progress.Sequence) = (report.Epoch, report.Sequence);
            Interlocked.Increment(ref _reports);
            return Take(host, report, repeated);
        }
    }

    /// <summary>Policy changed: what it does not allow any more goes, what moved is told where it is now.</summary>
    public void Take(CloudChange change)
    {
        _state = change.State;
        foreach (ResourceTransition gone in change.Transitions.Where(static t => t.Id.Kind == ResourceKind.Tenant && t.After is null))
        {
            events.Forget(gone.Id.Name);
        }

        if (_networks.IsEmpty)
        {
            return;
        }

        var concerned = new Dictionary<Guid, Concern>();
        foreach (ResourceTransition transition in change.Transitions)
        {
            Mark(transition.Before?.Resource, concerned);
            Mark(transition.After?.Resource, concerned);
        }

        foreach ((Guid id, Concern concern) in concerned)
        {
            if (_networks.TryGetValue(id, out LearnedNetwork? network))
            {
                foreach ((LearnedRecord record, string reason) in network.Review(concern.Whole ? null : concern.Ports, concern.Whole ? null : concern.Addresses))
                {
                    events.Add(EventOf(id, record, RecordEventKind.Deleted, options.Time.GetUtcNow(), reason));
                }

                if (change.State.Model.FindVmNetwork(id) is null)
                {
                    _networks.TryRemove(id, out _);
                }
            }
        }

        foreach (ResourceTransition gone in change.Transitions.Where(static t => t.Id.Kind == ResourceKind.Host && t.After is null))
        {
            _hosts.TryRemove(gone.Id.Name, out _);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_trim, options.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (LearnedNetwork network in _networks.Values)
                {
                    network.Trim();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }

    private static void Check(LearnedReport report)
    {
        bool whole = !report.Networks.IsDefault && !report.Events.IsDefault && !report.Events.Contains(null!)
            && report.Networks.All(static n => n is { Put.IsDefault: false, Delete.IsDefault: false } && !n.Put.Contains(null!) && !n.Delete.Contains(null!));
        int entries = whole ? report.Networks.Sum(static n => n.Put.Length + n.Delete.Length) : 0;
        string? wrong =
            !whole ? "a list, or something in one, is null"
            : report.Protocol is < PolicyProtocol.Oldest or > PolicyProtocol.Version ? $"it is of protocol {report.Protocol}; this controller speaks {PolicyProtocol.Version} and the one before"
            : report.Epoch <= 0 || report.Sequence <= 0 ? "epoch and sequence are positive"
            : entries > LearnedReport.MaxEntries ? $"it has {entries} entries, of which {LearnedReport.MaxEntries} are taken at a time"
            : report.Events.Length > LearnedReport.MaxEvents ? $"it has {report.Events.Length} events, of which {LearnedReport.MaxEvents} are taken at a time"
            : report.Networks.DistinctBy(static n => n.Network).Count() != report.Networks.Length ? "a network is named twice"
            : null;
        if (wrong is not null)
        {
            throw new ProblemException(StatusCodes.Status400BadRequest, $"The report is not taken: {wrong}.");
        }
    }

    private LearnedAnswer Take(string host, LearnedReport report, bool repeated)
    {
        var refused = ImmutableArray.CreateBuilder<LearnedRefusal>();
        var lost = ImmutableArray.CreateBuilder<LearnedConflict>();
        DateTimeOffset now = options.Time.GetUtcNow();
        if (!repeated)
        {
            TakeEvents(host, report.Events);
        }

        if (report.Begins && !repeated)
        {
            foreach (LearnedNetwork network in _networks.Values)
            {
                network.Begin(host);
            }
        }

        foreach (LearnedBatch batch in report.Networks)
        {
            // A network that policy does not have is not made by naming it.
            if (_state.Model.FindVmNetwork(batch.Network) is null)
            {
                refused.AddRange(batch.Put.Select(p => new LearnedRefusal(batch.Network, p.Vsid, p.Address, $"there is no network {batch.Network}")));
                continue;
            }

            LearnedOutcome outcome = Network(batch.Network).Merge(host, batch, repeated);
            refused.AddRange(outcome.Refused);
            lost.AddRange(outcome.Lost);
            foreach ((LearnedRecord loser, LearnedRecord winner) in outcome.Losers)
            {
                events.Add(EventOf(
                    batch.Network, loser, RecordEventKind.ConflictLost, now,
                    $"{winner.Port} on {winner.Host} holds it with version {winner.Epoch}.{winner.Counter}, this claim has {loser.Epoch}.{loser.Counter}"));
            }

            foreach (LearnedRecord record in outcome.Synchronized)
            {
                events.Add(EventOf(batch.Network, record, RecordEventKind.MarkedSynchronized, now, null));
            }
        }

        Interlocked.Add(ref _refused, refused.Count);
        Interlocked.Add(ref _lost, lost.Count);
        return new LearnedAnswer(refused.ToImmutable(), lost.ToImmutable());
    }

    /// <summary>A host tells of its own ports only.</summary>
    private void TakeEvents(string host, ImmutableArray<HostRecordEvent> told)
    {
        foreach (HostRecordEvent e in told)
        {
            if (e.Event is not (RecordEventKind.MarkedSynchronized or RecordEventKind.ConflictLost)
                && e.Port.Split('/') is [var tenant, var name] && _state.Model.FindPort(tenant, name) is { } port && port.Vsid == e.Vsid && port.Places.Any(p => p.Host == host))
            {
                string? note = e.Note is { Length: > 200 } long_ ? long_[..200] : e.Note;
                events.Add(new RecordEvent(0, e.Time, e.Event, tenant, port.VmNetwork, e.Vsid, e.Address, e.Mac, host, e.Port, e.Source, note));
            }
            else
            {
                Interlocked.Increment(ref _refused);
            }
        }
    }

    private RecordEvent EventOf(Guid network, LearnedRecord record, RecordEventKind kind, DateTimeOffset at, string? note) => new(
        0, at, kind, record.Port.Split('/')[0], _state.Model.FindVmNetwork(network)?.Name ?? network.ToString(), record.Key.Vsid, record.Key.Address, record.Mac,
        record.Host, record.Port, record.Source, note);

    private void Mark(Resource? resource, Dictionary<Guid, Concern> concerned)
    {
        switch (resource)
        {
            case VmNetwork network:
                Of(network.RoutingDomainId).Whole = true;
                break;
            case Port port when _state.Model.FindSubnet(port.Vsid) is { } subnet:
                Concern concern = Of(subnet.Network.RoutingDomainId);
                concern.Ports.Add($"{port.Tenant}/{port.Name}");
                concern.Addresses.UnionWith(port.AllAddresses.Select(a => new LearnedKey(port.Vsid, a)));
                break;
            case LookupRecord record when _state.Model.FindSubnet(record.Vsid) is { } subnet:
                Of(subnet.Network.RoutingDomainId).Addresses.Add(new LearnedKey(record.Vsid, record.CustomerAddress));
                break;
            case Model.Resources.Host:
                foreach (Guid id in _networks.Keys)
                {
                    Of(id).Whole = true;
                }

                break;
        }

        Concern Of(Guid id)
        {
            if (!concerned.TryGetValue(id, out Concern? concern))
            {
                concerned.Add(id, concern = new Concern());
            }

            return concern;
        }
    }

    private void OnSendingFailed(Exception e) => LogSendingFailed(logger, e);

    [LoggerMessage(LogLevel.Error, "Learned addresses of a network could not be sent")]
    private static partial void LogSendingFailed(ILogger logger, Exception e);

    private sealed class Concern
    {
        public bool Whole { get; set; }

        public HashSet<string> Ports { get; } = new(StringComparer.Ordinal);

        public HashSet<LearnedKey> Addresses { get; } = [];
    }

    /// <summary>Run of a host's agent, and its last report that was taken.</summary>
    private sealed class HostProgress
    {
        public long Epoch { get; set; }

        public long Sequence { get; set; }
    }
}

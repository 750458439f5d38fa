using System.Collections.Immutable;
using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Controller.Rest;
using Hnv.Controller.Store;
using Hnv.Model.Resources;

namespace Hnv.Controller.Hosts;

/// <summary>
/// Hands what a port had counted on a host that it left to the host that it is on. In memory only: what a host tells while no controller knows
/// that the port left it, is not counted.
/// <code>
///   policy: port leaves h1 ─► awaited ── h1's report ─► carried ── question to the port's host, until it keeps it ─► forgotten
/// </code>
/// </summary>
internal sealed partial class CounterTransfer(ModelStore store, QueryBroker broker, ILogger<CounterTransfer> logger)
{
    /// <summary>Readings of one port that wait for its host.</summary>
    private const int MaxWaiting = 8;

    private readonly Lock _gate = new();

    /// <summary>Hosts that ports have left, and that have not told what they counted.</summary>
    private readonly HashSet<(ResourceId Port, string Host)> _awaited = [];

    /// <summary>By an identifier made here, which goes with it: no two hosts, that make theirs as they like, can mean the same.</summary>
    private readonly Dictionary<string, (ResourceId Port, PortCounters Counters)> _carried = new(StringComparer.Ordinal);
    private readonly HashSet<string> _underWay = new(StringComparer.Ordinal);

    /// <summary>The last readings taken of each port, by the hosts' own identifiers: one whose answer got lost is told again, and may not pass for the next one.</summary>
    private readonly Dictionary<ResourceId, ImmutableArray<(string Host, string Id)>> _taken = [];

    /// <summary>Readings that their port's host has not kept yet.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _carried.Count;
            }
        }
    }

    /// <summary>Policy changed.</summary>
    public void Take(CloudChange change)
    {
        lock (_gate)
        {
            foreach (ResourceTransition transition in change.Transitions)
            {
                if (transition.Id.Kind == ResourceKind.Port && transition.Before?.Resource is Port before)
                {
                    if (transition.After?.Resource is Port after)
                    {
                        _awaited.UnionWith(before.Places.Select(static p => p.Host).Except(after.Places.Select(static p => p.Host)).Select(h => (transition.Id, h)));
                    }
                    else
                    {
                        _taken.Remove(transition.Id);
                        _awaited.RemoveWhere(a => a.Port == transition.Id);
                        foreach (string id in _carried.Where(c => c.Value.Port == transition.Id).Select(static c => c.Key).ToArray())
                        {
                            _carried.Remove(id);
                        }
                    }
                }
                else if (transition.Id.Kind == ResourceKind.Host && transition.After is null)
                {
                    _awaited.RemoveWhere(a => a.Host == transition.Id.Name);
                }
            }
        }
    }

    /// <summary>A host reports: what it tells is handed on, and what waits for it is handed to it.</summary>
    public void Take(string host, ImmutableArray<PortCounters> left)
    {
        var to = new HashSet<string>(StringComparer.Ordinal) { host };
        foreach (PortCounters counters in left.IsDefault ? [] : left.Take(PortCounters.MaxPorts))
        {
            if (counters?.Problem() is null && counters?.Port.Split('/') is [var tenant, var name] && Accept(new ResourceId(ResourceKind.Port, tenant, name), host, counters) is { } target)
            {
                to.Add(target);
            }
        }

        foreach (string target in to)
        {
            Deliver(target);
        }
    }

    /// <returns>The host that the port is on; null where it is on none, or the reading is not taken.</returns>
    private string? Accept(ResourceId port, string host, PortCounters counters)
    {
        lock (_gate)
        {
            ImmutableArray<(string Host, string Id)> taken = _taken.GetValueOrDefault(port, []);
            // A host tells of ports that it had, once.
            if (taken.Contains((host, counters.Id)) || !_awaited.Remove((port, host)) || _carried.Values.Count(c => c.Port == port) >= MaxWaiting)
            {
                return null;
            }

            // One of each host, for as long as that may be telling it.
            _taken[port] = [.. taken.Where(t => t.Host != host).TakeLast(MaxWaiting - 1), (host, counters.Id)];
            string id = Guid.NewGuid().ToString("n");
            _carried.Add(id, (port, counters with { Id = id }));
            return store.State.Model.Find<Port>(port)?.Host;
        }
    }

    private void Deliver(string host)
    {
        (string Id, PortCounters Counters)[] ready;
        lock (_gate)
        {
            if (_carried.Count == 0)
            {
                return;
            }

            ready = [.. _carried.Where(c => store.State.Model.Find<Port>(c.Value.Port)?.Host == host && _underWay.Add(c.Key)).Select(static c => (c.Key, c.Value.Counters))];
        }

        foreach ((string id, PortCounters counters) in ready)
        {
            _ = DeliverAsync(host, id, counters);
        }
    }

    private async Task DeliverAsync(string host, string id, PortCounters counters)
    {
        bool over = false;
        try
        {
            string json = JsonSerializer.Serialize(counters, HnvJson.Options);
            HostAnswer answer = await broker.AskAsync(
                host, HostQueries.Carry, ImmutableDictionary<string, string>.Empty.Add(HostQueries.CarriedCounters, json), CancellationToken.None);

            // An agent that does not know the question, or this port's counters, will not do so later; one that does not have the port yet may.
            int? status = answer.ContentType == HnvProblem.ContentType ? JsonSerializer.Deserialize<HnvProblem>(answer.Body, HnvJson.Options)?.Status : null;
            over = status is null or StatusCodes.Status400BadRequest or StatusCodes.Status501NotImplemented;
            if (over && status is not null)
            {
                LogRefused(counters.Port, host, status.Value);
            }
        }
        catch (Exception e) when (e is ProblemException or JsonException)
        {
            // Its next report is the time for the next try.
            LogNotTaken(counters.Port, host, e.Message);
        }
        finally
        {
            lock (_gate)
            {
                _underWay.Remove(id);
                if (over)
                {
                    _carried.Remove(id);
                }
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "What {Port} had counted before is not counted on {Host}: its agent answers {Status}")]
    private partial void LogRefused(string port, string host, int status);

    [LoggerMessage(LogLevel.Information, "What {Port} had counted before is told to {Host} again: {Problem}")]
    private partial void LogNotTaken(string port, string host, string problem);
}

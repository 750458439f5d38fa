using System.Diagnostics;
using System.Diagnostics.Metrics;
using Hnv.Api.Stream;
using Hnv.Controller.Hosts;
using Hnv.Controller.Learning;
using Hnv.Controller.Store;

namespace Hnv.Controller.Metrics;

/// <summary>What the controller measures of itself.</summary>
internal sealed class ControllerMetrics : IDisposable
{
    public const string MeterName = "Hnv.Controller";

    private static readonly HashSet<string> s_methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

    private readonly Meter _meter;
    private readonly Counter<long> _requests;
    private readonly Histogram<double> _durations;
    private readonly Histogram<double> _applies;

    public ControllerMetrics(ModelStore store, PolicyHub hub, HostRegistry hosts, HostFindings findings, LearnedStore learned, IMeterFactory factory)
    {
        _meter = factory.Create(MeterName);
        _requests = _meter.CreateCounter<long>("hnv_requests_total", null, "Requests by method, route and status.");
        _durations = _meter.CreateHistogram<double>("hnv_request_duration_seconds", "s", "Duration of requests, streams and long polls excepted.");
        _applies = _meter.CreateHistogram<double>("hnv_apply_duration_seconds", "s", "Duration of applies.");
        _meter.CreateObservableGauge("hnv_revision", () => store.State.Revision, null, "Newest revision of the state log that is in the model.");
        _meter.CreateObservableGauge("hnv_resources", () => store.State.Model.Count, null, "Resources in the model.");
        _meter.CreateObservableGauge("hnv_hosts_connected", () => hosts.Connected, null, "Open policy streams.");
        _meter.CreateObservableGauge(
            "hnv_agents", () => findings.Protocols.Select(static p => new Measurement<int>(p.Value, new KeyValuePair<string, object?>("protocol", p.Key))), null,
            $"Hosts by the protocol that their agents understand; {PolicyProtocol.Oldest - 1} or less and {PolicyProtocol.Version + 2} or more are not served.");
        _meter.CreateObservableGauge(
            "hnv_hosts_not_served_in_full", () => findings.NotServedInFull, null, "Hosts that lack policy because of their agents' versions, or whose agents leave their streams at once.");
        _meter.CreateObservableGauge("hnv_hosts", () => hub.Current.Hosts.Count, null, "Hosts in the model.");
        _meter.CreateObservableGauge(
            "hnv_realised_lag_revisions", () => Lag(hub, hosts), null, "Largest distance of a host from the newest revision that concerns it.");
        _meter.CreateObservableGauge("hnv_learned_entries", () => Entries(store, learned), null, "Learned addresses by VM network.");
        _meter.CreateObservableCounter("hnv_learned_reports_total", () => learned.Reports, null, "Reports of learned addresses that were taken.");
        _meter.CreateObservableCounter("hnv_learned_refused_total", () => learned.Refused, null, "Learned addresses and events that a host may not tell.");
        _meter.CreateObservableCounter("hnv_learned_lost_total", () => learned.Lost, null, "Learned addresses that another host had a better right to.");
    }

    public void Took(HttpContext context, TimeSpan duration)
    {
        string route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "none";
        string method = MethodOf(context.Request);
        var labels = new TagList { { "method", method }, { "route", route }, { "status", context.Response.StatusCode } };
        _requests.Add(1, labels);
        if (route.EndsWith("/policy", StringComparison.Ordinal) || route.EndsWith("/convergence", StringComparison.Ordinal) || context.Request.Query.ContainsKey("watch"))
        {
            return;
        }

        _durations.Record(duration.TotalSeconds, new TagList { { "method", method }, { "route", route } });
        if (route.EndsWith("/apply", StringComparison.Ordinal))
        {
            _applies.Record(duration.TotalSeconds);
        }
    }

    public void Dispose() => _meter.Dispose();

    /// <summary>A series lives as long as the process, and strangers choose the method: what is none of HTTP's own is one series.</summary>
    private static string MethodOf(HttpRequest request) => s_methods.Contains(request.Method) ? request.Method : "other";

    private static IEnumerable<Measurement<int>> Entries(ModelStore store, LearnedStore learned) =>
        from network in learned.Networks
        let named = store.State.Model.FindVmNetwork(network.Id)
        where named is not null
        select new Measurement<int>(network.Count, new("tenant", named.Tenant), new("network", named.Name));

    private static long Lag(PolicyHub hub, HostRegistry hosts)
    {
        long newest = hub.Current.Revision;
        return hub.Current.Hosts.Where(static h => !h.Value.Networks.IsEmpty)
            .Select(h => Math.Max(0, hub.NeededRevision(h.Key, newest) - hosts.Find(h.Key).RealisedRevision)).DefaultIfEmpty().Max();
    }
}

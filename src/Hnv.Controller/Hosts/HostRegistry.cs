using System.Collections.Concurrent;
using System.Collections.Immutable;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Controller.Store;
using Hnv.Model;
using Hnv.Model.Resources;

namespace Hnv.Controller.Hosts;

/// <summary>What hosts said of themselves: connected, realised, ports. In memory; hosts say it again to whoever starts next.</summary>
internal sealed class HostRegistry(ControllerOptions options)
{
    private readonly ConcurrentDictionary<string, HostRuntime> _hosts = new(StringComparer.Ordinal);
    private readonly AsyncSignal _changed = new();

    /// <summary>Completes at the next report, connection or disconnection.</summary>
    public Task Changed => _changed.Next;

    /// <summary>Number of open policy streams.</summary>
    public int Connected => _hosts.Values.Count(static h => h.Connected);

    public HostRuntime Find(string host) => _hosts.GetValueOrDefault(host, HostRuntime.Unheard);

    /// <summary>Takes a report; false for one that was taken before, or is older than the last one taken.</summary>
    public bool Take(string host, HostReport report)
    {
        bool taken = false;
        Update(host, known =>
        {
            taken = (report.Epoch, report.Sequence).CompareTo(known.Report) > 0;
            return taken
                ? known with
                {
                    Report = (report.Epoch, report.Sequence),
                    RealisedRevision = report.RealisedRevision,
                    AgentVersion = report.AgentVersion,
                    Ports = report.Ports.DistinctBy(static p => p.Port).ToImmutableDictionary(static p => p.Port, StringComparer.Ordinal),
                    ProviderAddresses = report.ProviderAddresses.IsDefault ? [] : report.ProviderAddresses,
                    Problems = report.Problems,
                }
                : known;
        });
        return taken;
    }

    /// <summary>A stream of the host was opened; <see cref="Disconnect"/> follows. They are counted: an old one may end after a new one began.</summary>
    public void Connect(string host) => Update(host, static h => h with { Streams = h.Streams + 1 });

    /// <summary>A stream of the host has ended.</summary>
    public void Disconnect(string host) => Update(host, static h => h with { Streams = h.Streams - 1 });

    /// <summary>A word of the host that says nothing but that it lives.</summary>
    public void Touch(string host) => Update(host, static h => h);

    public double? AgeOf(HostRuntime host) => host.LastSeen is { } seen ? Math.Round((options.Time.GetUtcNow() - seen).TotalSeconds, 1) : null;

    /// <summary>A host's last word in words.</summary>
    public string LastWordOf(string host) => Find(host) switch
    {
        { LastSeen: null } => "It has not been heard since this controller started.",
        var h => $"Its last word is {AgeOf(h):0} seconds old.",
    };

    public HostState StateOf(string name)
    {
        HostRuntime host = Find(name);
        return new HostState(host.Connected, host.LastSeen, AgeOf(host), host.RealisedRevision, host.AgentVersion, host.Problems);
    }

    public PortState StateOf(CloudModel model, Port port, uint number)
    {
        if (port.Host is not { } host)
        {
            return new PortState(number, "unassigned", null, null, null);
        }

        PortReport? report = Find(host).Ports.GetValueOrDefault($"{port.Tenant}/{port.Name}");
        return new PortState(
            number, report?.State ?? "unknown", report?.Reason, report?.InterfaceIndex, RecordPrecedence.ProviderAddressOf(model, port), MigrationOf(port));
    }

    private MigrationState? MigrationOf(Port port)
    {
        if (port.MigratingTo is not { Host: var host })
        {
            return null;
        }

        PortReport? report = Find(host).Ports.GetValueOrDefault($"{port.Tenant}/{port.Name}");
        return new MigrationState(host, report?.State ?? "unknown", report?.Reason);
    }

    private void Update(string host, Func<HostRuntime, HostRuntime> change)
    {
        DateTimeOffset now = options.Time.GetUtcNow();
        _hosts.AddOrUpdate(host, _ => change(HostRuntime.Unheard) with { LastSeen = now }, (_, old) => change(old) with { LastSeen = now });
        _changed.Set();
    }
}

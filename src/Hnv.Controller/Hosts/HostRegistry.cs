using System.Collections.Concurrent;
using System.Collections.Immutable;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Controller.Store;
using Hnv.Model;
using Hnv.Model.Resources;

namespace Hnv.Controller.Hosts;

/// <summary>What hosts said of themselves: connected, realised, ports. In memory; hosts say it again to whoever starts next.</summary>
internal sealed class HostRegistry(ControllerOptions options)
{
    /// <summary>A stream that lives longer than this is one that the host understands.</summary>
    public static readonly TimeSpan Settled = TimeSpan.FromSeconds(5);

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
    /// <param name="protocol">What the host said that it understands.</param>
    public void Connect(string host, int protocol) => Update(host, h => h with
    {
        Streams = h.Streams + 1,
        Protocol = protocol,
        ConnectedSince = options.Time.GetUtcNow(),

        // What an agent of another version realised was another policy: this one says itself what it has.
        RealisedRevision = h.Protocol is { } before && before != protocol ? 0 : h.RealisedRevision,
    });

    /// <summary>A stream of the host has ended.</summary>
    /// <param name="left">Whether the host ended it, and neither this controller nor another stream of the host.</param>
    /// <param name="lived">How long it was open.</param>
    public void Disconnect(string host, bool left, TimeSpan lived) =>
        Update(host, h => h with { Streams = h.Streams - 1, FruitlessStreams = lived >= Settled ? 0 : h.FruitlessStreams + (left ? 1 : 0) });

    /// <summary>
    /// The host asked for a stream that it is not given, because of what it understands. False when it did the same before: it asks again and again. While
    /// it is served, it is somebody else who asks in its name.
    /// </summary>
    public bool Refuse(string host, int protocol)
    {
        bool known = Find(host).Protocol == protocol;
        Update(host, h => h.Connected ? h : h with { Protocol = protocol });
        return !known;
    }

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
        return new HostState(host.Connected, host.LastSeen, AgeOf(host), host.RealisedRevision, host.AgentVersion, host.Problems) { Protocol = host.Protocol };
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

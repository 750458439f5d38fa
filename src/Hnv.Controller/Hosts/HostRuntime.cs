using System.Collections.Immutable;
using Hnv.Api.Reports;

namespace Hnv.Controller.Hosts;

/// <summary>What this controller heard of a host, in memory only. Immutable; the registry swaps it.</summary>
internal sealed record HostRuntime
{
    public static HostRuntime Unheard { get; } = new();

    /// <summary>Open policy streams: for a moment two, when the host comes back before its old connection is seen to be dead.</summary>
    public int Streams { get; init; }

    public bool Connected => Streams > 0;

    /// <summary>When the newest stream began.</summary>
    public DateTimeOffset? ConnectedSince { get; init; }

    /// <summary>Streams in a row that the host itself left at once.</summary>
    public int FruitlessStreams { get; init; }

    /// <summary>What its agent said that it understands, served or not; null while it was not heard.</summary>
    public int? Protocol { get; init; }

    public DateTimeOffset? LastSeen { get; init; }

    /// <summary>Run of the agent and number of its report that were taken last.</summary>
    public (long Epoch, long Sequence) Report { get; init; }

    public long RealisedRevision { get; init; }

    public string? AgentVersion { get; init; }

    /// <summary>By TENANT/PORT.</summary>
    public ImmutableDictionary<string, PortReport> Ports { get; init; } = ImmutableDictionary<string, PortReport>.Empty;

    public ImmutableArray<ProviderAddressReport> ProviderAddresses { get; init; } = [];

    public ImmutableArray<string> Problems { get; init; } = [];
}

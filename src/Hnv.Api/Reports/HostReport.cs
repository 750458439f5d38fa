using System.Collections.Immutable;
using System.Net;

namespace Hnv.Api.Reports;

/// <summary>
/// What a host says of itself: body of <c>POST /api/v1/hosts/H/reports</c>. Idempotent by (<paramref name="Epoch"/>,
/// <paramref name="Sequence"/>): a repeated or older one changes nothing. Kept in the controllers' memory, never in the state log.
/// </summary>
/// <param name="Protocol">The sender's protocol version.</param>
/// <param name="AgentVersion">The sender's build version.</param>
/// <param name="Epoch">Identifies one run of the agent; later runs have greater values (nanoseconds since 1970 at its start).</param>
/// <param name="Sequence">Counts the reports of the run from 1.</param>
/// <param name="RealisedRevision">Everything up to this revision is in the kernel.</param>
/// <param name="Ports">State of every port that policy puts on this host.</param>
/// <param name="Problems">What keeps the host from realising more, in words for people.</param>
public sealed record HostReport(
    int Protocol, string AgentVersion, long Epoch, long Sequence, long RealisedRevision,
    ImmutableArray<PortReport> Ports, ImmutableArray<string> Problems)
{
    /// <summary>What ports had counted here that left; told until a report with it was taken.</summary>
    public ImmutableArray<PortCounters> Left { get; init; } = [];

    /// <summary>What became of the host's provider addresses; agents of versions before say nothing.</summary>
    public ImmutableArray<ProviderAddressReport> ProviderAddresses { get; init; } = [];
}

/// <summary>A provider address of the host.</summary>
/// <param name="State">One of <see cref="ProviderAddressStateNames"/>.</param>
/// <param name="Uplink">The interface that has it; null: none.</param>
/// <param name="PrefixLength">That it has there.</param>
/// <param name="Reason">Why it is not used, or what is not as the Host object says.</param>
public sealed record ProviderAddressReport(IPAddress Address, string State, string? Uplink, uint? PrefixLength, string? Reason);

/// <summary>Values of <see cref="ProviderAddressReport.State"/>: those of <c>NetVirtualizationProviderAddress AddressState</c>.</summary>
public static class ProviderAddressStateNames
{
    /// <summary>No uplink has it, or not where policy says; it is not used.</summary>
    public const string Invalid = "Invalid";

    /// <summary>Duplicate address detection still runs.</summary>
    public const string Tentative = "Tentative";

    /// <summary>Another machine has it; it is not used.</summary>
    public const string Duplicate = "Duplicate";

    /// <summary>Used, and soon to go.</summary>
    public const string Deprecated = "Deprecated";

    /// <summary>In use.</summary>
    public const string Preferred = "Preferred";
}

/// <summary>Whether a port's interface is there and bound.</summary>
public sealed record PortReport(string Port, string State, string? Reason, int? InterfaceIndex);

/// <summary>Values of <see cref="PortReport.State"/>.</summary>
public static class PortStates
{
    /// <summary>Frames flow.</summary>
    public const string Bound = "bound";

    /// <summary>No interface of that name exists (yet).</summary>
    public const string Waiting = "waiting";

    /// <summary>Bound on the host that the port moves to; its VM has not been heard there.</summary>
    public const string Prepared = "prepared";

    /// <summary>As <see cref="Prepared"/>, and its VM was heard: the move may be completed.</summary>
    public const string Active = "active";

    /// <summary>The interface exists and cannot be bound; the reason says why.</summary>
    public const string Failed = "failed";
}

using System.Collections.Immutable;
using System.Net;

namespace Hnv.Api.Rest;

/// <summary><c>status</c> of a host in GET: what the controller that answers heard of it.</summary>
/// <param name="Connected">Its policy stream is open here.</param>
/// <param name="LastSeen">Its last word; null when it has not been heard since the controller started.</param>
/// <param name="AgeSeconds">Seconds since then.</param>
public sealed record HostState(
    bool Connected, DateTimeOffset? LastSeen, double? AgeSeconds, long RealisedRevision, string? AgentVersion, ImmutableArray<string> Problems)
{
    /// <summary>The protocol that its agent said last to understand; null while it was not heard.</summary>
    public int? Protocol { get; init; }
}

/// <summary><c>status</c> of a port in GET.</summary>
/// <param name="Number">Its number on the data plane; kept for life.</param>
/// <param name="State">One of <see cref="Reports.PortStates"/>, or <c>unknown</c> while its host has not reported it, or <c>unassigned</c>.</param>
/// <param name="Migration">How far the host is that it moves to; null while it stays.</param>
public sealed record PortState(uint Number, string State, string? Reason, int? InterfaceIndex, IPAddress? ProviderAddress, MigrationState? Migration = null);

/// <summary>A port on the host that it moves to.</summary>
/// <param name="State">One of <see cref="Reports.PortStates"/>, or <c>unknown</c> while that host has not reported it.</param>
public sealed record MigrationState(string Host, string State, string? Reason);

/// <summary>Answer of <c>GET /api/v1/convergence?revision=R&amp;waitSeconds=S</c>.</summary>
/// <param name="Converged">No host that R concerns is pending.</param>
/// <param name="Hosts">Hosts that have policy at all.</param>
public sealed record ConvergenceAnswer(long Revision, bool Converged, int Hosts, ImmutableArray<PendingHost> Pending);

/// <summary>A host that has not realised the revision.</summary>
/// <param name="NeededRevision">The newest revision up to the one asked for that changed something for this host.</param>
public sealed record PendingHost(
    string Host, long RealisedRevision, long NeededRevision, bool Connected, DateTimeOffset? LastSeen, double? AgeSeconds,
    ImmutableArray<string> Problems)
{
    /// <summary>What its agent was not told, because it is older than the controller.</summary>
    public ImmutableArray<string> Withheld { get; init; } = [];
}

/// <summary>Entry of <c>status.conditions</c>: what will work as soon as something else is there. Kinds are stable.</summary>
/// <param name="Field">JSON pointer into the object.</param>
public sealed record ConditionView(string Kind, string Field, string Message);

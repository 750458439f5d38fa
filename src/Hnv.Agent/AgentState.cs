using System.Collections.Immutable;
using Hnv.Agent.Ports;
using Hnv.Api.Reports;

namespace Hnv.Agent;

/// <summary>What the agent has realised, at one moment; replaced whole.</summary>
/// <param name="RealisedRevision">Everything up to this revision is in the kernel; 0 before the first bookmark.</param>
/// <param name="Ports">Every port of policy.</param>
/// <param name="RoutingDomains">Host-local number → routing domain.</param>
/// <param name="Problems">What keeps the host from realising more, in words for people.</param>
internal sealed record AgentState(
    long RealisedRevision, ImmutableArray<PortState> Ports, ImmutableDictionary<uint, Guid> RoutingDomains, ImmutableArray<string> Problems)
{
    /// <summary>The host's provider addresses.</summary>
    public ImmutableArray<ProviderAddressReport> ProviderAddresses { get; init; } = [];

    public static AgentState Empty { get; } = new(0, [], ImmutableDictionary<uint, Guid>.Empty, []);
}

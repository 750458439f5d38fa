using System.Collections.Immutable;
using System.Net;
using Hnv.Model.Addressing;

namespace Hnv.Api.Answers;

/// <summary>A lookup record as it stands in a host's kernel. A local record has the port's interface, a remote one a provider address.</summary>
public sealed record KernelRecord(
    uint Vsid, IPAddress CustomerAddress, MacAddress Mac, string Type, IPAddress? ProviderAddress, string? Interface, bool Unusable, bool Unsynchronized);

/// <summary>A customer route as it stands in a host's kernel; on-link without next hop.</summary>
public sealed record KernelRoute(Guid RoutingDomainId, IPNetwork Prefix, uint Vsid, IPAddress? NextHop);

/// <summary>A port of the host: bound in the kernel, or why not.</summary>
public sealed record KernelPort(string Port, string Interface, int? InterfaceIndex, uint Vsid, MacAddress Mac, string State, string? Reason);

/// <summary>How often a verdict was given; <paramref name="Port"/> is null for the uplinks.</summary>
public sealed record VerdictCount(string? Port, string Verdict, bool Drop, ulong Packets, ulong Bytes);

/// <summary>What crossed a port.</summary>
public sealed record PortTraffic(string Port, ulong FromVmPackets, ulong FromVmBytes, ulong ToVmPackets, ulong ToVmBytes);

/// <summary>Fill level of a map of the data plane.</summary>
public sealed record MapUsage(string Map, long Entries, long Capacity, long? Bytes);

/// <summary>Something that the data plane uses and not every kernel has.</summary>
/// <param name="State"><c>supported</c>, <c>unsupported</c>, or <c>failed</c>: it could not be found out.</param>
/// <param name="Since">First Linux release with it.</param>
/// <param name="Without">What is different without it.</param>
/// <param name="Reason">What the kernel said, unless it is supported.</param>
public sealed record KernelFeatureStatus(string Feature, string State, string Since, string Without, string? Reason);

/// <summary>How frames from the wire come into ports: by uplink, family of the outer and the tenant's addresses, and kind of port.</summary>
/// <param name="Provider"><c>IPv4</c> or <c>IPv6</c>.</param>
/// <param name="Customer"><c>IPv4</c> or <c>IPv6</c>.</param>
/// <param name="Port"><c>veth</c> or <c>tap</c>; at a tap the way is that of TCP and super-packets, the rest goes through the device.</param>
/// <param name="Way"><c>peer</c>, <c>changeProtocol</c>, <c>segmentRouting</c> or <c>segmentAndMerge</c>.</param>
public sealed record KernelDelivery(string Uplink, string Provider, string Customer, string Port, string Way);

/// <summary>The host's own state.</summary>
public sealed record HostStatus(
    string Host, string AgentVersion, string Kernel, long RealisedRevision, bool Connected, ImmutableArray<string> Uplinks,
    ImmutableArray<MapUsage> Maps, ImmutableArray<string> Problems)
{
    /// <summary>What was found out about the kernel; empty from agents that do not tell.</summary>
    public ImmutableArray<KernelFeatureStatus> Features { get; init; } = [];

    /// <summary>What was chosen accordingly.</summary>
    public ImmutableArray<KernelDelivery> Deliveries { get; init; } = [];
}

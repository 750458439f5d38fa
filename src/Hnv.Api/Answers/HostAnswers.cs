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

/// <summary>The host's own state.</summary>
public sealed record HostStatus(
    string Host, string AgentVersion, string Kernel, long RealisedRevision, bool Connected, ImmutableArray<string> Uplinks,
    ImmutableArray<MapUsage> Maps, ImmutableArray<string> Problems);

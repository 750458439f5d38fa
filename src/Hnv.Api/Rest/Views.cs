using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Hnv.Api.Reports;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Api.Rest;

/// <summary>A virtual subnet, shown apart from the VM network that owns it, with what holds where nothing is written.</summary>
/// <param name="RouterAdvertisements">What the distributed gateway advertises.</param>
/// <param name="Pool">As in the manifest.</param>
/// <param name="Leases">Addresses of the pool that ports have; null without a pool.</param>
public sealed record VirtualSubnetView(
    uint Vsid, string? Name, string Tenant, string VmNetwork, Guid RoutingDomainId, ImmutableArray<IPNetwork> Prefixes,
    ImmutableArray<IPAddress> Gateways, int Ports, LearningMode Learning, uint LearningAge, FloodingMode Flooding, IPAddress? MulticastGroup,
    RouterAdvertisementMode RouterAdvertisements, JsonElement? Pool, int? Leases);

/// <summary>A customer route, on-link ones included. <paramref name="Condition"/> is one of <see cref="RouteConditions"/>.</summary>
public sealed record CustomerRouteView(
    string Tenant, string VmNetwork, Guid RoutingDomainId, IPNetwork Prefix, IPAddress? NextHop, uint Metric, uint? Vsid, string Condition);

/// <summary>Values of <see cref="CustomerRouteView.Condition"/>.</summary>
public static class RouteConditions
{
    /// <summary>In force.</summary>
    public const string Active = "active";

    /// <summary>Nobody has the next hop's address (yet).</summary>
    public const string NextHopMissing = "nextHopMissing";

    /// <summary>Another route of the same prefix has a lower metric, or the prefix is on-link.</summary>
    public const string Superseded = "superseded";
}

/// <summary>A provider address: a host's or a third party's.</summary>
/// <param name="State">One of <see cref="ProviderAddressStateNames"/>, or <c>unknown</c> while its host has not reported it; null for a third party's.</param>
/// <param name="Reason">Why it is not used, or what is not as the Host object says.</param>
/// <param name="PrefixLength">As the Host object says; else that on the host.</param>
/// <param name="Vlan">As the Host object says.</param>
/// <param name="Mac">As the Host object says.</param>
/// <param name="Uplink">The interface of the host that has it; else what the Host object says.</param>
public sealed record ProviderAddressView(
    IPAddress ProviderAddress, string? Host, string? ProviderEndpoint, int Preference, FlowIdMode FlowId, string? State = null, string? Reason = null,
    uint? PrefixLength = null, uint? Vlan = null, MacAddress? Mac = null, string? Uplink = null);

/// <summary>A provider route of a host.</summary>
/// <param name="NextHop">Null: on-link.</param>
/// <param name="Uplink">Null: that whose network the next hop is in.</param>
public sealed record ProviderRouteView(string Host, IPNetwork Prefix, IPAddress? NextHop, string? Uplink, uint Metric);

/// <summary>A lookup record that won by precedence.</summary>
/// <param name="Type"><c>Static</c>, <c>Dynamic</c>, <c>GatewayWildcard</c> or <c>L2Only</c>.</param>
/// <param name="Port">TENANT/PORT where the address is at a port of the cloud.</param>
/// <param name="Unsynchronized">Only its host knows it yet; the controller shows none such.</param>
/// <param name="LearnedFrom">Host that reported a learned record.</param>
/// <param name="LearnedAt">Since when its holder has it, by that host's clock.</param>
/// <param name="Source">How that host learned it.</param>
public sealed record RecordView(
    uint Vsid, IPAddress CustomerAddress, MacAddress Mac, IPAddress? ProviderAddress, string? Host, string? Port, string Type,
    bool Unusable, bool Unsynchronized, string? LearnedFrom = null, DateTimeOffset? LearnedAt = null, AddressSource? Source = null);

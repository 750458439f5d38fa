using System.Collections.Immutable;
using System.Net;
using Hnv.Model.Addressing;

namespace Hnv.Model.Resources;

/// <summary>Owner of VM networks; the scope of a tenant administrator's rights. Made on first use of its name.</summary>
public sealed record Tenant : Resource
{
    public override ResourceId Id => new(ResourceKind.Tenant, null, Name);
}

/// <summary>A machine that runs the agent.</summary>
public sealed record Host : Resource
{
    /// <summary>Its addresses on the provider network, the preferred one first.</summary>
    public ImmutableArray<IPAddress> ProviderAddresses { get; init; } = [];

    public override ResourceId Id => new(ResourceKind.Host, null, Name);
}

/// <summary>How the FlowID of the NVGRE key is filled towards a peer (RFC 7637, section 3.2).</summary>
public enum FlowIdMode
{
    /// <summary>From the inner flow's hash: entropy for the provider network.</summary>
    Hash,

    /// <summary>Zero, for peers that compare the whole 32-bit GRE key.</summary>
    Zero,
}

/// <summary>A third-party peer on the provider network. Its name is its address unless given.</summary>
public sealed record ProviderEndpoint : Resource
{
    public required IPAddress ProviderAddress { get; init; }

    public FlowIdMode FlowId { get; init; }

    public override ResourceId Id => new(ResourceKind.ProviderEndpoint, null, Name);
}

/// <summary>Encapsulation of a VM network on the provider network.</summary>
public enum Encapsulation
{
    /// <summary>RFC 7637.</summary>
    Nvgre,
}

/// <summary>A routing domain: the isolated layer-3 world of one tenant.</summary>
public sealed record VmNetwork : TenantResource
{
    /// <summary>RDID; unique in the cloud. Made when absent, and then kept.</summary>
    public Guid RoutingDomainId { get; init; }

    public Encapsulation Encapsulation { get; init; }

    /// <summary>Its virtual subnets; prefixes must not overlap.</summary>
    public ImmutableArray<VirtualSubnet> Subnets { get; init; } = [];

    /// <summary>Customer routes beyond the on-link ones.</summary>
    public ImmutableArray<CustomerRoute> Routes { get; init; } = [];

    public override ResourceId Id => new(ResourceKind.VmNetwork, Tenant, Name);
}

/// <summary>One broadcast domain, owned by its VM network.</summary>
public sealed record VirtualSubnet
{
    /// <summary>24 bits, unique in the cloud; see <see cref="VirtualSubnetId"/>.</summary>
    public required uint Vsid { get; init; }

    public string? Name { get; init; }

    /// <summary>At most one IPv4 and one IPv6 prefix, at least one of them.</summary>
    public ImmutableArray<IPNetwork> Prefixes { get; init; } = [];

    /// <summary>
    /// The distributed gateway's addresses where they are not the first host address of the prefix (network + 1); at most one a family.
    /// </summary>
    public ImmutableArray<IPAddress> Gateways { get; init; } = [];
}

/// <summary>Within a routing domain: a prefix and the customer address it is reached through.</summary>
public sealed record CustomerRoute
{
    public required IPNetwork Prefix { get; init; }

    public required IPAddress NextHop { get; init; }

    /// <summary>Lowest wins among routes of the same prefix.</summary>
    public uint Metric { get; init; }
}

/// <summary>A VM's network adapter: where a virtual subnet meets an interface of a host.</summary>
public sealed record Port : TenantResource
{
    public required string VmNetwork { get; init; }

    public required uint Vsid { get; init; }

    /// <summary>The host it is on; null while it is nowhere.</summary>
    public string? Host { get; init; }

    /// <summary>Name of the interface on that host; bound as soon as one of that name exists.</summary>
    public string? Interface { get; init; }

    public required MacAddress Mac { get; init; }

    /// <summary>Customer addresses: static lookup records at this port.</summary>
    public ImmutableArray<IPAddress> Addresses { get; init; } = [];

    public override ResourceId Id => new(ResourceKind.Port, Tenant, Name);
}

/// <summary>Types of lookup records, with the numbers of the NetWNV cmdlets.</summary>
public enum LookupRecordType
{
    /// <summary>The customer address of the VM with that MAC.</summary>
    Static = 0,

    /// <summary>Learned from the VM.</summary>
    Dynamic = 1,

    /// <summary>Customer address 0.0.0.0 or ::; the VM with that MAC is a gateway and may send from any address.</summary>
    GatewayWildcard = 2,

    /// <summary>Customer address 0.0.0.0 or ::; the VM brings its own addresses.</summary>
    L2Only = 3,
}

/// <summary>An explicit lookup record: (VSID, CA, MAC) → PA, for third-party endpoints and scripts.</summary>
public sealed record LookupRecord : TenantResource
{
    public required uint Vsid { get; init; }

    public required IPAddress CustomerAddress { get; init; }

    public required MacAddress Mac { get; init; }

    public required IPAddress ProviderAddress { get; init; }

    public LookupRecordType Type { get; init; }

    public override ResourceId Id => new(ResourceKind.LookupRecord, Tenant, Name);
}

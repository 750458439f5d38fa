using System.Collections.Immutable;
using System.Net;
using Hnv.Model.Addressing;

namespace Hnv.Model.Resources;

/// <summary>Encapsulation of a VM network on the provider network.</summary>
public enum Encapsulation
{
    /// <summary>RFC 7637.</summary>
    Nvgre,

    /// <summary>RFC 7348.</summary>
    Vxlan,
}

/// <summary>A routing domain: the isolated layer-3 world of one tenant.</summary>
public sealed record VmNetwork : TenantResource
{
    /// <summary>RDID; unique in the cloud. Made when absent (<see cref="Guid.Empty"/>), and then kept.</summary>
    public Guid RoutingDomainId { get; init; }

    public Encapsulation Encapsulation { get; init; }

    /// <summary>
    /// Whether a router VM with an adapter in each subnet is the only way between them: the on-link routes of other subnets do not count, and a customer
    /// route counts in the subnet of its next hop alone.
    /// </summary>
    public bool UseExternalRouter { get; init; }

    /// <summary>Its virtual subnets; prefixes must not overlap.</summary>
    public ImmutableArray<VirtualSubnet> Subnets { get; init; } = [];

    /// <summary>Customer routes beyond the on-link ones.</summary>
    public ImmutableArray<CustomerRoute> Routes { get; init; } = [];

    /// <summary>The subnet that the customer address is on-link in; null: none.</summary>
    public VirtualSubnet? SubnetOf(IPAddress address) => Subnets.FirstOrDefault(s => SubnetAddressing.Contains(s, address));

    public override ResourceId Id => new(ResourceKind.VmNetwork, Tenant, Name);

    public bool Equals(VmNetwork? other) =>
        base.Equals(other) && RoutingDomainId == other!.RoutingDomainId && Encapsulation == other.Encapsulation
        && UseExternalRouter == other.UseExternalRouter && Sequences.Equal(Subnets, other.Subnets) && Sequences.Equal(Routes, other.Routes);

    public override int GetHashCode() =>
        HashCode.Combine(base.GetHashCode(), RoutingDomainId, Encapsulation, UseExternalRouter, Sequences.Hash(Subnets), Sequences.Hash(Routes));
}

using System.Collections.Immutable;
using System.Net;
using Hnv.Model.Addressing;

namespace Hnv.Model.Resources;

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

    /// <summary>The VM network it names, which is in the port's own tenant.</summary>
    public ResourceId VmNetworkId => new(ResourceKind.VmNetwork, Tenant, VmNetwork);

    public bool Equals(Port? other) =>
        base.Equals(other) && VmNetwork == other!.VmNetwork && Vsid == other.Vsid && Host == other.Host
        && Interface == other.Interface && Mac == other.Mac && Sequences.Equal(Addresses, other.Addresses);

    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), VmNetwork, Vsid, Host, Interface, Mac, Sequences.Hash(Addresses));
}

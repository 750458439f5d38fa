using System.Collections.Immutable;
using System.Net;
using Hnv.Model.Addressing;

namespace Hnv.Model.Resources;

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
    /// See <see cref="SubnetAddressing.GatewayOf(VirtualSubnet, IPNetwork)"/>.
    /// </summary>
    public ImmutableArray<IPAddress> Gateways { get; init; } = [];

    public bool Equals(VirtualSubnet? other) =>
        other is not null && Vsid == other.Vsid && Name == other.Name
        && Sequences.Equal(Prefixes, other.Prefixes) && Sequences.Equal(Gateways, other.Gateways);

    public override int GetHashCode() => HashCode.Combine(Vsid, Name, Sequences.Hash(Prefixes), Sequences.Hash(Gateways));
}

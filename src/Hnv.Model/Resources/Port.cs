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

    /// <summary>Where it is moving to; null: it stays. While set, the port is on both hosts.</summary>
    public MigrationTarget? MigratingTo { get; init; }

    public required MacAddress Mac { get; init; }

    /// <summary>Customer addresses: static lookup records at this port.</summary>
    public ImmutableArray<IPAddress> Addresses { get; init; } = [];

    /// <summary>
    /// Addresses from the subnet's pool, at most one of each family; static lookup records too. Given and taken by
    /// <see cref="LeaseAllocation"/>, never written by users.
    /// </summary>
    public ImmutableArray<IPAddress> Leases { get; init; } = [];

    /// <summary>Whether the VM may bring addresses; null: as its subnet says.</summary>
    public LearningMode? Learning { get; init; }

    /// <summary>How many it may bring (DynamicIPAddressLimit).</summary>
    public uint DynamicAddressLimit { get; init; } = DefaultDynamicAddressLimit;

    /// <summary>What proves that it has one.</summary>
    public LearningSources LearningSources { get; init; } = LearningSources.All;

    /// <summary>No DHCP or DHCPv6 server answers from this port.</summary>
    public bool DhcpGuard { get; init; }

    /// <summary>No router advertisement and no redirect leaves this port.</summary>
    public bool RouterGuard { get; init; }

    /// <summary>Frames that flood, per second; 0: no limit.</summary>
    public uint StormLimit { get; init; }

    /// <summary>Addresses of <see cref="DynamicAddressLimit"/> when nothing is said.</summary>
    public const uint DefaultDynamicAddressLimit = 16;

    /// <summary>Every customer address that policy gives it: its own, then its leases.</summary>
    public IEnumerable<IPAddress> AllAddresses => Addresses.Concat(Leases);

    /// <summary>The hosts it is on, each with its interface there: its own, and the one it is moving to.</summary>
    public IEnumerable<(string Host, string? Interface)> Places
    {
        get
        {
            if (Host is { } here)
            {
                yield return (here, Interface);
            }

            if (MigratingTo is { } there)
            {
                yield return (there.Host, there.Interface ?? Interface);
            }
        }
    }

    /// <summary>The port on the host it is moving to, as it is when the move is complete.</summary>
    public Port Migrated() => MigratingTo is { } there ? this with { Host = there.Host, Interface = there.Interface ?? Interface, MigratingTo = null } : this;

    public override ResourceId Id => new(ResourceKind.Port, Tenant, Name);

    /// <summary>The VM network it names, which is in the port's own tenant.</summary>
    public ResourceId VmNetworkId => new(ResourceKind.VmNetwork, Tenant, VmNetwork);

    /// <summary>Whether its VM may bring addresses.</summary>
    public bool Learns(VirtualSubnet subnet) => (Learning ?? subnet.Learning) == LearningMode.Dynamic && DynamicAddressLimit > 0;

    public bool Equals(Port? other) =>
        base.Equals(other) && VmNetwork == other!.VmNetwork && Vsid == other.Vsid && Host == other.Host
        && Interface == other.Interface && MigratingTo == other.MigratingTo && Mac == other.Mac && Sequences.Equal(Addresses, other.Addresses)
        && Sequences.Equal(Leases, other.Leases) && Learning == other.Learning && DynamicAddressLimit == other.DynamicAddressLimit
        && LearningSources == other.LearningSources && DhcpGuard == other.DhcpGuard && RouterGuard == other.RouterGuard && StormLimit == other.StormLimit;

    public override int GetHashCode() => HashCode.Combine(
        HashCode.Combine(base.GetHashCode(), VmNetwork, Vsid, Host, Interface, Mac, Sequences.Hash(Addresses), Sequences.Hash(Leases)),
        MigratingTo, Learning, DynamicAddressLimit, LearningSources, DhcpGuard, RouterGuard, StormLimit);
}

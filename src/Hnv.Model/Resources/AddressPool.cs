using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Hnv.Model.Addressing;

namespace Hnv.Model.Resources;

/// <summary>Addresses from the first to the last, both included; written <c>10.0.0.50-10.0.0.99</c>.</summary>
public sealed record AddressRange(IPAddress First, IPAddress Last)
{
    /// <summary>Whether the address is of the family and between the ends.</summary>
    public bool Contains(IPAddress address) =>
        address.AddressFamily == First.AddressFamily && address.ToNumber() >= First.ToNumber() && address.ToNumber() <= Last.ToNumber();

    public override string ToString() => $"{First}-{Last}";
}

/// <summary>A classless route that a pool hands out (DHCP option 121, RFC 3442).</summary>
public sealed record PoolRoute(IPNetwork Prefix, IPAddress NextHop);

/// <summary>Addresses that ports of a subnet get when they have none of their own, and what their VMs are told with them.</summary>
public sealed record AddressPool
{
    /// <summary>Seconds of a lease when nothing is said.</summary>
    public const uint DefaultLeaseSeconds = 3600;

    /// <summary>IPv4 addresses.</summary>
    public AddressRange? Range { get; init; }

    /// <summary>IPv6 addresses.</summary>
    public AddressRange? Range6 { get; init; }

    /// <summary>Whether VMs are given the distributed gateway as their router.</summary>
    public bool Gateway { get; init; } = true;

    /// <summary>DNS servers of both families.</summary>
    public ImmutableArray<IPAddress> Dns { get; init; } = [];

    public ImmutableArray<PoolRoute> Routes { get; init; } = [];

    /// <summary>Of the VM's interface, bytes (DHCP option 26, RA's MTU option); null: what the tunnel leaves, where that is less than 1500.</summary>
    public uint? Mtu { get; init; }

    /// <summary>DNS domain of the VMs.</summary>
    public string? Domain { get; init; }

    /// <summary>After which the VM asks again. The address stays the port's all the same.</summary>
    public uint LeaseSeconds { get; init; } = DefaultLeaseSeconds;

    /// <summary>The range of a family; null without one.</summary>
    public AddressRange? RangeOf(AddressFamily family) => family == AddressFamily.InterNetwork ? Range : Range6;

    public bool Equals(AddressPool? other) =>
        other is not null && Range == other.Range && Range6 == other.Range6 && Gateway == other.Gateway && Mtu == other.Mtu
        && Domain == other.Domain && LeaseSeconds == other.LeaseSeconds && Sequences.Equal(Dns, other.Dns) && Sequences.Equal(Routes, other.Routes);

    public override int GetHashCode() =>
        HashCode.Combine(Range, Range6, Gateway, Sequences.Hash(Dns), Sequences.Hash(Routes), Mtu, Domain, LeaseSeconds);
}

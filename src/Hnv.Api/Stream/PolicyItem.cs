using System.Net;
using System.Text.Json.Serialization;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Api.Stream;

/// <summary>
/// One thing a host must know within a network it takes part in. Items are values with a key: a network's policy on a host is a set
/// of items, at most one a key.
/// </summary>
/// <remarks>
/// What an item says beyond the first version is left out of its JSON where it says nothing: so the digest of a network that does not
/// use it stays what it was.
/// </remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "item")]
[JsonDerivedType(typeof(ProviderAddressItem), "providerAddress")]
[JsonDerivedType(typeof(ProviderRouteItem), "providerRoute")]
[JsonDerivedType(typeof(SubnetItem), "subnet")]
[JsonDerivedType(typeof(RouteItem), "route")]
[JsonDerivedType(typeof(RecordItem), "record")]
[JsonDerivedType(typeof(PortItem), "port")]
[JsonDerivedType(typeof(PeerItem), "peer")]
[JsonDerivedType(typeof(MemberItem), "member")]
[JsonDerivedType(typeof(MoveItem), "move")]
public abstract record PolicyItem
{
    /// <summary>Identity within the network, e.g. <c>record/5001/10.0.0.5</c>. Canonical: equal things have equal keys.</summary>
    [JsonIgnore]
    public abstract string Key { get; }
}

/// <summary>A provider address of this host. Only in the host's own scope (<see cref="HostScope"/>).</summary>
public sealed record ProviderAddressItem(IPAddress Address, int Preference) : PolicyItem
{
    public override string Key => $"pa/{Address}";

    /// <summary>What must be so on the host, where something is said; see <see cref="ProviderAddressTerms"/>.</summary>
    public uint? PrefixLength { get; init; }

    /// <inheritdoc cref="PrefixLength"/>
    public uint? Vlan { get; init; }

    /// <inheritdoc cref="PrefixLength"/>
    public MacAddress? Mac { get; init; }

    /// <inheritdoc cref="PrefixLength"/>
    public string? Uplink { get; init; }
}

/// <summary>A provider route of this host. Only in the host's own scope.</summary>
/// <param name="NextHop">Null: on-link.</param>
/// <param name="Uplink">Null: that whose network the next hop is in.</param>
public sealed record ProviderRouteItem(IPNetwork Prefix, IPAddress? NextHop, string? Uplink, uint Metric) : PolicyItem
{
    public override string Key => $"proute/{Prefix}/{Metric}";
}

/// <summary>
/// A customer route. The on-link route of every subnet prefix is here too, without next hop. Of several routes with one prefix only
/// the one with the lowest metric is sent, with an external router one for each subnet. <paramref name="Vsid"/> is the subnet in which the next hop lives.
/// </summary>
public sealed record RouteItem(IPNetwork Prefix, uint Vsid, IPAddress? NextHop, uint Metric) : PolicyItem
{
    public override string Key => OfSubnet ? $"route/{Vsid}/{Prefix}" : $"route/{Prefix}";

    /// <summary>Whether it counts for what its subnet sends and receives alone, and not in the whole network.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool OfSubnet { get; init; }
}

/// <summary>
/// A lookup record that won by precedence: port, explicit static, learned. <paramref name="Port"/> is set when the address is at a
/// port of the cloud; the record is local where that port is bound.
/// </summary>
public sealed record RecordItem(
    uint Vsid, IPAddress CustomerAddress, MacAddress Mac, IPAddress? ProviderAddress, LookupRecordType Type, string? Port, bool Unusable = false)
    : PolicyItem
{
    public override string Key => KeyOf(Vsid, CustomerAddress);

    /// <summary>The key of the record of an address.</summary>
    public static string KeyOf(uint vsid, IPAddress customerAddress) => $"record/{vsid}/{customerAddress}";
}

/// <summary>A provider address that takes part in the network: another host's, or a third party's.</summary>
public sealed record PeerItem(IPAddress ProviderAddress, FlowIdMode FlowId) : PolicyItem
{
    public override string Key => $"peer/{ProviderAddress}";
}

using System.Net;
using System.Text.Json.Serialization;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Api.Stream;

/// <summary>A port on this host.</summary>
/// <param name="Name">TENANT/PORT.</param>
/// <param name="Number">A number of the cloud's that this port keeps for life; never 0.</param>
public sealed record PortItem(string Name, uint Number, uint Vsid, string Interface, MacAddress Mac) : PolicyItem
{
    public override string Key => $"port/{Name}";

    /// <summary>Customer addresses that its VM may bring, at most 1024; 0: none, it does not learn.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public uint LearnLimit { get; init; }

    /// <summary>What proves that it has one; none where it does not learn.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public LearningSources LearnSources { get; init; }

    /// <summary>No DHCP or DHCPv6 server answers from it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool DhcpGuard { get; init; }

    /// <summary>No router advertisement and no redirect leaves it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool RouterGuard { get; init; }

    /// <summary>Frames that flood, per second; 0: no limit.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public uint StormLimit { get; init; }

    /// <summary>
    /// The port is about to move here (<see cref="MoveItem"/>): it is bound as soon as its interface appears, and active with its VM's first frame.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Prepared { get; init; }

    /// <summary>Its IPv4 address from the subnet's pool, which the host hands out; a record too.</summary>
    public IPAddress? Lease4 { get; init; }

    /// <summary>Its IPv6 address from the subnet's pool.</summary>
    public IPAddress? Lease6 { get; init; }
}

using System.Net;
using Hnv.Model.Addressing;

namespace Hnv.Api.Stream;

/// <summary>
/// Where an adapter of a subnet that learns or floods is: an L2Only record. From these a host knows who takes part in floods, and where
/// a MAC is that has no address yet.
/// </summary>
/// <param name="ProviderAddress">Of the port's host; null while it is on none, or that has none.</param>
/// <param name="Port">TENANT/PORT.</param>
/// <param name="Learns">Whether its VM may bring addresses: only such are asked for unknown ones.</param>
public sealed record MemberItem(uint Vsid, MacAddress Mac, IPAddress? ProviderAddress, string Port, bool Learns) : PolicyItem
{
    public override string Key => KeyOf(Vsid, Mac);

    /// <summary>The key of the member with that adapter.</summary>
    public static string KeyOf(uint vsid, MacAddress mac) => $"member/{vsid}/{mac}";
}

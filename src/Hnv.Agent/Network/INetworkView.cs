using System.Net;
using Hnv.Linux.Netlink;

namespace Hnv.Agent.Network;

/// <summary>What the agent asks the host's own networking; read-only.</summary>
internal interface INetworkView
{
    IReadOnlyList<LinkInfo> GetLinks();

    IReadOnlyList<AddressInfo> GetAddresses();

    /// <summary>How the host would send to the destination from that source; null when it would not.</summary>
    RouteInfo? FindRoute(IPAddress destination, IPAddress source);
}

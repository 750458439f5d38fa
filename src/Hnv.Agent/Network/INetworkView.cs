using System.Net;
using Hnv.Linux.Netlink;

namespace Hnv.Agent.Network;

/// <summary>What the agent asks the host's own networking, and the one thing that it changes there: multicast groups.</summary>
internal interface INetworkView
{
    IReadOnlyList<LinkInfo> GetLinks();

    IReadOnlyList<AddressInfo> GetAddresses();

    /// <summary>How the host would send to the destination from that source; null when it would not.</summary>
    RouteInfo? FindRoute(IPAddress destination, IPAddress source);

    /// <summary>Joins a group at an interface; being in it already is no error.</summary>
    /// <exception cref="NetlinkException">The interface is gone, or the kernel has no room (ENOBUFS).</exception>
    void JoinGroup(int interfaceIndex, IPAddress group);

    /// <summary>Leaves a group that <see cref="JoinGroup"/> joined; not being in it is no error.</summary>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    void LeaveGroup(int interfaceIndex, IPAddress group);
}

using System.Net;
using Hnv.Linux.Netlink;

namespace Hnv.Agent.Network;

/// <summary>What the agent asks the host's own networking, and what it changes there: multicast groups, and the routes of its own table.</summary>
internal interface INetworkView
{
    IReadOnlyList<LinkInfo> GetLinks();

    IReadOnlyList<AddressInfo> GetAddresses();

    /// <summary>How the host would send to the destination from that source; null when it would not.</summary>
    /// <param name="vrf">The VRF whose table is asked; null: the host's own rules are.</param>
    RouteInfo? FindRoute(IPAddress destination, IPAddress source, int? vrf);

    /// <summary>Joins a group at an interface; being in it already is no error.</summary>
    /// <exception cref="NetlinkException">The interface is gone, or the kernel has no room (ENOBUFS).</exception>
    void JoinGroup(int interfaceIndex, IPAddress group);

    /// <summary>Leaves a group that <see cref="JoinGroup"/> joined; not being in it is no error.</summary>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    void LeaveGroup(int interfaceIndex, IPAddress group);

    /// <summary>The routes of a table.</summary>
    IReadOnlyList<RouteInfo> GetRoutes(int table);

    IReadOnlyList<RuleInfo> GetRules();

    /// <summary>Adds a route, or takes the place of the one with the same destination, table and metric.</summary>
    /// <exception cref="NetlinkException">The kernel refuses: the next hop is not on-link, the interface is down or gone.</exception>
    void SetRoute(RouteSpec route);

    /// <summary>Its not being there is no error.</summary>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    void DeleteRoute(RouteSpec route);

    /// <summary>Its being there is no error.</summary>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    void AddRule(RuleInfo rule);

    /// <summary>Its not being there is no error.</summary>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    void DeleteRule(RuleInfo rule);
}

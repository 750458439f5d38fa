using System.Net;
using Hnv.Linux;
using Hnv.Linux.Netlink;

namespace Hnv.Agent.Network;

/// <summary>The kernel's answer, by rtnetlink.</summary>
internal sealed class RtnetlinkView(Rtnetlink rtnetlink) : INetworkView
{
    public IReadOnlyList<LinkInfo> GetLinks() => rtnetlink.GetLinks();

    public IReadOnlyList<AddressInfo> GetAddresses() => rtnetlink.GetAddresses();

    public void JoinGroup(int interfaceIndex, IPAddress group)
    {
        try
        {
            rtnetlink.AddGroup(interfaceIndex, group, ProviderGroups.Protocol);
        }
        catch (NetlinkException e) when (e.Errno == Errno.EEXIST)
        {
            // It was joined a moment ago, and the event is still to come; or an administrator joined it.
        }
    }

    public void LeaveGroup(int interfaceIndex, IPAddress group)
    {
        try
        {
            rtnetlink.DeleteAddress(interfaceIndex, group, group.GetAddressBytes().Length * 8);
        }
        catch (NetlinkException e) when (e.Errno == Errno.ENODEV)
        {
            // It went with its interface.
        }
    }

    public IReadOnlyList<RouteInfo> GetRoutes(int table) => rtnetlink.GetRoutes(table);

    public IReadOnlyList<RuleInfo> GetRules() => rtnetlink.GetRules();

    public void SetRoute(RouteSpec route) => rtnetlink.ReplaceRoute(route);

    public void DeleteRoute(RouteSpec route) => rtnetlink.DeleteRoute(route);

    public void AddRule(RuleInfo rule)
    {
        try
        {
            rtnetlink.AddRule(rule);
        }
        catch (NetlinkException e) when (e.Errno == Errno.EEXIST)
        {
            // Somebody put the same rule there in between.
        }
    }

    public void DeleteRule(RuleInfo rule) => rtnetlink.DeleteRule(rule);

    public RouteInfo? FindRoute(IPAddress destination, IPAddress source, int? vrf)
    {
        try
        {
            return rtnetlink.GetRoute(destination, source, vrf);
        }
        catch (NetlinkException e) when (e.Errno is Errno.ENETUNREACH or Errno.EHOSTUNREACH or Errno.EINVAL or Errno.EACCES or Errno.ENODEV)
        {
            // EINVAL: the source vanished a moment ago, or a blackhole route; EACCES: a prohibit route. An event follows.
            return null;
        }
    }
}

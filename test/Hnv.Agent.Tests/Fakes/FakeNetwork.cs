using System.Net;
using System.Net.NetworkInformation;
using Hnv.Agent.Network;
using Hnv.Linux;
using Hnv.Linux.Netlink;

namespace Hnv.Agent.Tests.Fakes;

/// <summary>A host's networking without a kernel. Every change returns the event the kernel would send.</summary>
internal sealed class FakeNetwork : INetworkView
{
    public const int MainTable = 254;

    private readonly Dictionary<int, LinkInfo> _links = [];
    private readonly List<AddressInfo> _addresses = [];

    public List<RouteInfo> Routes { get; } = [];

    public int RouteLookups { get; private set; }

    public NetworkEvent Link(int index, string name, int? master = null, string kind = "veth", int? peerNamespace = 0, int mtu = 1500, LinkFlags flags = LinkFlags.Up, int? vlan = null)
    {
        var link = new LinkInfo(index, name, new PhysicalAddress([2, 0, 0, 0, 0, (byte)index]), mtu, flags, kind, master, 2, peerNamespace) { Vlan = vlan };
        _links[index] = link;
        return new NetworkEvent.LinkChanged(link);
    }

    public NetworkEvent Delete(int index)
    {
        _links.Remove(index, out LinkInfo? link);
        _addresses.RemoveAll(a => a.InterfaceIndex == index);
        return new NetworkEvent.LinkDeleted(index, link!.Name);
    }

    public NetworkEvent Address(int index, string address, bool deleted = false, AddressFlags flags = AddressFlags.Permanent)
    {
        var info = new AddressInfo(index, IPAddress.Parse(address), 24, flags);
        _addresses.RemoveAll(a => a.InterfaceIndex == index && a.Address.Equals(info.Address));
        if (!deleted)
        {
            _addresses.Add(info);
        }

        return new NetworkEvent.AddressChanged(info, deleted);
    }

    /// <param name="table">Of a VRF: here it has the number of the VRF.</param>
    public NetworkEvent Route(string prefix, int index, int? mtu = null, bool deleted = false, int table = MainTable)
    {
        var route = new RouteInfo(IPNetwork.Parse(prefix), null, index, null, mtu, 0, table, RouteType.Unicast, 4);
        Routes.RemoveAll(r => r.Table == table && r.Destination.Equals(route.Destination));
        if (!deleted)
        {
            Routes.Add(route);
        }

        return new NetworkEvent.RouteChanged(route, deleted);
    }

    /// <summary>Why groups cannot be joined; null when they can.</summary>
    public Errno? GroupRefusal { get; set; }

    /// <summary>Memberships that the agent made, as interface index and group; their events are the test's to tell.</summary>
    public HashSet<(int Index, string Group)> Groups { get; } = [];

    public NetworkEvent Group(int index, string group, bool deleted = false, byte protocol = ProviderGroups.Protocol)
    {
        _ = deleted ? Groups.Remove((index, group)) : Groups.Add((index, group));
        var info = new AddressInfo(index, IPAddress.Parse(group), 32, AddressFlags.Permanent | AddressFlags.AutoJoin, protocol);
        _addresses.RemoveAll(a => a == info);
        if (!deleted)
        {
            _addresses.Add(info);
        }

        return new NetworkEvent.AddressChanged(info, deleted);
    }

    public void JoinGroup(int interfaceIndex, IPAddress group)
    {
        if (GroupRefusal is { } errno)
        {
            throw new NetlinkException($"join {group}", errno);
        }

        Groups.Add((interfaceIndex, group.ToString()));
    }

    public void LeaveGroup(int interfaceIndex, IPAddress group) => Groups.Remove((interfaceIndex, group.ToString()));

    /// <summary>What the agent put into its own table, and the rules that lead there.</summary>
    public List<RouteSpec> OwnRoutes { get; } = [];

    public List<RuleInfo> Rules { get; } = [];

    /// <summary>How often rules were listed, and routes set.</summary>
    public int RuleListings { get; private set; }

    /// <inheritdoc cref="RuleListings"/>
    public int RouteSettings { get; private set; }

    /// <summary>Why routes cannot be set; null when they can.</summary>
    public Errno? RouteRefusal { get; set; }

    public IReadOnlyList<RouteInfo> GetRoutes(int table) =>
        [.. OwnRoutes.Select(r => new RouteInfo(r.Destination, r.Gateway, r.InterfaceIndex ?? 0, null, null, r.Metric ?? 0, r.Table, r.Type, r.Protocol))];

    public IReadOnlyList<RuleInfo> GetRules()
    {
        RuleListings++;
        return [.. Rules];
    }

    public void SetRoute(RouteSpec route)
    {
        RouteSettings++;
        if (RouteRefusal is { } errno)
        {
            throw new NetlinkException($"replace route {route.Destination}", errno);
        }

        OwnRoutes.RemoveAll(r => r.Destination.Equals(route.Destination) && r.Metric == route.Metric);
        OwnRoutes.Add(route);
    }

    /// <summary>As the kernel: the first that is as told, where something is told.</summary>
    public void DeleteRoute(RouteSpec route)
    {
        int at = OwnRoutes.FindIndex(r => r.Destination.Equals(route.Destination) && r.Table == route.Table && r.Protocol == route.Protocol
            && (route.Metric is null || r.Metric == route.Metric) && (route.InterfaceIndex is null || r.InterfaceIndex == route.InterfaceIndex)
            && (route.Gateway is null || route.Gateway.Equals(r.Gateway)));
        if (at >= 0)
        {
            OwnRoutes.RemoveAt(at);
        }
    }

    public void AddRule(RuleInfo rule) => Rules.Add(rule);

    public void DeleteRule(RuleInfo rule) => Rules.Remove(rule);

    public IReadOnlyList<LinkInfo> GetLinks() => [.. _links.Values];

    public IReadOnlyList<AddressInfo> GetAddresses() => [.. _addresses];

    public RouteInfo? FindRoute(IPAddress destination, IPAddress source, int? vrf)
    {
        RouteLookups++;
        int table = vrf ?? MainTable;
        return Routes.Where(r => r.Table == table && r.Destination.Contains(destination)).MaxBy(r => r.Destination.PrefixLength);
    }
}

using System.Net;

namespace Hnv.Linux.Netlink;

/// <content>Routes.</content>
public sealed partial class Rtnetlink
{
    private const byte LinkScope = 253; // RT_SCOPE_LINK
    private const byte NoScope = 255; // RT_SCOPE_NOWHERE: a deletion that asks for no scope

    /// <summary>All routes of all tables.</summary>
    public IReadOnlyList<RouteInfo> GetRoutes() =>
        [.. _socket.Request(new NetlinkRequest(RouteMessage.GetRoute, Dump).Header(new RouteHeader()), "list routes").SelectMany(reply => RouteInfo.ReadAll(reply))];

    /// <summary>The routes of a table, of both families. The kernel passes over the others: there may be a million.</summary>
    public IReadOnlyList<RouteInfo> GetRoutes(int table) =>
    [
        .. _filtering.Request(new NetlinkRequest(RouteMessage.GetRoute, Dump).Header(new RouteHeader()).Put(RouteAttribute.Table, table), $"list the routes of table {table}")
            .SelectMany(reply => RouteInfo.ReadAll(reply)),
    ];

    /// <summary>How the kernel would send to a destination now, cached path MTU included.</summary>
    /// <param name="vrf">The VRF that has the source; null: none has.</param>
    /// <exception cref="NetlinkException">ENETUNREACH or EHOSTUNREACH when it would not.</exception>
    public RouteInfo GetRoute(IPAddress destination, IPAddress? source = null, int? vrf = null)
    {
        ArgumentNullException.ThrowIfNull(destination);
        var length = (byte)(destination.GetAddressBytes().Length * 8);
        var header = new RouteHeader { Family = KernelFamily.Of(destination), DestinationLength = length, SourceLength = source is null ? (byte)0 : length };
        var request = new NetlinkRequest(RouteMessage.GetRoute, Change).Header(header).Put(RouteAttribute.Destination, destination);
        if (source is not null)
        {
            request.Put(RouteAttribute.Source, source);
        }

        if (vrf is { } index)
        {
            request.Put(RouteAttribute.OutInterface, index);
        }

        var reply = _socket.Request(request, $"find the route to {destination}").Single(reply => reply.Type == RouteMessage.NewRoute);
        return RouteInfo.ReadAll(reply).First();
    }

    /// <exception cref="NetlinkException">EEXIST when it is there; ENETUNREACH when the gateway is not on-link.</exception>
    public void AddRoute(RouteSpec route)
    {
        ArgumentNullException.ThrowIfNull(route);
        _socket.Request(RouteRequest(RouteMessage.NewRoute, Create, route), $"add route {route}");
    }

    /// <summary>Adds a route, or takes the place of the one with the same destination, table and metric.</summary>
    public void ReplaceRoute(RouteSpec route)
    {
        ArgumentNullException.ThrowIfNull(route);
        _socket.Request(RouteRequest(RouteMessage.NewRoute, Change | NetlinkFlags.Create | NetlinkFlags.Replace, route), $"replace route {route}");
    }

    /// <summary>Deletes by destination, table, protocol and, where given, next hop, preferred source and metric.</summary>
    /// <returns>False when there was no such route.</returns>
    public bool DeleteRoute(RouteSpec route)
    {
        ArgumentNullException.ThrowIfNull(route);
        try
        {
            _socket.Request(RouteRequest(RouteMessage.DeleteRoute, Change, route), $"delete route {route}");
            return true;
        }
        catch (NetlinkException e) when (e.Errno == Errno.ESRCH)
        {
            return false;
        }
    }

    internal static NetlinkRequest RouteRequest(RouteMessage message, NetlinkFlags flags, RouteSpec route)
    {
        var prefix = route.Destination;
        var request = new NetlinkRequest(message, flags).Header(new RouteHeader
        {
            Family = KernelFamily.Of(prefix.BaseAddress),
            DestinationLength = (byte)prefix.PrefixLength,
            Protocol = route.Protocol,
            Scope = message == RouteMessage.DeleteRoute ? NoScope : route is { Gateway: null, Type: RouteType.Unicast } ? LinkScope : (byte)0,
            Type = (byte)route.Type,
        });
        request.Put(RouteAttribute.Destination, prefix.BaseAddress).Put(RouteAttribute.Table, route.Table);
        if (route.Gateway is { } gateway)
        {
            request.Put(RouteAttribute.Gateway, gateway);
        }

        if (route.InterfaceIndex is { } index)
        {
            request.Put(RouteAttribute.OutInterface, index);
        }

        if (route.PreferredSource is { } source)
        {
            request.Put(RouteAttribute.PreferredSource, source);
        }

        if (route.Metric is { } metric)
        {
            request.Put(RouteAttribute.Priority, metric);
        }

        if (route.DecapsulateTo is { } output)
        {
            request.Put(RouteAttribute.EncapsulationType, SegmentRouting.EncapsulationType);
            var action = request.Begin(RouteAttribute.Encapsulation);
            request.Put(SegmentRouting.Action, SegmentRouting.EndDx2).Put(SegmentRouting.OutInterface, output).End(action);
        }

        // A deletion would look for a route with exactly this MTU.
        if (route.Mtu is { } mtu && message != RouteMessage.DeleteRoute)
        {
            var metrics = request.Begin(RouteAttribute.Metrics);
            request.Put(RouteAttribute.MetricMtu, (uint)mtu).End(metrics);
        }

        return request;
    }
}

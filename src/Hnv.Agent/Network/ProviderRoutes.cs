using System.Net;
using System.Net.Sockets;
using Hnv.Agent.Desired;
using Hnv.Api.Stream;
using Hnv.Linux.Netlink;
using Hnv.Model.Addressing;

namespace Hnv.Agent.Network;

/// <summary>
/// The host's provider routes, in a routing table of their own that is asked for packets from its provider addresses alone: so a default route of the
/// provider network is none of the host's. The networks of the provider addresses are in it too, since it is asked before the table main; what it
/// does not know, main answers. The kernel's neighbour look-up for encapsulated frames follows the same rules, so routes outlive the agent.
/// </summary>
/// <remarks>Everything in <see cref="Table"/> and every rule that leads there is the agent's if it has its <see cref="Protocol"/>; the rest is not touched.</remarks>
internal sealed class ProviderRoutes(INetworkView view, HostNetwork network, DesiredState desired)
{
    /// <summary>RTPROT of our routes and rules: ASCII "H"; iproute2 knows no other program by it.</summary>
    public const byte Protocol = 0x48;

    /// <summary>ASCII "HNV".</summary>
    public const int Table = 0x484e56;

    /// <summary>Before main (32766), behind what administrators put at the front.</summary>
    public const int RulePriority = 0x484e;

    private const int OnLinkMetric = 1;
    private const int FirstMetric = 2; // Of policy's metric 0: IPv6 takes 0 for "unspecified", which is 1024.

    private readonly List<string> _problems = [];
    private bool _stale = true;
    private bool _mayRemove;

    /// <summary>What keeps routes from being as policy says, for people.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Policy, the uplinks, their addresses or the rules changed.</summary>
    public void OnUpdate() => _stale = true;

    /// <summary>A route changed.</summary>
    public void OnRouteChanged(RouteInfo route) => _stale |= route.Table == Table;

    /// <summary>Brings table and rules there.</summary>
    /// <param name="mayRemove">False as long as what is found may be needed by what is not known yet.</param>
    /// <returns>Whether anything was changed; what is not done is among <see cref="Problems"/>.</returns>
    /// <exception cref="Hnv.Linux.LinuxException">Routes and rules cannot be listed.</exception>
    public bool Apply(bool mayRemove)
    {
        if (!_stale && mayRemove == _mayRemove)
        {
            return false;
        }

        _problems.Clear();
        Dictionary<RouteKey, RouteSpec> routes = [];
        foreach (AddressFamily family in desired.ProviderRoutes.Select(static r => r.Prefix.BaseAddress.AddressFamily).Distinct())
        {
            AddOnLink(routes, family);
        }

        foreach (ProviderRouteItem route in desired.ProviderRoutes)
        {
            Add(routes, route);
        }

        RuleInfo[] rules =
        [
            .. desired.ProviderAddresses.Where(a => desired.ProviderRoutes.Any(r => r.Prefix.BaseAddress.AddressFamily == a.Address.AddressFamily))
                .Select(static a => new RuleInfo(new IPNetwork(a.Address, a.Address.GetMaxLength()), Table, RulePriority, Protocol)),
        ];
        RouteInfo[] found = [.. view.GetRoutes(Table).Where(static r => r.Protocol == Protocol)];
        RuleInfo[] standing = [.. view.GetRules().Where(IsOurs)];
        bool changed = false;

        // A rule asks the table only when its routes stand, and no more before they go.
        foreach (RouteSpec route in routes.Where(r => !found.Any(f => RouteKey.Of(f) == r.Key)).Select(static r => r.Value))
        {
            changed |= Try(() => view.SetRoute(route), $"{route.Destination} via {(object?)route.Gateway ?? "on-link"} cannot be set");
        }

        foreach (RuleInfo rule in rules.Except(standing))
        {
            changed |= Try(() => view.AddRule(rule), $"{rule.Source} cannot be led to the table of provider routes");
        }

        if (mayRemove)
        {
            foreach (RuleInfo rule in standing.Except(rules))
            {
                changed |= Try(() => view.DeleteRule(rule), $"the rule of {rule.Source} cannot be removed");
            }

            foreach (RouteInfo route in found.Where(f => !routes.ContainsKey(RouteKey.Of(f))))
            {
                changed |= Try(() => view.DeleteRoute(SpecOf(route)), $"{route.Destination} cannot be removed");
            }
        }

        _mayRemove = mayRemove;
        _stale = _problems.Count > 0;
        return changed;
    }

    /// <summary>Removes what agents put into this network namespace.</summary>
    public static void RemoveAll(INetworkView view)
    {
        foreach (RuleInfo rule in view.GetRules().Where(IsOurs))
        {
            view.DeleteRule(rule);
        }

        foreach (RouteInfo route in view.GetRoutes(Table).Where(static r => r.Protocol == Protocol))
        {
            view.DeleteRoute(SpecOf(route));
        }
    }

    private static bool IsOurs(RuleInfo rule) => rule is { Protocol: Protocol, Table: Table };

    private static RouteSpec SpecOf(RouteInfo route) => new(route.Destination)
    {
        Gateway = route.Gateway, InterfaceIndex = route.InterfaceIndex, Metric = route.Metric, Table = Table, Protocol = Protocol,
    };

    private void AddOnLink(Dictionary<RouteKey, RouteSpec> routes, AddressFamily family)
    {
        foreach ((AddressInfo address, LinkInfo uplink) in network.UsableAddresses())
        {
            if (address.Address.AddressFamily == family && desired.ProviderAddresses.Any(p => p.Address.Equals(address.Address)) && address.PrefixLength < address.Address.GetMaxLength())
            {
                Put(routes, new RouteSpec(address.Address.GetPrefix(address.PrefixLength)) { InterfaceIndex = uplink.Index, Metric = OnLinkMetric });
            }
        }
    }

    private void Add(Dictionary<RouteKey, RouteSpec> routes, ProviderRouteItem route)
    {
        if (FindUplink(route) is not { } uplink)
        {
            _problems.Add(
                route.Uplink is { } name ? $"Provider route {route.Prefix}: {name} is not an uplink of this host; give it to the agent with --uplink, or correct the Host object."
                : route.NextHop is { } hop ? $"Provider route {route.Prefix}: next hop {hop} is in the network of no provider address of this host; correct it, or name the uplink in the Host object."
                : $"Provider route {route.Prefix}: no uplink has a provider address of its family.");
            return;
        }

        Put(routes, new RouteSpec(route.Prefix) { Gateway = route.NextHop, InterfaceIndex = uplink, Metric = (int)route.Metric + FirstMetric });
    }

    private int? FindUplink(ProviderRouteItem route)
    {
        if (route.Uplink is { } name)
        {
            return network.IsUplink(name) ? network.Find(name)?.Index : null;
        }

        // On-link: where the preferred provider address of the family is.
        return network.UsableAddresses()
            .Where(a => a.Address.Address.AddressFamily == route.Prefix.BaseAddress.AddressFamily
                && (route.NextHop is not { } hop || a.Address.Address.GetPrefix(a.Address.PrefixLength).Contains(hop)))
            .Select(a => (a.Uplink, Item: desired.ProviderAddresses.FirstOrDefault(p => p.Address.Equals(a.Address.Address))))
            .Where(static a => a.Item is not null)
            .OrderBy(static a => a.Item!.Preference)
            .Select(static a => (int?)a.Uplink.Index)
            .FirstOrDefault();
    }

    private static void Put(Dictionary<RouteKey, RouteSpec> routes, RouteSpec route)
    {
        route = route with { Table = Table, Protocol = Protocol };
        routes.TryAdd(new RouteKey(route.Destination, route.Gateway, route.InterfaceIndex ?? 0, route.Metric ?? 0), route);
    }

    private bool Try(Action action, string what)
    {
        try
        {
            action();
            return true;
        }
        catch (NetlinkException e)
        {
            _problems.Add($"Provider route: {what}: {e.Message}");
            return false;
        }
    }

    private readonly record struct RouteKey(IPNetwork Destination, IPAddress? Gateway, int Interface, int Metric)
    {
        public static RouteKey Of(RouteInfo route) => new(route.Destination, route.Gateway, route.InterfaceIndex, route.Metric);
    }
}

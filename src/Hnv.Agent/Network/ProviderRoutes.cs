using System.Net;
using System.Net.Sockets;
using Hnv.Agent.Desired;
using Hnv.Api.Stream;
using Hnv.Linux.Netlink;
using Hnv.Model;
using Hnv.Model.Addressing;

namespace Hnv.Agent.Network;

/// <summary>
/// The host's provider routes, in a routing table of their own that is asked for packets from its provider addresses alone: so a default route of the
/// provider network is none of the host's. The networks of the provider addresses are in it too, since it is asked before the table main; what it
/// does not know, main answers. The kernel's neighbour look-up for encapsulated frames follows the same rules, so routes outlive the agent.
/// </summary>
/// <remarks>Everything in <see cref="Table"/> and every rule that leads there is the agent's if it has its <see cref="Protocol"/>; the rest is not touched.</remarks>
internal sealed class ProviderRoutes(INetworkView view, HostNetwork network, DesiredState desired, TimeProvider time)
{
    /// <summary>RTPROT of our routes and rules: ASCII "H"; iproute2 knows no other program by it.</summary>
    public const byte Protocol = 0x48;

    /// <summary>ASCII "HNV".</summary>
    public const int Table = 0x484e56;

    /// <summary>Before main (32766), behind what administrators put at the front.</summary>
    public const int RulePriority = 0x484e;

    /// <summary>What could not be done is tried again after this, or when something changed.</summary>
    public static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Of the network of the most preferred provider address; the others follow. The kernel keeps one route of a prefix and a metric, and several
    /// uplinks may be in one network. Not 0: IPv6 takes that for "unspecified", which is 1024.
    /// </summary>
    private const int OnLinkMetric = 1;

    /// <summary>Of policy's metric 0: behind what is on-link.</summary>
    private const int FirstMetric = OnLinkMetric + ModelLimits.ProviderAddressesPerHost;

    private readonly List<string> _problems = [];
    private DateTimeOffset _retryAt = DateTimeOffset.MaxValue;
    private bool _stale = true;
    private bool _mayRemove;
    private bool _mayStand = true;

    /// <summary>What keeps routes from being as policy says, for people.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Policy, the uplinks, their addresses or the rules changed.</summary>
    public void OnUpdate() => _stale = true;

    /// <summary>A route changed.</summary>
    public void OnRouteChanged(RouteInfo route)
    {
        bool inTable = route.Table == Table;
        _stale |= inTable;
        _mayStand |= inTable;
    }

    /// <summary>Brings table and rules there.</summary>
    /// <param name="mayRemove">False as long as what is found may be needed by what is not known yet.</param>
    /// <returns>Whether anything was changed; what is not done is among <see cref="Problems"/>.</returns>
    /// <exception cref="Hnv.Linux.LinuxException">Routes and rules cannot be listed.</exception>
    public bool Apply(bool mayRemove)
    {
        if (!_stale && mayRemove == _mayRemove && time.GetUtcNow() < _retryAt)
        {
            return false;
        }

        _problems.Clear();
        if (desired.ProviderRoutes.Count == 0 && !(mayRemove && _mayStand))
        {
            return Finish(mayRemove, changed: false);
        }

        // Two of policy may come out as one.
        HashSet<RouteSpec> routes = [];
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
        HashSet<RouteSpec> found = [.. OurRoutes(view)];
        RuleInfo[] standing = [.. view.GetRules().Where(IsOurs)];
        bool changed = false;
        HashSet<(IPNetwork, int?)> replaced = [];

        // A rule asks the table only when its routes stand, and no more before they go.
        foreach (RouteSpec route in routes.Except(found))
        {
            if (Try(() => view.SetRoute(route), $"{route.Destination} via {(object?)route.Gateway ?? "on-link"} cannot be set"))
            {
                changed = true;
                replaced.Add((route.Destination, route.Metric));
            }
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

            // What was replaced is gone, and asking for its deletion may delete what took its place.
            foreach (RouteSpec route in found.Except(routes).Where(f => !replaced.Contains((f.Destination, f.Metric))))
            {
                changed |= Try(() => view.DeleteRoute(route), $"{route.Destination} cannot be removed");
            }
        }

        _mayStand = desired.ProviderRoutes.Count > 0 || !mayRemove || _problems.Count > 0;
        return Finish(mayRemove, changed);
    }

    /// <summary>Removes what agents put into this network namespace.</summary>
    public static void RemoveAll(INetworkView view)
    {
        foreach (RuleInfo rule in view.GetRules().Where(IsOurs))
        {
            view.DeleteRule(rule);
        }

        foreach (RouteSpec route in OurRoutes(view))
        {
            view.DeleteRoute(route);
        }
    }

    private bool Finish(bool mayRemove, bool changed)
    {
        _mayRemove = mayRemove;
        _stale = false;
        _retryAt = _problems.Count > 0 ? time.GetUtcNow() + RetryPause : DateTimeOffset.MaxValue;
        return changed;
    }

    private static bool IsOurs(RuleInfo rule) => rule is { Protocol: Protocol, Table: Table };

    private static IEnumerable<RouteSpec> OurRoutes(INetworkView view) =>
        view.GetRoutes(Table).Where(static r => r.Protocol == Protocol).Select(static r => SpecOf(r.Destination, r.Gateway, r.InterfaceIndex, r.Metric));

    /// <summary>What tells our routes apart; of everything else they have the same.</summary>
    private static RouteSpec SpecOf(IPNetwork prefix, IPAddress? gateway, int uplink, int metric) =>
        new(prefix) { Gateway = gateway, InterfaceIndex = uplink, Metric = metric, Table = Table, Protocol = Protocol };

    private void AddOnLink(HashSet<RouteSpec> routes, AddressFamily family)
    {
        HashSet<(IPNetwork, int Uplink)> seen = [];
        HashSet<IPAddress> addresses = []; // One that two uplinks have is the first one's, as everywhere.
        foreach ((AddressInfo address, LinkInfo uplink, int preference) in ProviderAddresses(family).Where(static a => a.Address.PrefixLength < a.Address.Address.GetMaxLength()))
        {
            IPNetwork prefix = address.Address.GetPrefix(address.PrefixLength);
            if (addresses.Add(address.Address) && seen.Add((prefix, uplink.Index)))
            {
                routes.Add(SpecOf(prefix, null, uplink.Index, OnLinkMetric + preference));
            }
        }
    }

    private void Add(HashSet<RouteSpec> routes, ProviderRouteItem route)
    {
        if (FindUplink(route) is not { } uplink)
        {
            _problems.Add(
                route.Uplink is { } name ? $"Provider route {route.Prefix}: {name} is not an uplink of this host; give it to the agent with --uplink, or correct the Host object."
                : route.NextHop is { } hop ? $"Provider route {route.Prefix}: next hop {hop} is in the network of no provider address of this host; correct it, or name the uplink in the Host object."
                : $"Provider route {route.Prefix}: no uplink has a provider address of its family.");
            return;
        }

        routes.Add(SpecOf(route.Prefix, route.NextHop, uplink, (int)route.Metric + FirstMetric));
    }

    private int? FindUplink(ProviderRouteItem route)
    {
        if (route.Uplink is { } name)
        {
            return network.IsUplink(name) ? network.Find(name)?.Index : null;
        }

        // On-link: where the preferred provider address of the family is.
        return ProviderAddresses(route.Prefix.BaseAddress.AddressFamily)
            .Where(a => route.NextHop is not { } hop || a.Address.Address.GetPrefix(a.Address.PrefixLength).Contains(hop))
            .Select(static a => (int?)a.Uplink.Index)
            .FirstOrDefault();
    }

    /// <summary>Those that policy says and an uplink has, the most preferred first.</summary>
    private IEnumerable<(AddressInfo Address, LinkInfo Uplink, int Preference)> ProviderAddresses(AddressFamily family) =>
        from usable in network.UsableAddresses()
        where usable.Address.Address.AddressFamily == family
        let item = desired.ProviderAddresses.FirstOrDefault(p => p.Address.Equals(usable.Address.Address))
        where item is not null
        orderby item.Preference
        select (usable.Address, usable.Uplink, item.Preference);

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
}

using System.Net;
using System.Net.Sockets;
using Hnv.Agent.Desired;
using Hnv.Linux.Netlink;

namespace Hnv.Agent.Network;

/// <summary>
/// Finds the ways to the peers in the host's routing table, and which of them an event may have changed.
/// </summary>
internal sealed class WayFinder(INetworkView view, HostNetwork network, DesiredState desired)
{
    private readonly HashSet<IPAddress> _stale = [];
    private bool _allStale;

    /// <summary>A route changed: the ways of the peers within it are to be found anew.</summary>
    public void OnRouteChanged(IPNetwork destination, RouteType type)
    {
        if (_allStale || type is RouteType.Local or RouteType.Broadcast or RouteType.Multicast or RouteType.Anycast)
        {
            return;
        }

        if (destination.PrefixLength == 0)
        {
            _allStale = true;
            return;
        }

        foreach (IPAddress peer in desired.Peers)
        {
            if (destination.Contains(peer))
            {
                _stale.Add(peer);
            }
        }
    }

    /// <summary>Something of the uplinks or of our provider addresses changed.</summary>
    public void OnUplinksChanged() => _allStale = true;

    /// <summary>Looks up what is new or stale.</summary>
    /// <exception cref="Hnv.Linux.LinuxException">Netlink failed.</exception>
    public void Refresh()
    {
        _stale.UnionWith(desired.TakeNewPeers()); // Stale until all lookups are done: netlink may fail in the middle.
        IPAddress[] work = _allStale ? [.. desired.Peers] : [.. _stale];
        if (work.Length > 0)
        {
            Dictionary<IPAddress, int> present = network.UplinkAddresses();
            Source? source4 = SourceOf(AddressFamily.InterNetwork, present);
            Source? source6 = SourceOf(AddressFamily.InterNetworkV6, present);
            foreach (IPAddress peer in work)
            {
                desired.SetWay(peer, Find(peer, peer.AddressFamily == AddressFamily.InterNetwork ? source4 : source6));
            }
        }

        _stale.Clear();
        _allStale = false;
    }

    private PeerWay? Find(IPAddress peer, Source? source)
    {
        if (source is null
            || view.FindRoute(peer, source.Address, source.Vrf) is not { Type: RouteType.Unicast } route
            || !network.Links.TryGetValue(route.InterfaceIndex, out LinkInfo? link)
            || !network.IsUplink(link.Name))
        {
            return null;
        }

        return new PeerWay(source.Address, link.Index, Math.Min(route.Mtu ?? link.Mtu, link.Mtu));
    }

    /// <summary>
    /// Our first provider address of the family, whichever uplink the route takes: receivers compare the sender's address with the
    /// record of the inner source, and policy writes the first one there.
    /// </summary>
    private Source? SourceOf(AddressFamily family, Dictionary<IPAddress, int> present) =>
        desired.ProviderAddresses
            .Where(p => p.Address.AddressFamily == family && present.ContainsKey(p.Address))
            .OrderBy(p => p.Preference)
            .Select(p => new Source(p.Address, network.VrfOf(present[p.Address])))
            .FirstOrDefault();

    /// <param name="Vrf">The VRF that the address is in; null: none.</param>
    private sealed record Source(IPAddress Address, int? Vrf);
}

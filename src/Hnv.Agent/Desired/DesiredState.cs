using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Hnv.Agent.Sync;
using Hnv.Api.Stream;
using Hnv.Datapath;
using Hnv.Datapath.Layouts;
using Hnv.Model.Addressing;
using Hnv.Wire;
using Hnv.Model.Resources;
using Encapsulation = Hnv.Datapath.Layouts.Encapsulation;

namespace Hnv.Agent.Desired;

/// <summary>
/// What the kernel's tables should hold: a function of the policy's items, of which ports are bound where, of the provider addresses
/// that exist, and of the ways to the peers. Kept up to date item by item; no I/O.
/// <code>
///   policy items ─┐
///   bound ports  ─┼─► records, macs, subnets, members, routes, peers, local_pas   (IDataplane's desired tables)
///   addresses    ─┤
///   ways         ─┘
/// </code>
/// </summary>
/// <remarks>
/// Invariant, checked by a property test: whatever the order of the inputs, the tables are those of a rebuild from the final inputs.
/// Every input costs what it concerns; only a change of the host's own provider addresses looks at all records.
/// For one thread at a time, that of <see cref="IDataplane"/>'s tables.
/// </remarks>
internal sealed class DesiredState
{
    /// <summary>MAC of the distributed gateway, the same in every subnet on every host, so that a moved VM needs no new ARP.</summary>
    public static readonly MacAddress GatewayMac = MacAddress.Parse("02:48:4e:56:00:01");

    /// <summary>What the distributed gateway advertises itself with: VMs ask for its MAC, too.</summary>
    private static readonly IPAddress s_gatewayLinkLocal = IpAddresses.LinkLocal(GatewayMac);

    private readonly IDataplane _dataplane;
    private readonly Dictionary<Guid, NetworkRef> _networks = [];
    private readonly Dictionary<Guid, string> _refused = [];
    private readonly Claims<uint, SubnetItem> _subnets = new();
    private readonly Claims<RouteKey, RouteItem> _routes = new();
    private readonly SmallIndex<uint, RouteItem> _routesOfSubnet = new();
    private readonly Claims<RecordKey, RecordItem> _records = new();
    private readonly Claims<string, PortItem> _ports = new();
    private readonly Claims<MacKey, MemberItem> _members = new();
    private readonly Claims<MacKey, MoveItem> _moves = new();
    private readonly SmallIndex<string, MoveItem> _movesByPort = new(StringComparer.Ordinal);
    private readonly RecordedEndpoints _endpoints = new();
    private readonly MemberTable _memberTable;
    private readonly ResponderTable _responder;
    private readonly SmallIndex<uint, PortItem> _portsByNumber = new();
    private readonly Dictionary<RecordKey, int> _gateways = [];
    private readonly SmallIndex<MacKey, PolicyItem> _adapters = new();
    private readonly SmallIndex<string, RecordItem> _recordsByPort = new(StringComparer.Ordinal);
    private readonly SmallIndex<string, MemberItem> _membersByPort = new(StringComparer.Ordinal);
    private readonly OwnAddresses _own;
    private readonly Dictionary<string, ProviderRouteItem> _providerRoutes = new(StringComparer.Ordinal);
    private readonly PeerTable _peers;
    private readonly GroupTable _groups;
    private readonly Places _places;

    /// <summary>Names of ports whose item changed since the last <see cref="TakeChangedPorts"/>.</summary>
    private readonly HashSet<string> _changedPorts = new(StringComparer.Ordinal);

    private int _prepared;

    public DesiredState(IDataplane dataplane)
    {
        _dataplane = dataplane;
        _memberTable = new MemberTable(dataplane.Members);
        _responder = new ResponderTable(dataplane);
        _own = new OwnAddresses(dataplane.LocalPas);
        _peers = new PeerTable(dataplane.Peers, _responder.CountWay);
        _groups = new GroupTable(dataplane.Peers);
        _places = new Places(_own, _ports, _moves, _members, _adapters);
    }

    /// <summary>Networks that cannot be realised here, each with the reason.</summary>
    public IReadOnlyDictionary<Guid, string> Refused => _refused;

    /// <summary>Host-local number → routing domain; those of subnets with routes of their own, too.</summary>
    public ImmutableDictionary<uint, Guid> RoutingDomains { get; private set; } = ImmutableDictionary<uint, Guid>.Empty;

    /// <summary>Provider addresses that policy gives this host.</summary>
    public IReadOnlyCollection<ProviderAddressItem> ProviderAddresses => _own.All;

    /// <summary>The routes that policy gives this host on the provider network.</summary>
    public IReadOnlyCollection<ProviderRouteItem> ProviderRoutes => _providerRoutes.Values;

    /// <summary>Every peer that policy names.</summary>
    public IReadOnlyCollection<IPAddress> Peers => _peers.All;

    /// <summary>Peers to which no way is known.</summary>
    public IEnumerable<IPAddress> UnreachablePeers => _peers.Unreachable;

    /// <summary>Groups of the provider network to which subnets flood that have a port bound here.</summary>
    public IReadOnlyCollection<IPAddress> Groups => _groups.All;

    /// <summary>Whether policy prepares a port here that moves to this host.</summary>
    public bool HasPrepared => _prepared > 0;

    /// <summary>Every port that policy puts on this host, with the number that its routes are under.</summary>
    public IEnumerable<(PortItem Port, uint Rd)> Ports => _ports.Winners.Select(p => (p.Value.Item, NumberAt(p.Value.Network, p.Value.Item.Vsid)));

    /// <summary>Whether a network here travels in VXLAN.</summary>
    public bool UsesVxlan => _networks.Values.Any(static n => n.Encapsulation == Encapsulation.Vxlan);

    /// <summary>How the frames of a port that policy has here travel.</summary>
    public Encapsulation EncapsulationOf(string port) =>
        _ports.TryGet(port, out Claims<string, PortItem>.Claim claim) ? claim.Network.Encapsulation : Encapsulation.Nvgre;

    /// <summary>The port of that name and the number that its routes are under; null when policy puts none here.</summary>
    public (PortItem Port, uint Rd)? FindPort(string name) =>
        _ports.TryGet(name, out Claims<string, PortItem>.Claim claim) ? (claim.Item, NumberAt(claim.Network, claim.Item.Vsid)) : null;

    /// <summary>Ports that came, changed or went since the last call.</summary>
    public string[] TakeChangedPorts()
    {
        string[] changed = [.. _changedPorts];
        _changedPorts.Clear();
        return changed;
    }

    /// <summary>Peers whose way was not looked up yet.</summary>
    public IPAddress[] TakeNewPeers() => _peers.TakeNew();

    /// <summary>The content of a network changed.</summary>
    public void OnUpdate(NetworkChanged change)
    {
        if (Realise(change.Policy.Network) is not { } network)
        {
            return;
        }

        SetEncapsulation(network, change.Policy.Encapsulation switch
        {
            Model.Resources.Encapsulation.Nvgre => Encapsulation.Nvgre,
            Model.Resources.Encapsulation.Vxlan => Encapsulation.Vxlan,
            var other => throw new ArgumentException($"The data plane has no encapsulation {other}.", nameof(change)),
        });

        foreach (ItemChange item in change.Changes)
        {
            Change(network, item.Before, item.After);
        }
    }

    /// <summary>A network left the host: everything it said is void, and its number is free.</summary>
    public void OnUpdate(NetworkDetached detached)
    {
        _refused.Remove(detached.Policy.Network);
        if (!_networks.TryGetValue(detached.Policy.Network, out NetworkRef? network))
        {
            return;
        }

        foreach (PolicyItem item in detached.Policy.Items.Values)
        {
            Change(network, item, null);
        }

        _networks.Remove(network.Id);
        if (network.Id != HostScope.Id)
        {
            RoutingDomains = RoutingDomains.Remove(network.Rd);
            _dataplane.RoutingDomains.Release(network.Id);
        }
    }

    /// <summary>A port is bound at an interface in the kernel; its records become local.</summary>
    public void PortBound(string name, uint vsid, int interfaceIndex) => SetBound(name, new BoundAt(vsid, interfaceIndex));

    /// <summary>A port is not bound any more; its records lose their place.</summary>
    public void PortUnbound(string name) => SetBound(name, null);

    /// <summary>Addresses that exist on the uplinks, with the interface index of each.</summary>
    public void SetPresentAddresses(IReadOnlyDictionary<IPAddress, int> present) => _own.SetPresent(present);

    /// <summary>How a peer is reached from now on; null when it is not.</summary>
    public void SetWay(IPAddress peer, PeerWay? way) => _peers.SetWay(peer, way);

    /// <summary>How floods leave for the groups of a family from now on, and where they come in; null when there is no uplink.</summary>
    public void SetGroupWay(AddressFamily family, PeerWay? way) => _groups.SetWay(family, way);

    private void SetEncapsulation(NetworkRef network, Encapsulation encapsulation)
    {
        if (network.Encapsulation == encapsulation)
        {
            return;
        }

        network.Encapsulation = encapsulation;
        foreach (uint vsid in _subnets.Winners.Where(s => s.Value.Network == network).Select(static s => s.Key).ToArray())
        {
            WriteSubnet(vsid);
            TellResponder(vsid);
        }

        _changedPorts.UnionWith(_ports.Winners.Where(p => p.Value.Network == network).Select(static p => p.Key));
    }

    private NetworkRef? Realise(Guid id)
    {
        if (_networks.TryGetValue(id, out NetworkRef? network))
        {
            return network;
        }

        if (_refused.ContainsKey(id))
        {
            return null;
        }

        try
        {
            network = new NetworkRef(id, id == HostScope.Id ? 0 : _dataplane.RoutingDomains.Number(id));
        }
        catch (DataplaneException e)
        {
            _refused.Add(id, e.Message);
            return null;
        }

        _networks.Add(id, network);
        if (network.Rd != 0)
        {
            RoutingDomains = RoutingDomains.SetItem(network.Rd, id);
        }

        return network;
    }

    private void Change(NetworkRef network, PolicyItem? before, PolicyItem? after)
    {
        switch (before ?? after)
        {
            case RecordItem:
                ChangeRecord(network, (RecordItem?)before, (RecordItem?)after);
                break;
            case SubnetItem:
                ChangeSubnet(network, (SubnetItem?)before, (SubnetItem?)after);
                break;
            case RouteItem:
                ChangeRoute(network, (RouteItem?)before, (RouteItem?)after);
                break;
            case PortItem:
                ChangePort(network, (PortItem?)before, (PortItem?)after);
                break;
            case MemberItem:
                ChangeMember(network, (MemberItem?)before, (MemberItem?)after);
                break;
            case MoveItem:
                ChangeMove(network, (MoveItem?)before, (MoveItem?)after);
                break;
            case PeerItem peer:
                _peers.Change(peer.ProviderAddress, (PeerItem?)before, (PeerItem?)after);
                break;
            case ProviderAddressItem own:
                ChangeOwn(own.Address, (ProviderAddressItem?)after);
                break;
            case ProviderRouteItem route:
                _ = after is null ? _providerRoutes.Remove(route.Key) : (_providerRoutes[route.Key] = (ProviderRouteItem)after) is not null;
                break;
        }
    }

    private void ChangeRecord(NetworkRef network, RecordItem? before, RecordItem? after)
    {
        RecordItem any = (after ?? before)!;
        var key = new RecordKey(any.Vsid, any.CustomerAddress);
        if (before is not null)
        {
            _adapters.Remove(new MacKey(before.Vsid, before.Mac), before);
            if (before.Port is not null)
            {
                _recordsByPort.Remove(before.Port, before);
            }
        }

        if (after is not null)
        {
            _records.Put(network, key, after);
            _adapters.Add(new MacKey(after.Vsid, after.Mac), after);
            if (after.Port is not null)
            {
                _recordsByPort.Add(after.Port, after);
            }
        }
        else
        {
            _records.Remove(network, key);
        }

        WriteRecord(key);
        foreach (IPAddress? endpoint in (ReadOnlySpan<IPAddress?>)[_endpoints.Count(after, 1), _endpoints.Count(before, -1)])
        {
            if (endpoint is not null)
            {
                WriteEndpoint(any.Vsid, endpoint);
            }
        }

        if (before is not null && before.Mac != after?.Mac)
        {
            WriteMac(new MacKey(before.Vsid, before.Mac));
        }

        if (after is not null)
        {
            WriteMac(new MacKey(after.Vsid, after.Mac));
        }
    }

    private void ChangeRoute(NetworkRef network, RouteItem? before, RouteItem? after)
    {
        if (before is { OfSubnet: true })
        {
            _routesOfSubnet.Remove(before.Vsid, before);
        }

        RouteItem any = (after ?? before)!;
        RouteKey key = KeyOf(network, any);
        if (after is not null)
        {
            _routes.Put(network, key, after);
            if (after.OfSubnet)
            {
                _routesOfSubnet.Add(after.Vsid, after);
            }
        }
        else
        {
            _routes.Remove(network, key);
        }

        WriteRoute(key);
    }

    private static RouteKey KeyOf(NetworkRef network, RouteItem route) => new(route.OfSubnet ? IRoutingDomains.NumberOfSubnet(route.Vsid) : network.Rd, route.Prefix);

    /// <summary>The network whose subnet has routes of its own; null: the routes of the network count there.</summary>
    private NetworkRef? OwnerOfRoutes(uint vsid) =>
        _subnets.TryGet(vsid, out Claims<uint, SubnetItem>.Claim claim) && claim.Item.OwnRoutes ? claim.Network : null;

    /// <summary>What the routes of a network's port or subnet are under.</summary>
    private uint NumberAt(NetworkRef network, uint vsid) => OwnerOfRoutes(vsid) == network ? IRoutingDomains.NumberOfSubnet(vsid) : network.Rd;

    private void ChangeSubnet(NetworkRef network, SubnetItem? before, SubnetItem? after)
    {
        CountGateways(before, -1);
        CountGateways(after, 1);
        uint vsid = (after ?? before)!.Vsid;
        NetworkRef? owner = OwnerOfRoutes(vsid);
        if (after is not null)
        {
            _subnets.Put(network, vsid, after);
        }
        else
        {
            _subnets.Remove(network, vsid);
        }

        WriteSubnet(vsid);
        TellResponder(vsid);
        foreach (IPAddress endpoint in _endpoints.Of(vsid))
        {
            WriteEndpoint(vsid, endpoint);
        }

        if (OwnerOfRoutes(vsid) is var now && now != owner)
        {
            uint number = IRoutingDomains.NumberOfSubnet(vsid);
            RoutingDomains = now is null ? RoutingDomains.Remove(number) : RoutingDomains.SetItem(number, now.Id);
            _changedPorts.UnionWith(_ports.Winners.Where(p => p.Value.Item.Vsid == vsid).Select(static p => p.Key));
            foreach (RouteItem route in _routesOfSubnet[vsid])
            {
                WriteRoute(new RouteKey(number, route.Prefix));
            }
        }
    }

    private void TellResponder(uint vsid) =>
        _responder.SetSubnet(vsid, _subnets.TryGet(vsid, out Claims<uint, SubnetItem>.Claim claim) ? (claim.Network.Id, claim.Item, claim.Network.Encapsulation) : null);

    private void ChangeMember(NetworkRef network, MemberItem? before, MemberItem? after)
    {
        MemberItem any = (after ?? before)!;
        var key = new MacKey(any.Vsid, any.Mac);
        if (before is not null)
        {
            _membersByPort.Remove(before.Port, before);
        }

        if (after is not null)
        {
            _members.Put(network, key, after);
            _membersByPort.Add(after.Port, after);
        }
        else
        {
            _members.Remove(network, key);
        }

        WriteMember(any.Vsid, key);
        WriteMac(key);
    }

    /// <summary>Which adapters the programs heard at the ports that are prepared for them here.</summary>
    public void SetActivated(IEnumerable<MacKey> activated)
    {
        foreach (MacKey key in _places.SetActivated(activated))
        {
            WriteMember(key.Vsid.ToHost(), key);
        }
    }

    private void ChangeMove(NetworkRef network, MoveItem? before, MoveItem? after)
    {
        MoveItem any = (after ?? before)!;
        var key = new MacKey(any.Vsid, any.Mac);
        if (before is not null)
        {
            _movesByPort.Remove(before.Port, before);
        }

        if (after is not null)
        {
            _moves.Put(network, key, after);
            _movesByPort.Add(after.Port, after);
        }
        else
        {
            _moves.Remove(network, key);
        }

        WriteMoving(any.Vsid, key);
    }

    private void WriteMoving(uint vsid, MacKey key)
    {
        WriteMove(key);
        foreach (PolicyItem item in _adapters[key])
        {
            if (item is RecordItem record)
            {
                WriteRecord(new RecordKey(record.Vsid, record.CustomerAddress));
            }
        }

        WriteMember(vsid, key);
        WriteMac(key);
    }

    private void CountGateways(SubnetItem? subnet, int by)
    {
        IPAddress? linkLocal = subnet is { Gateway6: not null, RouterAdvertisements: not RouterAdvertisementMode.Off } ? s_gatewayLinkLocal : null;
        foreach (IPAddress? gateway in (ReadOnlySpan<IPAddress?>)[subnet?.Gateway4, subnet?.Gateway6, linkLocal])
        {
            if (gateway is null)
            {
                continue;
            }

            var key = new RecordKey(subnet!.Vsid, gateway);
            int count = _gateways.GetValueOrDefault(key) + by;
            if (count > 0)
            {
                _gateways[key] = count;
            }
            else
            {
                _gateways.Remove(key);
            }

            WriteRecord(key);
        }
    }

    private void ChangePort(NetworkRef network, PortItem? before, PortItem? after)
    {
        string name = (after ?? before)!.Name;
        PortItem? winnerBefore = FindPort(name)?.Port;
        _prepared += (after is { Prepared: true } ? 1 : 0) - (before is { Prepared: true } ? 1 : 0);
        if (before is not null)
        {
            _adapters.Remove(new MacKey(before.Vsid, before.Mac), before);
            _portsByNumber.Remove(before.Number, before);
        }

        if (after is not null)
        {
            _ports.Put(network, name, after);
            _portsByNumber.Add(after.Number, after);
            _adapters.Add(new MacKey(after.Vsid, after.Mac), after);
        }
        else
        {
            _ports.Remove(network, name);
        }

        // Only a winner places its adapter, and the winner may be another network's now.
        _changedPorts.Add(name);
        WriteWhatIsAt(name);
        foreach (PortItem? port in (ReadOnlySpan<PortItem?>)[before, after, winnerBefore, FindPort(name)?.Port])
        {
            if (port is not null)
            {
                WriteAdapter(new MacKey(port.Vsid, port.Mac));
                _responder.SetPorts(port.Number, _portsByNumber[port.Number].ToArray().Where(_places.IsWinner));
            }
        }
    }

    private void ChangeOwn(IPAddress address, ProviderAddressItem? after)
    {
        if (!_own.Change(address, after))
        {
            return;
        }

        foreach ((MacKey key, Claims<MacKey, MoveItem>.Claim claim) in _moves.Winners)
        {
            if (address.Equals(claim.Item.From) || address.Equals(claim.Item.To))
            {
                WriteMoving(claim.Item.Vsid, key);
            }
        }

        foreach ((RecordKey key, Claims<RecordKey, RecordItem>.Claim claim) in _records.Winners)
        {
            if (address.Equals(claim.Item.ProviderAddress))
            {
                WriteRecord(key);
            }
        }

        foreach (uint vsid in _endpoints.SubnetsOf(address))
        {
            WriteEndpoint(vsid, address);
        }

        foreach ((MacKey key, Claims<MacKey, MemberItem>.Claim claim) in _members.Winners)
        {
            if (address.Equals(claim.Item.ProviderAddress))
            {
                WriteMember(claim.Item.Vsid, key);
                WriteMac(key);
            }
        }

        foreach ((MacKey key, PolicyItem[] items) in _adapters.All)
        {
            if (items.Any(i => i is RecordItem record && address.Equals(record.ProviderAddress)))
            {
                WriteMac(key);
            }
        }
    }

    private void SetBound(string name, BoundAt? bound)
    {
        if (!_places.SetBound(name, bound))
        {
            return;
        }

        WriteWhatIsAt(name);
        if (_ports.TryGet(name, out Claims<string, PortItem>.Claim port))
        {
            WriteAdapter(new MacKey(port.Item.Vsid, port.Item.Mac));
        }
    }

    /// <summary>The port came, went, or is another one's now: what leads there is written anew.</summary>
    private void WriteWhatIsAt(string name)
    {
        foreach (MoveItem move in _movesByPort[name])
        {
            WriteMove(new MacKey(move.Vsid, move.Mac));
        }

        foreach (RecordItem record in _recordsByPort[name])
        {
            WriteRecord(new RecordKey(record.Vsid, record.CustomerAddress));
            WriteMac(new MacKey(record.Vsid, record.Mac));
        }

        foreach (MemberItem member in _membersByPort[name])
        {
            var key = new MacKey(member.Vsid, member.Mac);
            WriteMember(member.Vsid, key);
            WriteMac(key);
        }
    }

    private void WriteMove(MacKey key)
    {
        if (!_moves.TryGet(key, out Claims<MacKey, MoveItem>.Claim claim))
        {
            _dataplane.Moves.Remove(key);
            return;
        }

        MoveItem move = claim.Item;
        IPAddress? from = move.From is { } pa && _own.Contains(pa) ? null : move.From;
        _dataplane.Moves.Set(
            key,
            _own.Contains(move.To)
                ? MoveEntry.ToPort(move.Mac, FindPort(move.Port) is { Port.Prepared: true } && _places.InterfaceOf(move.Port, move.Vsid) is { } index ? index : 0, from)
                : MoveEntry.ToHost(move.Mac, move.To, from));
    }

    private void WriteRecord(RecordKey key)
    {
        if (_gateways.ContainsKey(key))
        {
            _dataplane.Records.Set(key, new RecordEntry(KernelMac.From(GatewayMac), RecordKind.DistributedGateway, RecordFlags.None, KernelAddress.None, 0));
        }
        else if (_records.TryGet(key, out Claims<RecordKey, RecordItem>.Claim claim))
        {
            RecordItem record = claim.Item;
            LocationEntry? place = _places.Locate(record);
            RecordFlags flags = record.Unusable || place is null ? RecordFlags.Unusable : RecordFlags.None;
            if (record.Port is not null && _moves.TryGet(new MacKey(record.Vsid, record.Mac), out Claims<MacKey, MoveItem>.Claim move) && move.Item.Port == record.Port)
            {
                flags |= RecordFlags.Moving;
            }

            LocationEntry at = place.GetValueOrDefault();
            _dataplane.Records.Set(key, new RecordEntry(KernelMac.From(record.Mac), (RecordKind)record.Type, flags, at.Pa, at.Ifindex));
        }
        else
        {
            _dataplane.Records.Remove(key);
        }
    }

    /// <summary>While two networks speak for a subnet, a route of its own counts only where the one whose word counts for it has the subnet, too.</summary>
    private void WriteRoute(RouteKey key)
    {
        if (_routes.TryGet(key, out Claims<RouteKey, RouteItem>.Claim claim) && (!claim.Item.OfSubnet || OwnerOfRoutes(claim.Item.Vsid) == claim.Network))
        {
            _dataplane.Routes.Set(key, new RouteEntry(claim.Item.Vsid, claim.Item.NextHop is { } hop && !hop.IsUnspecified() ? hop : null));
        }
        else
        {
            _dataplane.Routes.Remove(key);
        }
    }

    private void WriteSubnet(uint vsid)
    {
        var key = new SubnetKey(vsid);
        if (!_subnets.TryGet(vsid, out Claims<uint, SubnetItem>.Claim claim))
        {
            _dataplane.Subnets.Remove(key);
            _groups.Need(vsid, null);
            return;
        }

        SubnetItem subnet = claim.Item;
        (uint local, uint remote, bool learn) = _memberTable.CountsOf(vsid);
        IPAddress? group = subnet.Flooding == FloodingMode.Multicast ? subnet.MulticastGroup : null;
        _dataplane.Subnets.Set(key, new SubnetEntry(NumberAt(claim.Network, vsid), GatewayMac, subnet.Gateway4, subnet.Gateway6) with
        {
            Encapsulation = claim.Network.Encapsulation,
            Flags = (learn || subnet.Learning == LearningMode.Dynamic ? SubnetFlags.Learns : SubnetFlags.None)
                | (subnet.Flooding != FloodingMode.None ? SubnetFlags.Floods : SubnetFlags.None),
            Group = KernelAddress.From(group),
            LocalMembers = local,
            RemoteMembers = remote,
            Epoch = subnet.LearningEpoch,
        });
        _groups.Need(vsid, local > 0 ? group : null);
    }

    private void WriteMember(uint vsid, MacKey key)
    {
        MemberItem? member = _members.TryGet(key, out Claims<MacKey, MemberItem>.Claim claim) ? claim.Item : null;
        if (_memberTable.Set(vsid, key, member, member is null ? null : _places.Locate(member), member is null ? null : _places.LocateDestination(member)))
        {
            WriteSubnet(vsid);
        }
    }

    /// <summary>An endpoint that records name is a member where each member's host gets a copy. A group's members join it.</summary>
    private void WriteEndpoint(uint vsid, IPAddress address)
    {
        bool floods = _subnets.TryGet(vsid, out Claims<uint, SubnetItem>.Claim claim) && claim.Item.Flooding == FloodingMode.Unicast;
        if (_memberTable.SetEndpoint(vsid, address, floods && _endpoints.Contains(vsid, address) && !_own.Contains(address)))
        {
            WriteSubnet(vsid);
        }
    }

    private void WriteMac(MacKey key)
    {
        if (_places.LocateAdapter(key) is { } place)
        {
            _dataplane.Macs.Set(key, place);
        }
        else
        {
            _dataplane.Macs.Remove(key);
        }
    }

    /// <summary>A port here came or went: what leads to its adapter is written anew, explicit records too.</summary>
    private void WriteAdapter(MacKey key)
    {
        WriteMac(key);
        foreach (PolicyItem item in _adapters[key])
        {
            if (item is RecordItem { Port: null } record)
            {
                WriteRecord(new RecordKey(record.Vsid, record.CustomerAddress));
            }
        }
    }
}

using System.Collections.Immutable;
using System.Net;
using Hnv.Agent.Sync;
using Hnv.Api.Stream;
using Hnv.Datapath;
using Hnv.Datapath.Layouts;
using Hnv.Model.Addressing;
using Hnv.Wire;
using Hnv.Model.Resources;

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
internal sealed class DesiredState(IDataplane dataplane)
{
    /// <summary>MAC of the distributed gateway, the same in every subnet on every host, so that a moved VM needs no new ARP.</summary>
    public static readonly MacAddress GatewayMac = MacAddress.Parse("02:48:4e:56:00:01");

    /// <summary>What the distributed gateway advertises itself with: VMs ask for its MAC, too.</summary>
    private static readonly IPAddress s_gatewayLinkLocal = IpAddresses.LinkLocal(GatewayMac);

    private readonly Dictionary<Guid, NetworkRef> _networks = [];
    private readonly Dictionary<Guid, string> _refused = [];
    private readonly Claims<uint, SubnetItem> _subnets = new();
    private readonly Claims<RecordKey, RecordItem> _records = new();
    private readonly Claims<string, PortItem> _ports = new();
    private readonly Claims<MacKey, MemberItem> _members = new();
    private readonly Claims<MacKey, MoveItem> _moves = new();
    private readonly SmallIndex<string, MoveItem> _movesByPort = new(StringComparer.Ordinal);
    private readonly MemberTable _memberTable = new(dataplane.Members);
    private readonly ResponderTable _responder = new(dataplane);
    private readonly SmallIndex<uint, PortItem> _portsByNumber = new();
    private readonly Dictionary<RecordKey, int> _gateways = [];
    private readonly SmallIndex<MacKey, PolicyItem> _adapters = new();
    private readonly SmallIndex<string, RecordItem> _recordsByPort = new(StringComparer.Ordinal);
    private readonly SmallIndex<string, MemberItem> _membersByPort = new(StringComparer.Ordinal);

    /// <summary>Group of the provider network → virtual subnets here that need it.</summary>
    private readonly Dictionary<IPAddress, HashSet<uint>> _groups = [];
    private PeerWay? _groupWay;
    private readonly Dictionary<uint, IPAddress> _groupOf = [];
    private readonly Dictionary<string, BoundPort> _bound = new(StringComparer.Ordinal);
    private readonly Dictionary<IPAddress, ProviderAddressItem> _own = [];
    private readonly Dictionary<IPAddress, int> _present = [];
    private readonly Dictionary<IPAddress, Peer> _peers = [];

    /// <summary>Names of ports whose item changed since the last <see cref="TakeChangedPorts"/>.</summary>
    private readonly HashSet<string> _changedPorts = new(StringComparer.Ordinal);

    private readonly HashSet<IPAddress> _peersWithoutWay = [];
    private int _prepared;

    /// <summary>Networks that cannot be realised here, each with the reason.</summary>
    public IReadOnlyDictionary<Guid, string> Refused => _refused;

    /// <summary>Host-local number → routing domain.</summary>
    public ImmutableDictionary<uint, Guid> RoutingDomains { get; private set; } = ImmutableDictionary<uint, Guid>.Empty;

    /// <summary>Provider addresses that policy gives this host.</summary>
    public IReadOnlyCollection<ProviderAddressItem> ProviderAddresses => _own.Values;

    /// <summary>Every peer that policy names.</summary>
    public IReadOnlyCollection<IPAddress> Peers => _peers.Keys;

    /// <summary>Peers to which no way is known.</summary>
    public IEnumerable<IPAddress> UnreachablePeers => _peers.Where(p => p.Value.Way is null).Select(p => p.Key);

    /// <summary>Provider addresses that policy gives this host and no uplink has.</summary>
    public IEnumerable<IPAddress> MissingProviderAddresses => _own.Keys.Where(a => !_present.ContainsKey(a));

    /// <summary>Groups of the provider network to which subnets flood that have a port bound here.</summary>
    public IReadOnlyCollection<IPAddress> Groups => _groups.Keys;

    /// <summary>Whether policy prepares a port here that moves to this host.</summary>
    public bool HasPrepared => _prepared > 0;

    /// <summary>Every port that policy puts on this host, with the number of its routing domain.</summary>
    public IEnumerable<(PortItem Port, uint Rd)> Ports => _ports.Winners.Select(p => (p.Value.Item, p.Value.Network.Rd));

    /// <summary>The port of that name and the number of its routing domain; null when policy puts none here.</summary>
    public (PortItem Port, uint Rd)? FindPort(string name) =>
        _ports.TryGet(name, out Claims<string, PortItem>.Claim claim) ? (claim.Item, claim.Network.Rd) : null;

    /// <summary>Ports that came, changed or went since the last call.</summary>
    public string[] TakeChangedPorts()
    {
        string[] changed = [.. _changedPorts];
        _changedPorts.Clear();
        return changed;
    }

    /// <summary>Peers whose way was not looked up yet.</summary>
    public IPAddress[] TakeNewPeers()
    {
        IPAddress[] peers = [.. _peersWithoutWay];
        _peersWithoutWay.Clear();
        return peers;
    }

    /// <summary>The content of a network changed.</summary>
    public void OnUpdate(NetworkChanged change)
    {
        if (Realise(change.Policy.Network) is not { } network)
        {
            return;
        }

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
            dataplane.RoutingDomains.Release(network.Id);
        }
    }

    /// <summary>A port is bound at an interface in the kernel; its records become local.</summary>
    public void PortBound(string name, uint vsid, int interfaceIndex) => SetBound(name, new BoundPort(vsid, interfaceIndex));

    /// <summary>A port is not bound any more; its records lose their place.</summary>
    public void PortUnbound(string name) => SetBound(name, null);

    /// <summary>Addresses that exist on the uplinks, with the interface index of each.</summary>
    public void SetPresentAddresses(IReadOnlyDictionary<IPAddress, int> present)
    {
        foreach (IPAddress gone in _present.Keys.Where(a => !present.ContainsKey(a)).ToArray())
        {
            _present.Remove(gone);
            WriteLocalPa(gone);
        }

        foreach ((IPAddress address, int uplink) in present)
        {
            if (!_present.TryGetValue(address, out int before) || before != uplink)
            {
                _present[address] = uplink;
                WriteLocalPa(address);
            }
        }
    }

    /// <summary>How a peer is reached from now on; null when it is not.</summary>
    public void SetWay(IPAddress peer, PeerWay? way)
    {
        if (_peers.TryGetValue(peer, out Peer? known))
        {
            _responder.CountWay(known.Way, way);
            known.Way = way;
            WritePeer(peer);
        }
    }

    /// <summary>How floods leave for the groups from now on, and where they come in; null when there is no uplink.</summary>
    public void SetGroupWay(PeerWay? way)
    {
        if (_groupWay == way)
        {
            return;
        }

        _groupWay = way;
        foreach (IPAddress group in _groups.Keys)
        {
            WriteGroup(group);
        }
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
            network = new NetworkRef(id, id == HostScope.Id ? 0 : dataplane.RoutingDomains.Number(id));
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
            case RouteItem route:
                var key = new RouteKey(network.Rd, route.Prefix);
                if (after is RouteItem to)
                {
                    dataplane.Routes.Set(key, new RouteEntry(to.Vsid, IsUnspecified(to.NextHop) ? null : to.NextHop));
                }
                else
                {
                    dataplane.Routes.Remove(key);
                }

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
                ChangePeer(peer.ProviderAddress, (PeerItem?)before, (PeerItem?)after);
                break;
            case ProviderAddressItem own:
                ChangeOwn(own.Address, (ProviderAddressItem?)after);
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
        if (before is not null && before.Mac != after?.Mac)
        {
            WriteMac(new MacKey(before.Vsid, before.Mac));
        }

        if (after is not null)
        {
            WriteMac(new MacKey(after.Vsid, after.Mac));
        }
    }

    private void ChangeSubnet(NetworkRef network, SubnetItem? before, SubnetItem? after)
    {
        CountGateways(before, -1);
        CountGateways(after, 1);
        uint vsid = (after ?? before)!.Vsid;
        if (after is not null)
        {
            _subnets.Put(network, vsid, after);
        }
        else
        {
            _subnets.Remove(network, vsid);
        }

        WriteSubnet(vsid);
        _responder.SetSubnet(vsid, _subnets.TryGet(vsid, out Claims<uint, SubnetItem>.Claim claim) ? (claim.Network.Id, claim.Item) : null);
    }

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
                _responder.SetPorts(port.Number, _portsByNumber[port.Number].ToArray().Where(IsWinner));
            }
        }
    }

    private void ChangePeer(IPAddress address, PeerItem? before, PeerItem? after)
    {
        if (!_peers.TryGetValue(address, out Peer? peer))
        {
            _peers.Add(address, peer = new Peer());
            _peersWithoutWay.Add(address);
        }

        peer.Count(before, -1);
        peer.Count(after, 1);
        if (!peer.IsNamed)
        {
            _responder.CountWay(peer.Way, null);
            _peers.Remove(address);
            _peersWithoutWay.Remove(address);
            dataplane.Peers.Remove(KernelAddress.From(address));
            return;
        }

        WritePeer(address);
    }

    private void ChangeOwn(IPAddress address, ProviderAddressItem? after)
    {
        bool was = _own.ContainsKey(address);
        if (after is null)
        {
            _own.Remove(address);
        }
        else
        {
            _own[address] = after;
        }

        WriteLocalPa(address);
        if (was == after is not null)
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

    private void SetBound(string name, BoundPort? bound)
    {
        _bound.TryGetValue(name, out BoundPort? before);
        if (before == bound)
        {
            return;
        }

        if (bound is null)
        {
            _bound.Remove(name);
        }
        else
        {
            _bound[name] = bound;
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
            dataplane.Moves.Remove(key);
            return;
        }

        MoveItem move = claim.Item;
        IPAddress? from = move.From is { } pa && _own.ContainsKey(pa) ? null : move.From;
        dataplane.Moves.Set(
            key,
            _own.ContainsKey(move.To)
                ? MoveEntry.ToPort(move.Mac, FindPort(move.Port) is { Port.Prepared: true } && InterfaceOf(move.Port, move.Vsid) is { } index ? index : 0, from)
                : MoveEntry.ToHost(move.Mac, move.To, from));
    }

    private void WriteRecord(RecordKey key)
    {
        if (_gateways.ContainsKey(key))
        {
            dataplane.Records.Set(key, new RecordEntry(KernelMac.From(GatewayMac), RecordKind.DistributedGateway, RecordFlags.None, KernelAddress.None, 0));
        }
        else if (_records.TryGet(key, out Claims<RecordKey, RecordItem>.Claim claim))
        {
            RecordItem record = claim.Item;
            LocationEntry? place = Locate(record);
            RecordFlags flags = record.Unusable || place is null ? RecordFlags.Unusable : RecordFlags.None;
            if (record.Port is not null && _moves.TryGet(new MacKey(record.Vsid, record.Mac), out Claims<MacKey, MoveItem>.Claim move) && move.Item.Port == record.Port)
            {
                flags |= RecordFlags.Moving;
            }

            LocationEntry at = place.GetValueOrDefault();
            dataplane.Records.Set(key, new RecordEntry(KernelMac.From(record.Mac), (RecordKind)record.Type, flags, at.Pa, at.Ifindex));
        }
        else
        {
            dataplane.Records.Remove(key);
        }
    }

    private void WriteSubnet(uint vsid)
    {
        var key = new SubnetKey(vsid);
        if (!_subnets.TryGet(vsid, out Claims<uint, SubnetItem>.Claim claim))
        {
            dataplane.Subnets.Remove(key);
            NeedGroup(vsid, null);
            return;
        }

        SubnetItem subnet = claim.Item;
        (uint local, uint remote, bool learn) = _memberTable.CountsOf(vsid);
        IPAddress? group = subnet.Flooding == FloodingMode.Multicast ? subnet.MulticastGroup : null;
        dataplane.Subnets.Set(key, new SubnetEntry(claim.Network.Rd, GatewayMac, subnet.Gateway4, subnet.Gateway6) with
        {
            Flags = (learn || subnet.Learning == LearningMode.Dynamic ? SubnetFlags.Learns : SubnetFlags.None)
                | (subnet.Flooding != FloodingMode.None ? SubnetFlags.Floods : SubnetFlags.None),
            Group = KernelAddress.From(group),
            LocalMembers = local,
            RemoteMembers = remote,
            Epoch = subnet.LearningEpoch,
        });
        NeedGroup(vsid, local > 0 ? group : null);
    }

    private void NeedGroup(uint vsid, IPAddress? group)
    {
        _groupOf.TryGetValue(vsid, out IPAddress? before);
        if (Equals(before, group))
        {
            return;
        }

        if (before is not null)
        {
            _groupOf.Remove(vsid);
            _groups[before].Remove(vsid);
            if (_groups[before].Count == 0)
            {
                _groups.Remove(before);
                dataplane.Peers.Remove(KernelAddress.From(before));
            }
        }

        if (group is not null)
        {
            _groupOf.Add(vsid, group);
            if (!_groups.TryGetValue(group, out HashSet<uint>? subnets))
            {
                _groups.Add(group, subnets = []);
                WriteGroup(group);
            }

            subnets.Add(vsid);
        }
    }

    private void WriteMember(uint vsid, MacKey key)
    {
        MemberItem? member = _members.TryGet(key, out Claims<MacKey, MemberItem>.Claim claim) ? claim.Item : null;
        if (_memberTable.Set(vsid, key, member, member is null ? null : Locate(member)))
        {
            WriteSubnet(vsid);
        }
    }

    private void WriteMac(MacKey key)
    {
        if (LocateAdapter(key) is { } place)
        {
            dataplane.Macs.Set(key, place);
        }
        else
        {
            dataplane.Macs.Remove(key);
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

    /// <summary>
    /// Where a record leads: the port where it is bound here, else another host; null when neither. An explicit record with a provider
    /// address of this host leads to the port here that has its MAC.
    /// </summary>
    private LocationEntry? Locate(RecordItem record)
    {
        if (record.Port is not null && InterfaceHere(record.Port, record.Vsid) is { } index)
        {
            return LocationEntry.Local(index);
        }

        if (record.ProviderAddress is not { } pa)
        {
            return null;
        }

        var adapter = new MacKey(record.Vsid, record.Mac);
        return !_own.ContainsKey(pa) ? LocationEntry.Remote(pa) : record.Port is null ? LocatePort(adapter) : LocateMove(adapter, record.Port);
    }

    /// <summary>An adapter that left its interface here and is about to move will come up there.</summary>
    private LocationEntry? LocateMove(MacKey key, string port) =>
        _moves.TryGet(key, out Claims<MacKey, MoveItem>.Claim move) && move.Item.Port == port && !_own.ContainsKey(move.Item.To) ? LocationEntry.Remote(move.Item.To) : null;

    /// <summary>The interface of a port that policy has here now; null also of one that is only prepared.</summary>
    private int? InterfaceHere(string port, uint vsid) => FindPort(port) is { Port.Prepared: false } ? InterfaceOf(port, vsid) : null;

    private int? InterfaceOf(string port, uint vsid) => _bound.TryGetValue(port, out BoundPort? bound) && bound.Vsid == vsid ? bound.InterfaceIndex : null;

    /// <summary>Where a member is: the port where it is bound here, else another host; null when neither.</summary>
    private LocationEntry? Locate(MemberItem member) =>
        InterfaceHere(member.Port, member.Vsid) is { } index ? LocationEntry.Local(index)
        : member.ProviderAddress is not { } pa ? null
        : !_own.ContainsKey(pa) ? LocationEntry.Remote(pa)
        : LocateMove(new MacKey(member.Vsid, member.Mac), member.Port);

    /// <summary>The port bound here that has an adapter's MAC, the first by name.</summary>
    private LocationEntry? LocatePort(MacKey key)
    {
        LocationEntry? place = null;
        string? name = null;
        foreach (PolicyItem item in _adapters[key])
        {
            if (item is PortItem { Prepared: false } port && IsWinner(port) && _bound.TryGetValue(port.Name, out BoundPort? bound) && bound.Vsid == port.Vsid
                && (name is null || string.CompareOrdinal(port.Name, name) < 0))
            {
                name = port.Name;
                place = LocationEntry.Local(bound.InterfaceIndex);
            }
        }

        return place;
    }

    /// <summary>
    /// Where an adapter is: a port bound here first, then a usable record that is local, then the remote one that ranks first by type
    /// and address, then what a member says; so that the answer does not depend on the order in which they came.
    /// </summary>
    private LocationEntry? LocateAdapter(MacKey key)
    {
        if (LocatePort(key) is { } port)
        {
            return port;
        }

        LocationEntry? best = null;
        RecordItem? by = null;
        foreach (PolicyItem item in _adapters[key])
        {
            if (item is RecordItem { Unusable: false } record && Locate(record) is { } place && (by is null || Rank(record, place, by, best!.Value) < 0))
            {
                by = record;
                best = place;
            }
        }

        return best ?? (_members.TryGet(key, out Claims<MacKey, MemberItem>.Claim member) ? Locate(member.Item) : null);
    }

    private bool IsWinner(PortItem port) => _ports.TryGet(port.Name, out Claims<string, PortItem>.Claim claim) && ReferenceEquals(claim.Item, port);

    private static int Rank(RecordItem a, LocationEntry placeOfA, RecordItem b, LocationEntry placeOfB)
    {
        int order = (placeOfA.Ifindex == 0).CompareTo(placeOfB.Ifindex == 0);
        order = order != 0 ? order : a.Type.CompareTo(b.Type);
        order = order != 0 ? order : Compare(a.CustomerAddress, b.CustomerAddress);
        order = order != 0 ? order : placeOfA.Ifindex.CompareTo(placeOfB.Ifindex);
        return order != 0 || placeOfA.Ifindex != 0 ? order : Compare(a.ProviderAddress!, b.ProviderAddress!);
    }

    private static int Compare(IPAddress a, IPAddress b)
    {
        Span<byte> left = stackalloc byte[16];
        Span<byte> right = stackalloc byte[16];
        a.TryWriteBytes(left, out int leftLength);
        b.TryWriteBytes(right, out int rightLength);
        return left[..leftLength].SequenceCompareTo(right[..rightLength]);
    }

    private void WriteLocalPa(IPAddress address)
    {
        var key = KernelAddress.From(address);
        if (_own.ContainsKey(address) && _present.TryGetValue(address, out int uplink))
        {
            dataplane.LocalPas.Set(key, new LocalPaEntry((uint)uplink));
        }
        else
        {
            dataplane.LocalPas.Remove(key);
        }
    }

    private void WritePeer(IPAddress address)
    {
        Peer peer = _peers[address];
        dataplane.Peers.Set(
            KernelAddress.From(address),
            peer.Way is { } way ? new PeerEntry(KernelAddress.From(way.Local), (uint)way.Uplink, (uint)way.Mtu, peer.Flags) : PeerEntry.Unreachable(peer.Flags));
    }

    /// <summary>To the programs a group is a peer like another: our address, uplink and MTU.</summary>
    private void WriteGroup(IPAddress group) => dataplane.Peers.Set(
        KernelAddress.From(group),
        _groupWay is { } way ? new PeerEntry(KernelAddress.From(way.Local), (uint)way.Uplink, (uint)way.Mtu, PeerFlags.None) : PeerEntry.Unreachable(PeerFlags.None));

    private static bool IsUnspecified(IPAddress? address) => address is null || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private sealed record BoundPort(uint Vsid, int InterfaceIndex);

    /// <summary>A peer, named by one or more networks; it compares the whole key if one of them says so.</summary>
    private sealed class Peer
    {
        private int _named;
        private int _zero;

        public PeerWay? Way { get; set; }

        public bool IsNamed => _named > 0;

        public PeerFlags Flags => _zero > 0 ? PeerFlags.FlowIdZero : PeerFlags.None;

        public void Count(PeerItem? item, int by)
        {
            if (item is null)
            {
                return;
            }

            _named += by;
            if (item.FlowId == Model.Resources.FlowIdMode.Zero)
            {
                _zero += by;
            }
        }
    }
}

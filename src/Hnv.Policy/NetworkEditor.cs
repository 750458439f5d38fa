using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Hnv.Api.Stream;
using Hnv.Model;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Policy;

/// <summary>From one network's policy to the next: looks again at what is dirty, and remembers which keys came out different.</summary>
internal sealed class NetworkEditor
{
    private readonly PolicyInput _input;
    private readonly VmNetwork _network;
    private readonly SharedItems.Builder _shared;
    private readonly ImmutableDictionary<string, HostPart>.Builder _parts;
    private ItemSet<PeerItem> _peers;

    /// <param name="before">What it was; null to begin from nothing.</param>
    public NetworkEditor(PolicyInput input, VmNetwork network, NetworkPolicy? before)
    {
        _input = input;
        _network = network;
        _shared = (before?.Shared ?? SharedItems.Empty).ToBuilder();
        _peers = before?.Peers ?? ItemSet<PeerItem>.Empty;
        _parts = (before?.Parts ?? ImmutableDictionary.Create<string, HostPart>(StringComparer.Ordinal)).ToBuilder();
    }

    /// <summary>Keys to look at on every host.</summary>
    public HashSet<string> SharedKeys { get; } = new(StringComparer.Ordinal);

    /// <summary>Keys to look at on one host.</summary>
    public Dictionary<string, HashSet<string>> OwnKeys { get; } = new(StringComparer.Ordinal);

    private CloudModel Model => _input.Model;

    /// <summary>A network's policy from nothing.</summary>
    public static NetworkPolicy BuildAll(PolicyInput input, VmNetwork network)
    {
        var editor = new NetworkEditor(input, network, null);
        editor.SetItself(null);
        var dirty = new DirtyNetwork();
        foreach (VirtualSubnet subnet in network.Subnets)
        {
            foreach (LookupRecord record in input.Model.RecordsIn(subnet.Vsid))
            {
                dirty.Records.Add((record.Vsid, record.CustomerAddress));
                dirty.ProviderAddresses.Add(record.ProviderAddress);
            }
        }

        foreach (Port port in input.Model.PortsIn(network))
        {
            dirty.Ports.Add(port.Id);
            dirty.Members.Add((port.Vsid, port.Mac));
            dirty.Records.UnionWith(port.AllAddresses.Select(a => (port.Vsid, a)));
            foreach (Host host in port.Places.Select(p => input.Model.FindHost(p.Host)).OfType<Host>())
            {
                dirty.ProviderAddresses.UnionWith(host.ProviderAddresses);
            }
        }

        editor.Apply(dirty, CloudModel.Empty);
        return editor.Build();
    }

    /// <summary>Subnets, on-link and customer routes; <paramref name="old"/> is the network as it was.</summary>
    public void SetItself(VmNetwork? old)
    {
        Dictionary<string, PolicyItem> items = PolicyItems.OfNetwork(_network);
        foreach (string key in old is null ? [] : PolicyItems.OfNetwork(old).Keys.Where(k => !items.ContainsKey(k)))
        {
            SetShared(key, null);
        }

        foreach ((string key, PolicyItem item) in items)
        {
            SetShared(key, SharedItem.Of(item));
        }
    }

    /// <summary>Looks again at all that is dirty; <paramref name="before"/> tells where ports were.</summary>
    public void Apply(DirtyNetwork dirty, CloudModel before)
    {
        foreach ((uint vsid, IPAddress address) in dirty.Records)
        {
            SetRecord(vsid, address);
        }

        foreach ((uint vsid, MacAddress mac) in dirty.Members)
        {
            SetMember(vsid, mac);
            SetMove(vsid, mac);
        }

        foreach (ResourceId id in dirty.Ports)
        {
            SetPort(before.Find<Port>(id), Model.Find<Port>(id));
        }

        foreach (string host in dirty.Hosts)
        {
            SetHost(host);
        }

        // Last: who is a peer follows from who has ports here.
        foreach (IPAddress address in dirty.ProviderAddresses)
        {
            SetPeer(address);
        }
    }

    public NetworkPolicy Build()
    {
        foreach (string host in _parts.Where(static p => p.Value.Ports.Count == 0).Select(static p => p.Key).ToList())
        {
            _parts.Remove(host);
        }

        return new NetworkPolicy(_network, _shared.Build(), _peers, _parts.ToImmutable());
    }

    private void SetRecord(uint vsid, IPAddress address)
    {
        RecordItem? v4 = PolicyItems.Record(Model, vsid, address, AddressFamily.InterNetwork);
        RecordItem? v6 = PolicyItems.Record(Model, vsid, address, AddressFamily.InterNetworkV6);
        SetShared(RecordItem.KeyOf(vsid, address), v4 is null || v6 is null ? null : SharedItem.Of(v4, v6));
    }

    private void SetMember(uint vsid, MacAddress mac)
    {
        Port? port = Model.PortsAt(vsid, mac).FirstOrDefault(IsHere);
        MemberItem? v4 = port is null ? null : PolicyItems.Member(Model, port, AddressFamily.InterNetwork);
        MemberItem? v6 = port is null ? null : PolicyItems.Member(Model, port, AddressFamily.InterNetworkV6);
        SetShared(MemberItem.KeyOf(vsid, mac), v4 is null || v6 is null ? null : SharedItem.Of(v4, v6));
    }

    private void SetMove(uint vsid, MacAddress mac)
    {
        Port? port = Model.PortsAt(vsid, mac).FirstOrDefault(IsHere);
        MoveItem? v4 = port is null ? null : PolicyItems.Move(Model, port, AddressFamily.InterNetwork);
        MoveItem? v6 = port is null ? null : PolicyItems.Move(Model, port, AddressFamily.InterNetworkV6);
        SetShared(MoveItem.KeyOf(vsid, mac), v4 is null || v6 is null ? null : SharedItem.Of(v4, v6));
    }

    private void SetShared(string key, SharedItem? item)
    {
        if (_shared.Set(key, item))
        {
            SharedKeys.Add(key);
        }
    }

    private void SetPort(Port? old, Port? now)
    {
        // Wherever it was; in a network or on a host of another name it is simply not found.
        foreach ((string left, _) in old?.Places ?? [])
        {
            if (now is null || !IsHere(now) || now.Places.All(p => p.Host != left))
            {
                SetPortItem(left, $"port/{PolicyItems.PortName(old!)}", null);
            }
        }

        foreach ((string host, _) in now is not null && IsHere(now) ? now.Places : [])
        {
            PortItem item = PolicyItems.Port(_input, now!, host);
            SetPortItem(host, item.Key, item);
        }
    }

    private bool IsHere(Port port) => PolicyItems.NetworkOf(Model, port)?.RoutingDomainId == _network.RoutingDomainId;

    private void SetPortItem(string hostName, string key, PortItem? item)
    {
        if (!_parts.TryGetValue(hostName, out HostPart? part))
        {
            if (item is null || Model.FindHost(hostName) is not { } host)
            {
                return;
            }

            part = HostPart.Of(host);
        }

        ItemSet<PortItem> ports = part.Ports.Set(key, item);
        if (!ReferenceEquals(ports, part.Ports))
        {
            Own(hostName).Add(key);
        }

        _parts[hostName] = part with { Ports = ports };
    }

    private void SetHost(string name)
    {
        if (!_parts.TryGetValue(name, out HostPart? part))
        {
            return;
        }

        if (Model.FindHost(name) is not { } host)
        {
            _parts.Remove(name);
            return;
        }

        HostPart now = part with { OwnPeerKeys = HostPart.OwnKeys(host), Family = host.Family };
        HashSet<string> own = Own(name);
        own.UnionWith(part.OwnPeerKeys);
        own.UnionWith(now.OwnPeerKeys);
        if (now.Family != part.Family)
        {
            own.UnionWith(_shared.Build().MixedKeys);
        }

        _parts[name] = now;
    }

    private void SetPeer(IPAddress address)
    {
        bool takesPart = Model.OwnersOf(address).Any(o => o is Host h && _parts.TryGetValue(h.Name, out HostPart? part) && part.Ports.Count > 0)
            || Model.RecordsTo(address).Any(r => Model.FindSubnet(r.Vsid)?.Network.RoutingDomainId == _network.RoutingDomainId);
        var item = new PeerItem(address, PolicyItems.FlowId(Model, address));
        ItemSet<PeerItem> peers = _peers.Set(item.Key, takesPart ? item : null);
        if (!ReferenceEquals(peers, _peers))
        {
            SharedKeys.Add(item.Key);
            _peers = peers;
        }
    }

    private HashSet<string> Own(string host)
    {
        if (!OwnKeys.TryGetValue(host, out HashSet<string>? keys))
        {
            OwnKeys[host] = keys = new HashSet<string>(StringComparer.Ordinal);
        }

        return keys;
    }
}

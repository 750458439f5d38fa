using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Hnv.Datapath;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Ports;
using Hnv.Linux.Bpf;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Wire;
using Encapsulation = Hnv.Model.Resources.Encapsulation;

namespace Hnv.Bench.Topology;

/// <summary>
/// A VM whose broadcasts go to many hosts, which are addresses behind one cable; a program at its end counts the copies.
/// <code>
///   vm eth0 ─── port0 host up0 ─── up0 fabric
/// </code>
/// </summary>
internal sealed class FanOut : IDisposable
{
    private const uint Vsid = 5001;
    private const int Mtu = 1500;
    private static readonly IPAddress s_vm = IPAddress.Parse("10.0.0.5");
    private static readonly PhysicalAddress s_mac = PhysicalAddress.Parse("06-06-00-00-00-05");
    private static readonly Guid s_network = new("11111111-2222-3333-4444-000000005001");
    private static readonly MacAddress s_gateway = MacAddress.FromBytes([0x02, 0x48, 0x4e, 0x56, 0x00, 0x01]);

    private readonly string _name = TopologyNames.Next();
    private readonly Stack<IDisposable> _owned = new();
    private readonly bool _isOverIPv6;
    private readonly IPAddress _local;
    private readonly IPAddress[] _remotes;
    private Machine? _host;
    private Dataplane? _dataplane;
    private Encapsulation _encapsulation = Encapsulation.Nvgre;

    private FanOut(int remotes, AddressFamily family)
    {
        _isOverIPv6 = family == AddressFamily.InterNetworkV6;
        _local = IPAddress.Parse(_isOverIPv6 ? "fd00:4::11" : "192.168.4.11");
        _remotes = [.. Enumerable.Range(0, remotes).Select(i => _isOverIPv6
            ? IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"fd00:4::1:{1 + i}"))
            : new IPAddress([192, 168, (byte)(16 + i / 250), (byte)(1 + i % 250)]))];
    }

    /// <summary>Copies of a frame.</summary>
    public int Copies => _remotes.Length;

    /// <summary>The VM's adapter, from inside.</summary>
    public PacketSocket Sender { get; private set; } = null!;

    private BpfMap Counter { get; set; } = null!;

    /// <summary>By the real data plane, or by a kernel VXLAN device with a list of remote ends, and a bridge.</summary>
    /// <param name="family">Of the hosts' addresses.</param>
    public static FanOut Build(string carrier, int remotes, AddressFamily family)
    {
        var fan = new FanOut(remotes, family);
        try
        {
            fan.Build(carrier);
            return fan;
        }
        catch
        {
            fan.Dispose();
            throw;
        }
    }

    /// <summary>The real data plane encapsulates like this from here on; a kernel VXLAN device stays what it is.</summary>
    public void Become(Encapsulation encapsulation)
    {
        if (_dataplane is { } dataplane && _encapsulation != encapsulation)
        {
            _encapsulation = encapsulation;
            SetSubnet(dataplane);
            dataplane.Apply();
            _host!.Inside.Run(() => Bind(dataplane, _host));
        }
    }

    /// <summary>Copies that came out, so far.</summary>
    public ulong Received() => Counter.LookupPerCpu<uint, ulong>(0)!.Aggregate(0UL, (sum, count) => sum + count);

    public void Dispose()
    {
        if (_dataplane is { } dataplane)
        {
            _host!.Inside.Run(dataplane.Purge);
            dataplane.Dispose();
        }

        while (_owned.TryPop(out IDisposable? owned))
        {
            owned.Dispose();
        }

        PinDirectories.Remove(Path.Combine("/run", _name));
    }

    private void Build(string carrier)
    {
        Machine vm = Own(Machine.Create($"{_name}-vm1")), host = Own(Machine.Create($"{_name}-host1")), fabric = Own(Machine.Create($"{_name}-fabric"));
        host.Netlink.CreateVeth(new VethSpec(TwoHosts.Uplink, TwoHosts.Uplink) { Mtu = Mtu, PeerNamespace = fabric.Inside });
        host.Netlink.CreateVeth(new VethSpec(TwoHosts.Port, TwoHosts.Adapter) { PeerNamespace = vm.Inside });
        if (_isOverIPv6)
        {
            host.AllowIPv6(TwoHosts.Uplink);
        }

        host.Configure(TwoHosts.Uplink, _local, _isOverIPv6 ? 64 : 16);
        fabric.Configure(TwoHosts.Uplink);
        vm.Configure(TwoHosts.Adapter, s_vm, mac: s_mac);
        host.Netlink.SetUp(host.IndexOf(TwoHosts.Port));
        PhysicalAddress far = fabric.Netlink.GetLink(TwoHosts.Uplink).Mac!;
        foreach (IPAddress remote in _remotes)
        {
            host.Netlink.SetNeighbour(host.IndexOf(TwoHosts.Uplink), remote, far);
        }

        using BpfObject sink = BenchPrograms.Open("wire_sink");
        sink.AttachToIngress(fabric, TwoHosts.Uplink);
        Counter = Own(sink.OpenMap("received"));
        if (carrier == Carrier.Hnv)
        {
            _host = host;
            _dataplane = host.Inside.Run(() => OpenDataplane(host));
        }
        else
        {
            BuildVxlan(host);
        }

        if (!vm.Netlink.WaitUntilRunning(vm.IndexOf(TwoHosts.Adapter), TimeSpan.FromSeconds(10)) || !host.Netlink.WaitUntilRunning(host.IndexOf(TwoHosts.Uplink), TimeSpan.FromSeconds(10)))
        {
            throw new BenchException($"The links of {_name} do not come up.");
        }

        Sender = Own(PacketSocket.Open(vm.Inside, vm.IndexOf(TwoHosts.Adapter), new PacketSocketOptions { IgnoreOutgoing = true }));
    }

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Push(owned);
        return owned;
    }

    private void BuildVxlan(Machine host)
    {
        int bridge = host.Netlink.CreateBridge(new BridgeSpec("br0")).Index;
        int tunnel = host.Netlink.CreateVxlan(new VxlanSpec("vxlan0", (int)Vsid)
        {
            Local = _local, Device = host.IndexOf(TwoHosts.Uplink), Mtu = Mtu - (_isOverIPv6 ? 70 : 50), ZeroChecksum6 = _isOverIPv6, // As HNV sends it.
        }).Index;
        foreach (IPAddress remote in _remotes)
        {
            host.Netlink.AppendForwardingEntry(tunnel, PhysicalAddress.Parse("00-00-00-00-00-00"), remote);
        }

        foreach (int port in (int[])[tunnel, host.IndexOf(TwoHosts.Port)])
        {
            host.Netlink.ChangeLink(port, new LinkChange { Master = bridge });
            host.Netlink.SetUp(port);
        }

        host.Netlink.SetUp(bridge);
    }

    private Dataplane OpenDataplane(Machine host)
    {
        string directory = PinDirectories.Of(_name, host.Name);
        Directory.CreateDirectory(Path.GetDirectoryName(directory)!);
        Dataplane dataplane = Dataplane.Open(new DataplaneOptions { Directory = directory });
        int uplink = host.IndexOf(TwoHosts.Uplink), port = host.IndexOf(TwoHosts.Port);
        MacAddress mac = MacAddress.FromBytes(s_mac.GetAddressBytes());
        dataplane.LocalPas.Set(_local, new LocalPaEntry((uint)uplink));
        for (uint i = 0; i < _remotes.Length; i++)
        {
            dataplane.Peers.Set(_remotes[i], new PeerEntry(_local, (uint)uplink, Mtu, PeerFlags.None));
            dataplane.Members.Set(new MemberKey(Vsid, MemberKey.Remote + i), MemberEntry.Remote(_remotes[i], MemberFlags.None));
        }

        dataplane.Members.Set(new MemberKey(Vsid, 0), MemberEntry.Local(port, MemberFlags.None));
        SetSubnet(dataplane);
        dataplane.Macs.Set(new MacKey(Vsid, mac), LocationEntry.Local(port));
        dataplane.Records.Set(new RecordKey(Vsid, s_vm), RecordEntry.Local(mac, RecordKind.Static, port));
        dataplane.Apply();
        dataplane.AttachUplink(uplink);
        if (dataplane.SetVxlanPort(VxlanHeader.Port) is { } problem)
        {
            throw new BenchException(problem);
        }

        Bind(dataplane, host);
        return dataplane;
    }

    private void SetSubnet(Dataplane dataplane) => dataplane.Subnets.Set(
        new SubnetKey(Vsid),
        new SubnetEntry(dataplane.RoutingDomains.Number(s_network), s_gateway, IPAddress.Parse("10.0.0.1"), null) with
        {
            Flags = SubnetFlags.Floods, LocalMembers = 1, RemoteMembers = (uint)_remotes.Length, Encapsulation = (Datapath.Layouts.Encapsulation)_encapsulation,
        });

    private void Bind(Dataplane dataplane, Machine host) => dataplane.BindPort(
        new PortBinding(host.IndexOf(TwoHosts.Port), 1, dataplane.RoutingDomains.Number(s_network), Vsid, MacAddress.FromBytes(s_mac.GetAddressBytes()))
        {
            Encapsulation = (Datapath.Layouts.Encapsulation)_encapsulation,
        });
}

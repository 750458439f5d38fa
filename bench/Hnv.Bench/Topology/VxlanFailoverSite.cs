using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Hnv.Linux.Netlink;

namespace Hnv.Bench.Topology;

/// <summary>What people use today: on each host a bridge that learns, and a kernel VXLAN device that copies what floods to the two others.</summary>
internal sealed class VxlanFailoverSite : FailoverSite
{
    private const string Bridge = "br0";
    private const string Port = "port0";
    private const string Uplink = "up0";
    private static readonly string[] s_vms = ["a", "b", "c"];

    private readonly string _name = TopologyNames.Next();
    private readonly Stack<IDisposable> _owned = new();
    private readonly Dictionary<string, (Machine Vm, Machine Host)> _places = new(StringComparer.Ordinal);

    private readonly bool _isOverIPv6;

    private VxlanFailoverSite(AddressFamily family) => _isOverIPv6 = family == AddressFamily.InterNetworkV6;

    /// <summary>What the encapsulation leaves of 1500 bytes.</summary>
    private int Mtu => 1500 - (_isOverIPv6 ? 70 : 50);

    /// <param name="family">Of the hosts' addresses.</param>
    public static VxlanFailoverSite Build(AddressFamily family)
    {
        var site = new VxlanFailoverSite(family);
        try
        {
            site.BuildHosts();
            return site;
        }
        catch
        {
            site.Remove();
            throw;
        }
    }

    public override string NamespaceOf(string vm) => _places[vm].Vm.Name;

    public override Task ReviveAsync(string vm, CancellationToken cancellationToken)
    {
        if (_places[vm].Host.Netlink.FindLink(Port) is not null)
        {
            Unplug(vm);
        }

        Plug(vm);
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        Remove();
        return default;
    }

    protected override void Unplug(string vm)
    {
        Machine host = _places[vm].Host;
        host.Netlink.DeleteLink(host.IndexOf(Port));
    }

    private IPAddress ProviderAddress(int i) => IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"{(_isOverIPv6 ? "fd00:4::" : "192.168.4.")}{11 + i}"));

    private void BuildHosts()
    {
        Machine fabric = Own(Machine.Create($"{_name}-fabric"));
        int fabricBridge = fabric.Netlink.CreateBridge(new BridgeSpec(Bridge)).Index;
        fabric.Netlink.SetUp(fabricBridge);
        foreach ((int i, string name) in s_vms.Index())
        {
            Machine host = Own(Machine.Create($"{_name}-host{i + 1}")), vm = Own(Machine.Create($"{_name}-vm{i + 1}"));
            _places.Add(name, (vm, host));
            string outlet = string.Create(CultureInfo.InvariantCulture, $"p{i}");
            fabric.Netlink.CreateVeth(new VethSpec(outlet, Uplink) { PeerNamespace = host.Inside });
            fabric.Netlink.ChangeLink(fabric.IndexOf(outlet), new LinkChange { Master = fabricBridge });
            fabric.Netlink.SetUp(fabric.IndexOf(outlet));
            if (_isOverIPv6)
            {
                host.AllowIPv6(Uplink);
            }

            host.Configure(Uplink, ProviderAddress(i), _isOverIPv6 ? 64 : 24);
            int bridge = host.Netlink.CreateBridge(new BridgeSpec(Bridge) { MulticastSnooping = false }).Index;
            int tunnel = host.Netlink.CreateVxlan(new VxlanSpec("vxlan0", 5001)
            {
                Local = ProviderAddress(i), Device = host.IndexOf(Uplink), Mtu = Mtu, ZeroChecksum6 = _isOverIPv6, // As HNV sends it.
            }).Index;
            foreach (int other in Enumerable.Range(0, s_vms.Length).Where(o => o != i))
            {
                host.Netlink.AppendForwardingEntry(tunnel, PhysicalAddress.Parse("00-00-00-00-00-00"), ProviderAddress(other));
            }

            host.Netlink.ChangeLink(tunnel, new LinkChange { Master = bridge });
            host.Netlink.SetUp(tunnel);
            host.Netlink.SetUp(bridge);
            AllowIPv6(name);
            Plug(name);
        }
    }

    private void Plug(string name)
    {
        (Machine vm, Machine host) = _places[name];
        int i = Array.IndexOf(s_vms, name);
        host.Netlink.CreateVeth(new VethSpec(Port, Adapter) { PeerNamespace = vm.Inside });
        host.Netlink.ChangeLink(host.IndexOf(Port), new LinkChange { Master = host.IndexOf(Bridge) });
        host.Netlink.SetUp(host.IndexOf(Port));
        vm.Configure(Adapter, IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"10.0.0.{21 + i}")), mac: new PhysicalAddress([6, 6, 0, 0, 1, (byte)(21 + i)]), mtu: Mtu);
        vm.Netlink.AddAddress(vm.IndexOf(Adapter), IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"2001:db8:1::{21 + i}")), 64);
        if (!vm.Netlink.WaitUntilRunning(vm.IndexOf(Adapter), TimeSpan.FromSeconds(10)))
        {
            throw new BenchException($"{Adapter} of {vm.Name} does not come up.");
        }
    }

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Push(owned);
        return owned;
    }

    private void Remove()
    {
        while (_owned.TryPop(out IDisposable? owned))
        {
            owned.Dispose();
        }
    }
}

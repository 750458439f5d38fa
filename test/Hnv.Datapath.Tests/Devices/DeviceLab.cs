using System.Net;
using System.Net.NetworkInformation;
using Hnv.Datapath.Kernel;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>
/// Two hosts, joined by a cable, and VMs: network namespaces with real devices and the real data plane. Everything goes at disposal.
/// <code>
///   VM ns ─ eth0 ═ port ─ host A ─ up0 ═══════ up0 ─ host B ─ port ═ eth0 ─ VM ns
/// </code>
/// </summary>
internal sealed class DeviceLab : IDisposable
{
    private readonly string _name = $"hnvd-{Guid.NewGuid().ToString("N")[..8]}";
    private readonly List<NetworkNamespace> _vms = [];
    private readonly List<DeviceAdapter> _adapters = [];
    private readonly List<TapRelay> _relays = [];
    private uint _ports;
    private int _subnets;

    public DeviceLab(int mtu = 1500, params ReadOnlySpan<KernelFeature> lacking)
    {
        A = new DeviceHost($"{_name}-a", 11);
        B = new DeviceHost($"{_name}-b", 22);
        try
        {
            A.Route.CreateVeth(new VethSpec("up0", "up0") { PeerNamespace = B.Namespace });
            A.Start(mtu, lacking, B);
            B.Start(mtu, lacking, A);
            foreach (DeviceHost host in Hosts)
            {
                host.AddSubnet(Near);
                host.AddSubnet(Far);
                host.Apply();
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public DeviceHost A { get; }

    public DeviceHost B { get; }

    public DeviceSubnet Near { get; } = new(5001, IPNetwork.Parse("10.0.0.0/24"), IPNetwork.Parse("2001:db8:5001::/64"));

    public DeviceSubnet Far { get; } = new(5002, IPNetwork.Parse("10.0.1.0/24"), IPNetwork.Parse("2001:db8:5002::/64"));

    /// <summary>A further subnet, whose frames travel in another form.</summary>
    public DeviceSubnet AddSubnet(EncapsulationForm form)
    {
        byte number = (byte)(3 + _subnets++);
        var subnet = new DeviceSubnet(5000u + number, IPNetwork.Parse($"10.0.{number}.0/24"), IPNetwork.Parse($"2001:db8:50{number:x2}::/64")) { Form = form };
        foreach (DeviceHost host in Hosts)
        {
            host.AddSubnet(subnet);
            host.Apply();
        }

        return subnet;
    }

    private DeviceHost[] Hosts => [A, B];

    public NetworkNamespace AddVm(string name)
    {
        var vm = NetworkNamespace.Create($"{_name}-{name}");
        _vms.Add(vm);
        using Rtnetlink inside = Rtnetlink.Of(vm);
        inside.SetUp(1);
        return vm;
    }

    /// <summary>A VM with one adapter at a veth.</summary>
    public DeviceAdapter AddVethVm(DeviceHost host, DeviceSubnet subnet, byte number) => AddVeth(AddVm($"vm{subnet.Vsid}-{number}"), "eth0", host, subnet, number);

    public DeviceAdapter AddVeth(NetworkNamespace vm, string name, DeviceHost host, DeviceSubnet subnet, byte number, bool forwardsAnything = false)
    {
        LinkInfo port = host.Route.CreateVeth(new VethSpec($"p{subnet.Vsid}-{number}{name}", name) { PeerNamespace = vm, PeerMac = Physical(Mac(number, subnet)) });
        return Add(vm, name, host, subnet, number, port.Index, forwardsAnything);
    }

    /// <summary>A VM behind a tap, as QEMU drives it: another tap is its adapter, and a relay carries frames with their vnet headers.</summary>
    public (DeviceAdapter Adapter, TapRelay Relay) AddTapVm(DeviceHost host, DeviceSubnet subnet, byte number)
    {
        NetworkNamespace vm = AddVm($"vm{subnet.Vsid}-{number}");
        var relay = new TapRelay(TapDevice.Open(host.Namespace, new TapSpec($"t{subnet.Vsid}-{number}") { VnetHeader = true }), TapDevice.Open(vm, new TapSpec("eth0") { VnetHeader = true }));
        _relays.Add(relay);
        using (Rtnetlink inside = Rtnetlink.Of(vm))
        {
            inside.ChangeLink(inside.GetLink("eth0").Index, new LinkChange { Mac = Physical(Mac(number, subnet)) });
        }

        DeviceAdapter adapter = Add(vm, "eth0", host, subnet, number, host.Route.GetLink($"t{subnet.Vsid}-{number}").Index, false);
        relay.Start();
        return (adapter, relay);
    }

    public void Dispose()
    {
        _relays.ForEach(relay => relay.Dispose());
        foreach (NetworkNamespace vm in _vms)
        {
            NetworkNamespace.Delete(vm.Description);
            vm.Dispose();
        }

        A.Dispose();
        B.Dispose();
    }

    private static MacAddress Mac(byte number, DeviceSubnet subnet) => MacAddress.FromBytes([6, 6, 0, 0, (byte)(subnet.Vsid & 0xff), number]);

    private static PhysicalAddress Physical(MacAddress mac)
    {
        byte[] bytes = new byte[MacAddress.Length];
        mac.CopyTo(bytes);
        return new PhysicalAddress(bytes);
    }

    private DeviceAdapter Add(NetworkNamespace vm, string name, DeviceHost host, DeviceSubnet subnet, byte number, int port, bool forwardsAnything)
    {
        var adapter = new DeviceAdapter(host, subnet, vm, name, port, ++_ports, Mac(number, subnet), subnet.Address4(number), subnet.Address6(number))
        {
            ForwardsAnything = forwardsAnything,
        };
        using (Rtnetlink inside = Rtnetlink.Of(vm))
        {
            int index = inside.GetLink(name).Index;
            inside.SetUp(index);
            inside.AddAddress(index, adapter.V4, 24);
            if (DeviceHost.KernelHasIPv6)
            {
                inside.AddAddress(index, adapter.V6, 64, AddressFlags.NoDuplicateDetection);
            }
        }

        _adapters.Add(adapter);
        foreach (DeviceHost each in Hosts)
        {
            each.AddAdapter(adapter);
            each.Apply();
        }

        return adapter;
    }
}

using System.Net;
using System.Net.Sockets;
using Hnv.Datapath.Kernel;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Ports;
using Hnv.Datapath.Reading;
using Hnv.Linux.Bpf;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>A host in a network namespace of its own, with its data plane.</summary>
internal sealed class DeviceHost : IDisposable
{
    public static readonly Guid Network = Guid.Parse("11111111-2222-3333-4444-000000005001");
    public static readonly MacAddress GatewayMac = MacAddress.Parse("00:1d:d8:00:00:01");

    private readonly string _folder = Directory.CreateTempSubdirectory("hnv-dev-").FullName;
    private readonly string _bpf;
    private Dataplane? _dataplane;

    public DeviceHost(string name, byte number)
    {
        Pa = IPAddress.Parse($"192.168.4.{number}");
        Pa6 = IPAddress.Parse($"fd00:4::{number}");
        _bpf = Path.Combine(_folder, "bpf");
        BpfFileSystem.Mount(_bpf);
        Namespace = NetworkNamespace.Create(name);
        Route = Rtnetlink.Of(Namespace);
        Route.SetUp(1);
    }

    /// <summary>Whether the kernel was booted with it.</summary>
    public static bool KernelHasIPv6 { get; } = Sysctl.Exists("net/ipv6/conf/lo/disable_ipv6");

    public IPAddress Pa { get; }

    public IPAddress Pa6 { get; }

    public NetworkNamespace Namespace { get; }

    public Rtnetlink Route { get; }

    public Dataplane Dataplane => _dataplane ?? throw new InvalidOperationException("The host has no uplink yet.");

    public int Uplink { get; private set; }

    /// <summary>Number of the one routing domain.</summary>
    public uint Rd { get; private set; }

    /// <summary>Takes the interface `up0`, opens the data plane and says who the other hosts are.</summary>
    /// <param name="lacking">What this kernel is to do without.</param>
    public void Start(int mtu, ReadOnlySpan<KernelFeature> lacking, params DeviceHost[] peers)
    {
        KernelFeatures features = FeatureProbe.Run();
        foreach (KernelFeature feature in lacking)
        {
            features = features.Without(feature);
        }

        Uplink = Route.GetLink("up0").Index;
        Route.ChangeLink(Uplink, new LinkChange { Mtu = mtu, Up = true });
        Route.AddAddress(Uplink, Pa, 24);
        if (KernelHasIPv6)
        {
            Route.AddAddress(Uplink, Pa6, 64, AddressFlags.NoDuplicateDetection);
        }

        Namespace.Run(() =>
        {
            _dataplane = Dataplane.Open(new DataplaneOptions { Directory = _bpf }, new DataplaneBuild { Features = features });
            Rd = Dataplane.RoutingDomains.Number(Network);
            foreach (AddressFamily family in (ReadOnlySpan<AddressFamily>)[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
            {
                Dataplane.LocalPas.Set(PaOf(family), new LocalPaEntry((uint)Uplink));
                foreach (DeviceHost peer in peers)
                {
                    Dataplane.Peers.Set(peer.PaOf(family), new PeerEntry(PaOf(family), (uint)Uplink, (uint)mtu, PeerFlags.None));
                }
            }

            Dataplane.AttachUplink(Uplink);
        });
    }

    public IPAddress PaOf(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? Pa6 : Pa;

    public void AddSubnet(DeviceSubnet subnet)
    {
        if (subnet.Form.Encapsulation == Model.Resources.Encapsulation.Vxlan)
        {
            Assert.Null(Namespace.Run(() => Dataplane.SetVxlanPort(VxlanHeader.Port)));
        }

        Dataplane.Subnets.Set(
            new SubnetKey(subnet.Vsid), new SubnetEntry(Rd, GatewayMac, subnet.Address4(1), subnet.Address6(1)) with { Encapsulation = (Encapsulation)subnet.Form.Encapsulation });
        foreach ((IPNetwork prefix, IPAddress gateway) in (ReadOnlySpan<(IPNetwork, IPAddress)>)[(subnet.V4, subnet.Address4(1)), (subnet.V6, subnet.Address6(1))])
        {
            Dataplane.Routes.Set(new RouteKey(Rd, prefix), new RouteEntry(subnet.Vsid, null));
            Dataplane.Records.Set(new RecordKey(subnet.Vsid, gateway), new RecordEntry(GatewayMac, RecordKind.DistributedGateway, RecordFlags.None, default, 0));
        }
    }

    /// <summary>An adapter of a VM here, or of another host's.</summary>
    public void AddAdapter(DeviceAdapter adapter)
    {
        bool local = adapter.Host == this;
        RecordEntry record = local ? RecordEntry.Local(adapter.Mac, RecordKind.Static, adapter.Port) : RecordEntry.Remote(adapter.Mac, RecordKind.Static, adapter.Host.PaOf(adapter.Subnet.Form.Family));
        Dataplane.Records.Set(new RecordKey(adapter.Subnet.Vsid, adapter.V4), record);
        Dataplane.Records.Set(new RecordKey(adapter.Subnet.Vsid, adapter.V6), record);
        Dataplane.Macs.Set(new MacKey(adapter.Subnet.Vsid, adapter.Mac), local ? LocationEntry.Local(adapter.Port) : LocationEntry.Remote(adapter.Host.PaOf(adapter.Subnet.Form.Family)));
        if (adapter.ForwardsAnything)
        {
            Dataplane.Records.Set(new RecordKey(adapter.Subnet.Vsid, IPAddress.Any), record with { Type = RecordKind.GatewayWildcard });
        }

        if (local)
        {
            Namespace.Run(() => Dataplane.BindPort(new PortBinding(adapter.Port, adapter.PortId, Rd, adapter.Subnet.Vsid, adapter.Mac) { Encapsulation = (Encapsulation)adapter.Subnet.Form.Encapsulation }));
        }
    }

    /// <summary>Joins a provider network beside that of `up0`.</summary>
    public void AddNetwork(int uplink, IPAddress pa, IPAddress peer, int mtu) => Namespace.Run(() =>
    {
        Dataplane.LocalPas.Set(pa, new LocalPaEntry((uint)uplink));
        Dataplane.Peers.Set(peer, new PeerEntry(pa, (uint)uplink, (uint)mtu, PeerFlags.None));
        Dataplane.AttachUplink(uplink);
    });

    public void RemoveNetwork(int uplink, IPAddress pa, IPAddress peer) => Namespace.Run(() =>
    {
        Dataplane.DetachUplink(uplink);
        Dataplane.LocalPas.Remove(pa);
        Dataplane.Peers.Remove(peer);
    });

    /// <summary>Another host's adapter is at that provider address of it.</summary>
    public void Place(DeviceAdapter adapter, IPAddress pa)
    {
        RecordEntry record = RecordEntry.Remote(adapter.Mac, RecordKind.Static, pa);
        Dataplane.Records.Set(new RecordKey(adapter.Subnet.Vsid, adapter.V4), record);
        Dataplane.Records.Set(new RecordKey(adapter.Subnet.Vsid, adapter.V6), record);
        Dataplane.Macs.Set(new MacKey(adapter.Subnet.Vsid, adapter.Mac), LocationEntry.Remote(pa));
    }

    /// <summary>A pinned map, past the data plane that has it open.</summary>
    public BpfMap OpenMap(string name) => BpfMap.OpenPinned(Path.Combine(_bpf, $"{name}_v{Layout.Version}"));

    public void Apply() => Namespace.Run(() => Assert.Equal([], Dataplane.Apply().Failures));

    /// <summary>Packets and bytes that a port, or the uplinks (0), gave a verdict.</summary>
    public VerdictCounter Count(uint portId, Verdict verdict) =>
        Dataplane.ReadCounters().SingleOrDefault(counter => counter.PortId == portId && counter.Verdict == verdict);

    public void Dispose()
    {
        Namespace.Run(() => _dataplane?.Dispose());
        Route.Dispose();
        NetworkNamespace.Delete(Namespace.Description);
        Namespace.Dispose();
        BpfFileSystem.Unmount(_bpf);
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>A virtual subnet of the devices' lab.</summary>
internal sealed record DeviceSubnet(uint Vsid, IPNetwork V4, IPNetwork V6)
{
    /// <summary>In which its frames travel; the family that of its records' provider addresses.</summary>
    public EncapsulationForm Form { get; init; } = new(Model.Resources.Encapsulation.Nvgre, AddressFamily.InterNetwork);

    public IPAddress Address4(byte number) => Fixture.TestSubnet.Host(V4, number);

    public IPAddress Address6(byte number) => Fixture.TestSubnet.Host(V6, number);
}

/// <summary>A VM's adapter.</summary>
/// <param name="Port">Interface index on its host.</param>
/// <param name="Interface">Its name inside the VM.</param>
internal sealed record DeviceAdapter(
    DeviceHost Host, DeviceSubnet Subnet, NetworkNamespace Vm, string Interface, int Port, uint PortId, MacAddress Mac, IPAddress V4, IPAddress V6)
{
    /// <summary>A router VM: it has a GatewayWildcard record.</summary>
    public bool ForwardsAnything { get; init; }

    public IPAddress Address(bool v6) => v6 ? V6 : V4;

    public IPAddress Address(AddressFamily family) => Address(family == AddressFamily.InterNetworkV6);
}

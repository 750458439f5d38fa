using System.Net;
using Hnv.Datapath.Kernel;
using Hnv.Datapath.Reading;
using Hnv.Linux.Netlink;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>TCP over real devices: super-packets, checksums and path MTU are the kernel's business, and must come out right.</summary>
public sealed class SuperPacketTests
{
    [Fact]
    public async Task Tcp_BetweenHosts_ArrivesAndStaysInSuperPackets()
    {
        using var lab = new DeviceLab();
        DeviceAdapter from = lab.AddVethVm(lab.A, lab.Near, 5), to = lab.AddVethVm(lab.B, lab.Near, 7);
        await BothFamiliesAsync(from, to);

        // The guests' MTU of 1500 does not fit the tunnel's 1458: they were told, and nobody fragmented.
        Assert.True(lab.A.Count(from.PortId, Verdict.MtuExceeded).Packets > 0);
        VerdictCounter sent = lab.A.Count(from.PortId, Verdict.Encapsulated);
        Assert.True(sent.Bytes / sent.Packets > 3000, $"{sent.Bytes} bytes in {sent.Packets} packets");
        Assert.Equal(0UL, lab.B.Count(0, Verdict.Fragmented).Packets);
    }

    [Fact]
    public async Task Tcp_ThroughTheDistributedRouter_Arrives()
    {
        using var lab = new DeviceLab();
        DeviceAdapter from = lab.AddVethVm(lab.A, lab.Near, 5), to = lab.AddVethVm(lab.B, lab.Far, 9);
        AddRoute(from, "0.0.0.0/0", lab.Near.Address4(1));
        AddRoute(from, "::/0", lab.Near.Address6(1));
        AddRoute(to, "0.0.0.0/0", lab.Far.Address4(1));
        AddRoute(to, "::/0", lab.Far.Address6(1));
        await BothFamiliesAsync(from, to);
    }

    [Theory]
    [InlineData("tx-checksum-ip-generic")]
    [InlineData("tx-tcp-segmentation", "tx-tcp6-segmentation")]
    public async Task Tcp_WithAnOffloadOfTheGuestOff_Arrives(params string[] features)
    {
        using var lab = new DeviceLab();
        DeviceAdapter from = lab.AddVethVm(lab.A, lab.Near, 5), to = lab.AddVethVm(lab.B, lab.Near, 7);
        foreach (DeviceAdapter adapter in (ReadOnlySpan<DeviceAdapter>)[from, to])
        {
            using Ethtool ethtool = Ethtool.Of(adapter.Vm);
            ethtool.SetFeatures(adapter.Interface, features.ToDictionary(feature => feature, _ => false, StringComparer.Ordinal));
        }

        await BothFamiliesAsync(from, to);
    }

    [Theory]
    [InlineData("tx-gre-segmentation")]
    [InlineData("tx-checksum-ip-generic")]
    public async Task Tcp_WithAnOffloadOfTheUplinkOff_Arrives(params string[] features)
    {
        using var lab = new DeviceLab();
        foreach (DeviceHost host in (ReadOnlySpan<DeviceHost>)[lab.A, lab.B])
        {
            using Ethtool ethtool = Ethtool.Of(host.Namespace);
            ethtool.SetFeatures("up0", features.ToDictionary(feature => feature, _ => false, StringComparer.Ordinal));
        }

        DeviceAdapter from = lab.AddVethVm(lab.A, lab.Near, 5), to = lab.AddVethVm(lab.B, lab.Near, 7);
        await BothFamiliesAsync(from, to);
    }

    [Theory]
    [InlineData]
    [InlineData(KernelFeature.SegmentRouting)]
    [InlineData(KernelFeature.DecapsulationFamily)]
    [InlineData(KernelFeature.SegmentRouting, KernelFeature.DecapsulationFamily)]
    public async Task Tcp_BothWaysWithATapVm_ArrivesInSuperPackets(params KernelFeature[] lacking)
    {
        using var lab = new DeviceLab(lacking: lacking);
        DeviceAdapter far = lab.AddVethVm(lab.A, lab.Near, 5);
        (DeviceAdapter tap, TapRelay relay) = lab.AddTapVm(lab.B, lab.Near, 7);
        await BothFamiliesAsync(far, tap);
        Assert.True(relay.LargestToVm > 3000, $"the largest frame to the VM has {relay.LargestToVm} bytes");
        await BothFamiliesAsync(tap, far);
    }

    [Fact]
    public async Task Tcp_BetweenATapVmAndAVethVmOfOneHost_Arrives()
    {
        using var lab = new DeviceLab();
        DeviceAdapter near = lab.AddVethVm(lab.B, lab.Near, 5);
        (DeviceAdapter tap, _) = lab.AddTapVm(lab.B, lab.Near, 7);
        await BothFamiliesAsync(near, tap);
        await BothFamiliesAsync(tap, near);
    }

    [Fact]
    public async Task Tcp_ThroughARouterVm_IsEncapsulatedAgainInEveryForm()
    {
        using var lab = new DeviceLab();
        foreach (EncapsulationForm form in EncapsulationForm.All)
        {
            DeviceSubnet one = lab.AddSubnet(form), other = lab.AddSubnet(form);
            DeviceAdapter from = lab.AddVethVm(lab.A, one, 5), to = lab.AddVethVm(lab.A, other, 9);
            Linux.Namespaces.NetworkNamespace router = lab.AddVm($"router{one.Vsid}");
            DeviceAdapter near = lab.AddVeth(router, "eth0", lab.B, one, 7, forwardsAnything: true);
            DeviceAdapter far = lab.AddVeth(router, "eth1", lab.B, other, 7, forwardsAnything: true);
            router.Run(() => Sysctl.Write("net/ipv4/ip_forward", 1));
            AddRoute(from, other.V4.ToString(), near.V4);
            AddRoute(to, one.V4.ToString(), far.V4);
            await TcpTransfer.RunAsync(from.Vm, from.V4, to.Vm, to.V4, blocks: 32);
            VerdictCounter sent = lab.B.Count(far.PortId, Verdict.Encapsulated);
            Assert.True(sent.Bytes > 32 * 256 * 1024, $"{form}: {sent}");
            Assert.Equal(0UL, lab.B.Count(far.PortId, Verdict.TunnelStateUnsupported).Packets);
        }
    }

    [Fact]
    public async Task Tcp_InATenantsOwnVxlan_Arrives()
    {
        using var lab = new DeviceLab();
        DeviceAdapter from = lab.AddVethVm(lab.A, lab.Near, 5), to = lab.AddVethVm(lab.B, lab.Near, 7);
        IPAddress inner5 = IPAddress.Parse("172.16.0.5"), inner7 = IPAddress.Parse("172.16.0.7");
        AddVxlan(from, to.V4, inner5);
        AddVxlan(to, from.V4, inner7);
        await TcpTransfer.RunAsync(from.Vm, inner5, to.Vm, inner7, blocks: 16);
    }

    private static async Task BothFamiliesAsync(DeviceAdapter from, DeviceAdapter to)
    {
        foreach (bool v6 in (bool[])[false, true])
        {
            await TcpTransfer.RunAsync(from.Vm, from.Address(v6), to.Vm, to.Address(v6), blocks: 32);
        }
    }

    private static void AddRoute(DeviceAdapter adapter, string prefix, IPAddress gateway)
    {
        using Rtnetlink inside = Rtnetlink.Of(adapter.Vm);
        inside.AddRoute(new RouteSpec(IPNetwork.Parse(prefix)) { Gateway = gateway });
    }

    private static void AddVxlan(DeviceAdapter adapter, IPAddress remote, IPAddress address)
    {
        // As DHCP would tell the guest; and the kernel cannot describe a tunnel's segmentation within another tunnel's.
        using Rtnetlink inside = Rtnetlink.Of(adapter.Vm);
        int eth0 = inside.GetLink(adapter.Interface).Index;
        inside.ChangeLink(eth0, new LinkChange { Mtu = 1458 });
        using Ethtool ethtool = Ethtool.Of(adapter.Vm);
        ethtool.SetFeature(adapter.Interface, "tx-udp_tnl-segmentation", false);
        ethtool.SetFeature(adapter.Interface, "tx-udp_tnl-csum-segmentation", false);
        LinkInfo vxlan = inside.CreateVxlan(new VxlanSpec("vx0", 42) { Local = adapter.V4, Remote = remote, Device = eth0 });
        inside.SetUp(vxlan.Index);
        inside.AddAddress(vxlan.Index, address, 24);
    }
}

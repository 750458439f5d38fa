using System.Net.Sockets;
using Hnv.Datapath.Kernel;
using Hnv.Datapath.Reading;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;
using Hnv.Model.Resources;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>
/// On a kernel that was booted with <c>ipv6.disable=1</c> the provider network is IPv4, and tenants have both families all the same. Explicit, since only a guest
/// of OldestKernelTests is booted so.
/// </summary>
public sealed class KernelWithoutIpv6Tests
{
    private const int Segment = 1200;

    [Fact(Explicit = true)]
    public async Task DataPlane_OnAnIPv4ProviderNetwork_CarriesBothFamiliesOfTenants()
    {
        Assert.False(Sysctl.Exists("net/ipv6/conf/lo/disable_ipv6"), "this kernel has IPv6");
        using var lab = new DeviceLab();
        Assert.Contains(lab.A.Dataplane.Features.Findings, static f => f is { Feature: KernelFeature.SegmentRouting, State: FeatureState.Unsupported, Reason: "the kernel runs without IPv6" });
        foreach (FeatureFinding finding in lab.A.Dataplane.Features.Findings)
        {
            Assert.NotEqual(FeatureState.Failed, finding.State);
        }

        lab.AddSubnet(new EncapsulationForm(Encapsulation.Vxlan, AddressFamily.InterNetwork)); // Whose device the kernel makes without IPv6, too.
        DeviceAdapter far = lab.AddVethVm(lab.A, lab.Near, 5), veth = lab.AddVethVm(lab.B, lab.Near, 7);
        (DeviceAdapter tap, _) = lab.AddTapVm(lab.B, lab.Near, 8);
        Assert.All(
            lab.B.Dataplane.Decapsulations.Where(static d => d.Device == Ports.PortDevice.Normalise), static d => Assert.Equal(DecapsulationWay.SegmentAndMerge, d.Way));

        await KernelDeliveryTests.TransferAsync(far, tap, AddressFamily.InterNetwork);
        await KernelDeliveryTests.TransferAsync(tap, far, AddressFamily.InterNetwork);
        await KernelDeliveryTests.TransferAsync(far, veth, AddressFamily.InterNetwork);

        // VMs have kernels of their own, which is where their IPv6 is.
        foreach (DeviceAdapter near in (DeviceAdapter[])[veth, tap])
        {
            foreach ((DeviceAdapter from, DeviceAdapter to) in (ReadOnlySpan<(DeviceAdapter, DeviceAdapter)>)[(far, near), (near, far)])
            {
                using PacketSocket sender = KernelDeliveryTests.Socket(from), receiver = KernelDeliveryTests.Socket(to);
                KernelDeliveryTests.Passes(sender, Begun(from, to).Udp(4000, 5000).Payload(1300).ToArray(), receiver);
                KernelDeliveryTests.Passes(sender, KernelDeliveryTests.Question(from, to, AddressFamily.InterNetworkV6), receiver);
                KernelDeliveryTests.Passes(sender, Begun(from, to).Tcp(new TcpHeader(4000, 5000, 1, 1, TcpFlags.Ack)).Payload(Segment).ToArray(), receiver);
            }
        }

        await UplinkKindTests.HostsReachAsync(lab.A, lab.A.Pa, lab.B, lab.B.Pa);
    }

    private static PacketBuilder Begun(DeviceAdapter from, DeviceAdapter to) => PacketBuilder.Ethernet(from.Mac, to.Mac).IPv6(from.V6, to.V6);
}

using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>No DHCP server and no router where a port is guarded against them.</summary>
[Collection(PacketTests.Name)]
public sealed class ServiceGuardTests
{
    private readonly TestCloud _cloud;

    public ServiceGuardTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
    }

    private TestVm Vm => _cloud.Blue5;

    private TestVm Other => _cloud.Blue6;

    [Theory]
    [InlineData(false, 67, 68, true)]
    [InlineData(false, 4000, 68, true)] // clients do not look at the source port
    [InlineData(false, 68, 67, false)]
    [InlineData(false, 67, 67, false)] // between a relay and its server
    [InlineData(false, 547, 546, false)]
    [InlineData(true, 547, 546, true)]
    [InlineData(true, 4000, 546, true)]
    [InlineData(true, 546, 547, false)]
    [InlineData(true, 67, 68, false)]
    public void DhcpGuard_StopsServers(bool v6, ushort source, ushort destination, bool guarded)
    {
        byte[] frame = Vm.To(Other).Ip(Vm.Address(v6), Other.Address(v6)).Udp(source, destination).Payload(240).ToArray();
        _cloud.A.FromVm(Vm, frame).Went(Verdict.DeliveredLocal, Other.TrafficTo(frame.Length));
        Guard(PortFlags.DhcpGuard);
        Judge(frame, guarded);
        Guard(PortFlags.RouterGuard);
        Judge(frame, false);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void DhcpGuard_ToEverybody_StopsServers(bool v6)
    {
        byte[] frame = PacketBuilder.Ethernet(Vm.Mac, MacAddress.Parse(v6 ? "33:33:00:00:00:01" : "ff:ff:ff:ff:ff:ff"))
            .Ip(Vm.Address(v6), v6 ? IPAddress.Parse("ff02::1") : IPAddress.Broadcast).Udp((ushort)(v6 ? 547 : 67), (ushort)(v6 ? 546 : 68)).Payload(240).ToArray();
        _cloud.A.FromVm(Vm, frame).Dropped(Verdict.FloodingDisabled);
        Guard(PortFlags.DhcpGuard);
        _cloud.A.FromVm(Vm, frame).Dropped(Verdict.GuardedService);
    }

    [Fact]
    public void DhcpGuard_OfFragments_StopsTheFirst()
    {
        Guard(PortFlags.DhcpGuard | PortFlags.RouterGuard);
        byte[] V4(ushort offset) => Vm.To(Other).IPv4(Vm.V4, Other.V4, h => h with { FragmentOffset = offset, Flags = IPv4Flags.MoreFragments, Protocol = IpProtocol.Udp })
            .Payload(Ports(67, 68)).ToArray();
        byte[] V6(ushort offset) => Vm.To(Other).IPv6(Vm.V6, Other.V6).IPv6Extension(IpProtocol.IPv6DestinationOptions, [1, 4, 0, 0, 0, 0])
            .IPv6Fragment(new IPv6FragmentHeader(offset, true, 9)).Udp(547, 546).Payload(48).ToArray();
        Judge(V4(0), true);
        Judge(V6(0), true);
        Judge(V4(8), false);
        Judge(V6(8), false);

        // Without its ports a datagram cannot be judged.
        byte[] cut = Vm.To(Other).IPv4(Vm.V4, Other.V4, h => h with { Flags = IPv4Flags.MoreFragments, Protocol = IpProtocol.Udp }).Payload(new byte[2]).ToArray();
        _cloud.A.FromVm(Vm, cut).Dropped(Verdict.Malformed);
    }

    [Theory]
    [InlineData(5, true)]
    [InlineData(9, true)]
    [InlineData(8, false)]
    [InlineData(3, false)]
    public void RouterGuard_StopsIcmpOfRouters(byte type, bool guarded)
    {
        byte[] frame = Vm.To(Other).IPv4(Vm.V4, Other.V4).Icmp((IcmpV4Type)type, 0, 7).Payload(48).ToArray();
        _cloud.A.FromVm(Vm, frame).Went(Verdict.DeliveredLocal, Other.TrafficTo(frame.Length));
        Guard(PortFlags.RouterGuard);
        Judge(frame, guarded);
        Guard(PortFlags.DhcpGuard);
        Judge(frame, false);
    }

    [Theory]
    [InlineData(133, false)]
    [InlineData(134, true)]
    [InlineData(137, true)]
    [InlineData(128, false)]
    public void RouterGuard_StopsIcmpV6OfRouters(byte type, bool guarded)
    {
        byte[] frame = Vm.To(Other).IPv6(Vm.LinkLocal, Other.V6, h => h with { HopLimit = 255 }).Icmp((IcmpV6Type)type).Payload(48).ToArray();
        _cloud.A.FromVm(Vm, frame).Went(Verdict.DeliveredLocal, Other.TrafficTo(frame.Length));
        byte[] group = [.. frame];
        MacAddress.Parse("33:33:00:00:00:01").CopyTo(group);
        IPAddress.Parse("ff02::1").GetAddressBytes().CopyTo(group, 38);
        _cloud.A.FromVm(Vm, group).Dropped(Verdict.FloodingDisabled);
        Guard(PortFlags.RouterGuard);
        Judge(frame, guarded);
        _cloud.A.FromVm(Vm, group).Dropped(guarded ? Verdict.GuardedService : Verdict.FloodingDisabled);
    }

    [Fact]
    public void RouterGuard_BehindExtensionHeaders_StillSeesTheAdvertisement()
    {
        byte[] frame = Vm.To(Other).IPv6(Vm.LinkLocal, Other.V6, h => h with { HopLimit = 255 })
            .IPv6Extension(IpProtocol.IPv6DestinationOptions, [1, 4, 0, 0, 0, 0]).Icmp((IcmpV6Type)134).Payload(48).ToArray();
        _cloud.A.FromVm(Vm, frame).Dropped(Verdict.Malformed); // nobody may send such (RFC 6980)
        Guard(PortFlags.RouterGuard);
        _cloud.A.FromVm(Vm, frame).Dropped(Verdict.GuardedService);
    }

    private static byte[] Ports(ushort source, ushort destination) =>
        [(byte)(source >> 8), (byte)source, (byte)(destination >> 8), (byte)destination, 0, 40, 0, 0, .. new byte[32]];

    private void Guard(PortFlags flags) => _cloud.A.AddPort(Vm, flags);

    private void Judge(byte[] frame, bool guarded)
    {
        Passage passage = _cloud.A.FromVm(Vm, frame);
        if (guarded)
        {
            passage.Dropped(Verdict.GuardedService);
        }
        else
        {
            passage.Went(Verdict.DeliveredLocal, Other.TrafficTo(frame.Length));
        }
    }
}

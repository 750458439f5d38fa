using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>The distributed router: between the subnets of a routing domain, and along customer routes.</summary>
[Collection(PacketTests.Name)]
public sealed class RoutingTests
{
    private static readonly IPAddress s_far4 = IPAddress.Parse("203.0.113.9");
    private static readonly IPAddress s_far6 = IPAddress.Parse("2001:db8:ffff::9");
    private readonly TestCloud _cloud;

    public RoutingTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frame_ToAnotherSubnetOfAnotherHost_IsRoutedAndEncapsulatedThere(bool v6)
    {
        byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue9, v6, timeToLive: 64);
        byte[] routed = Routed(_cloud.Blue5, _cloud.Blue9, v6, 63);

        Passage sent = _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.Encapsulated).To(_cloud.A.Uplink);
        sent.As(TestCloud.OnWire(_cloud.A, _cloud.B, 5002, routed, TestCloud.FlowId(sent)));
        Assert.Equal((5001u, 5002u), (sent.Decision.SourceVsid.ToHost(), sent.Decision.DestinationVsid.ToHost()));

        _cloud.B.FromWire(sent.Bytes).Went(Verdict.Decapsulated, _cloud.Blue9.TrafficTo(frame.Length)).To(_cloud.Blue9.Interface).As(routed);
    }

    [Theory]
    [InlineData(false, 64)]
    [InlineData(true, 64)]
    [InlineData(false, 2)]
    [InlineData(true, 2)]
    [InlineData(false, 255)]
    [InlineData(true, 255)]
    public void Frame_ToAnotherSubnetOfTheSameHost_IsRoutedThere(bool v6, byte timeToLive)
    {
        byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue8, v6, timeToLive: timeToLive);
        Passage passage = _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.DeliveredLocal, _cloud.Blue8.TrafficTo(frame.Length)).To(_cloud.Blue8.Interface);
        passage.As(Routed(_cloud.Blue5, _cloud.Blue8, v6, (byte)(timeToLive - 1)));
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    public void Frame_WhoseTimeToLiveEnds_TimeExceeded(bool v6, byte timeToLive)
    {
        byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue9, v6, timeToLive: timeToLive);
        byte[] error = v6 ? IcmpErrors.V6(_cloud.Blue5, frame, IcmpV6Type.TimeExceeded, 0) : IcmpErrors.V4(_cloud.Blue5, frame, IcmpV4Type.TimeExceeded, 0);
        _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.TtlExpired, IcmpErrors.FirstToken(_cloud.Blue5)).As(error);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frame_WithTimeToLive1InsideTheSubnet_IsDelivered(bool v6)
    {
        byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue6, v6, timeToLive: 1);
        _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.DeliveredLocal, _cloud.Blue6.TrafficTo(frame.Length)).As(frame);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frame_ToANeighbourThroughTheGateway_GetsTheNeighboursMac(bool v6)
    {
        PacketBuilder Ip(PacketBuilder ethernet) => ethernet.Ip(_cloud.Blue5.Address(v6), _cloud.Blue6.Address(v6)).Udp(1, 2).Payload(20);
        byte[] frame = Ip(_cloud.Blue5.ToGateway()).ToArray();
        _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.DeliveredLocal, _cloud.Blue6.TrafficTo(frame.Length)).As(Ip(_cloud.Blue5.To(_cloud.Blue6)).ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frame_WithoutARoute_NetworkUnreachable(bool v6)
    {
        byte[] frame = Far(_cloud.Blue5, v6);
        byte[] error = v6 ? IcmpErrors.V6(_cloud.Blue5, frame, IcmpV6Type.DestinationUnreachable, (byte)IcmpV6Unreachable.NoRoute)
            : IcmpErrors.V4(_cloud.Blue5, frame, IcmpV4Type.DestinationUnreachable, (byte)IcmpV4Unreachable.Network);
        _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.VirtualRouteMissing, IcmpErrors.FirstToken(_cloud.Blue5)).As(error);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frame_ToAnAddressNobodyHas_HostUnreachable(bool v6)
    {
        byte[] frame = _cloud.Blue5.ToGateway().Ip(_cloud.Blue5.Address(v6), TestSubnet.Host(v6 ? _cloud.BlueFar.V6 : _cloud.BlueFar.V4, 77)).Udp(1, 2).ToArray();
        byte[] error = v6 ? IcmpErrors.V6(_cloud.Blue5, frame, IcmpV6Type.DestinationUnreachable, (byte)IcmpV6Unreachable.Address)
            : IcmpErrors.V4(_cloud.Blue5, frame, IcmpV4Type.DestinationUnreachable, (byte)IcmpV4Unreachable.Host);
        _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.DestinationRecordMissing, IcmpErrors.FirstToken(_cloud.Blue5)).As(error);
    }

    [Fact]
    public void Frame_ToAnUnusableRecord_HostUnreachable()
    {
        _cloud.A.SetRecord(5002, _cloud.Blue9.V4, RecordEntry.Remote(_cloud.Blue9.Mac, RecordKind.Static, _cloud.B.Pa, RecordFlags.Unusable));
        byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue9);
        _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.RecordUnusable, IcmpErrors.FirstToken(_cloud.Blue5))
            .As(IcmpErrors.V4(_cloud.Blue5, frame, IcmpV4Type.DestinationUnreachable, (byte)IcmpV4Unreachable.Host));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frame_AlongACustomerRoute_GoesToItsNextHop(bool v6)
    {
        AddDefaultRoute(_cloud.Blue7);
        byte[] frame = Far(_cloud.Blue5, v6, timeToLive: 64);
        byte[] routed = PacketBuilder.Ethernet(_cloud.Blue.GatewayMac, _cloud.Blue7.Mac).Ip(_cloud.Blue5.Address(v6), v6 ? s_far6 : s_far4, 63)
            .Udp(4000, 5000).Payload(18).ToArray();

        Passage sent = _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.Encapsulated);
        sent.As(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, routed, TestCloud.FlowId(sent)));
        _cloud.B.FromWire(sent.Bytes).Went(Verdict.Decapsulated, _cloud.Blue7.TrafficTo(frame.Length)).To(_cloud.Blue7.Interface).As(routed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frame_ToTheRouterVmChosenByTheGuest_GoesThereUnrouted(bool v6)
    {
        byte[] frame = _cloud.Blue5.To(_cloud.Blue7).Ip(_cloud.Blue5.Address(v6), v6 ? s_far6 : s_far4).Udp(4000, 5000).Payload(18).ToArray();
        Passage sent = _cloud.A.FromVmToWire(_cloud.Blue5, frame);
        _cloud.B.FromWire(sent.Bytes).Went(Verdict.Decapsulated, _cloud.Blue7.TrafficTo(frame.Length)).To(_cloud.Blue7.Interface).As(frame);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frame_FromBehindARouterVm_PassesTheGuardThereAndAtTheReceiver(bool v6)
    {
        AddDefaultRoute(_cloud.Blue7);
        byte[] answer = _cloud.Blue7.To(_cloud.Blue5).Ip(v6 ? s_far6 : s_far4, _cloud.Blue5.Address(v6)).Udp(5000, 4000).Payload(18).ToArray();
        Passage sent = _cloud.B.FromVmToWire(_cloud.Blue7, answer);
        _cloud.A.FromWire(sent.Bytes).Went(Verdict.Decapsulated, _cloud.Blue5.TrafficTo(answer.Length)).To(_cloud.Blue5.Interface).As(answer);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frame_FromBehindNoRouterVm_IsRefused(bool v6)
    {
        AddDefaultRoute(_cloud.Blue7);
        byte[] spoofed = _cloud.Blue5.To(_cloud.Blue6).Ip(v6 ? s_far6 : s_far4, _cloud.Blue6.Address(v6)).Udp(5000, 4000).ToArray();
        _cloud.A.FromVm(_cloud.Blue5, spoofed).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.Blue7.Mac.CopyTo(spoofed.AsSpan(6));
        _cloud.A.FromVm(_cloud.Blue5, spoofed).Dropped(Verdict.SourceRecordMissing);

        // From another host than the router VM's, too.
        byte[] frame = _cloud.Blue7.To(_cloud.Blue5).Ip(v6 ? s_far6 : s_far4, _cloud.Blue5.Address(v6)).Udp(5000, 4000).ToArray();
        _cloud.A.FromWire(TestCloud.OnWire(_cloud.C, _cloud.A, 5001, frame)).Dropped(Verdict.SourceCaPaMismatch);
    }

    [Fact]
    public void Route_MoreSpecific_Wins()
    {
        AddDefaultRoute(_cloud.Blue7);
        _cloud.A.AddRoute(1, IPNetwork.Parse("203.0.113.0/24"), 5001, _cloud.Blue6.V4);
        byte[] frame = Far(_cloud.Blue5, v6: false);
        _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.DeliveredLocal, _cloud.Blue6.TrafficTo(frame.Length)).To(_cloud.Blue6.Interface);
    }

    [Fact]
    public void Route_OfIPv6_NeverCarriesIPv4()
    {
        _cloud.A.AddRoute(1, IPNetwork.Parse("::/0"), 5001, _cloud.Blue7.V6);
        _cloud.A.FromVm(_cloud.Blue5, Far(_cloud.Blue5, v6: false)).Went(Verdict.VirtualRouteMissing, IcmpErrors.FirstToken(_cloud.Blue5));
        _cloud.A.FromVm(_cloud.Blue5, Far(_cloud.Blue5, v6: true)).Went(Verdict.Encapsulated);
    }

    [Fact]
    public void Route_OfAnotherRoutingDomain_IsNotSeen()
    {
        AddDefaultRoute(_cloud.Blue7);
        byte[] frame = Far(_cloud.Red5, v6: false);
        _cloud.A.FromVm(_cloud.Red5, frame).Went(Verdict.VirtualRouteMissing, IcmpErrors.FirstToken(_cloud.Red5));
        byte[] toBlue = _cloud.Red5.ToGateway().IPv4(_cloud.Red5.V4, _cloud.Blue9.V4).Udp(1, 2).ToArray();
        Assert.Equal(Verdict.VirtualRouteMissing, _cloud.A.FromVm(_cloud.Red5, toBlue).Verdict);
    }

    [Fact]
    public void GatewayWildcard_OfAVm_LetsItSendFromAnyAddress()
    {
        byte[] frame = _cloud.Blue6.To(_cloud.Blue5).IPv4(s_far4, _cloud.Blue5.V4).Udp(1, 2).Payload(18).ToArray();
        _cloud.A.FromVm(_cloud.Blue6, frame).Dropped(Verdict.SourceRecordMissing);
        _cloud.A.SetRecord(5001, IPAddress.Any, RecordEntry.Local(_cloud.Blue6.Mac, RecordKind.GatewayWildcard, _cloud.Blue6.Interface));
        _cloud.A.FromVm(_cloud.Blue6, frame).Went(Verdict.DeliveredLocal, _cloud.Blue5.TrafficTo(frame.Length)).As(frame);

        byte[] other = _cloud.Blue5.To(_cloud.Blue6).IPv4(s_far4, _cloud.Blue6.V4).Udp(1, 2).Payload(18).ToArray();
        _cloud.A.FromVm(_cloud.Blue5, other).Dropped(Verdict.SourceRecordMissing);
    }

    [Fact]
    public void GatewayWildcard_OfARemoteVm_CountsAtItsHostOnly()
    {
        byte[] frame = _cloud.Blue7.To(_cloud.Blue5).IPv4(s_far4, _cloud.Blue5.V4).Udp(1, 2).Payload(18).ToArray();
        byte[] onWire = TestCloud.OnWire(_cloud.B, _cloud.A, 5001, frame);
        _cloud.A.FromWire(onWire).Dropped(Verdict.SourceRecordMissing);
        _cloud.A.SetRecord(5001, IPAddress.Any, RecordEntry.Remote(_cloud.Blue7.Mac, RecordKind.GatewayWildcard, _cloud.B.Pa));
        _cloud.A.FromWire(onWire).Went(Verdict.Decapsulated, _cloud.Blue5.TrafficTo(frame.Length)).As(frame);
        _cloud.A.FromWire(TestCloud.OnWire(_cloud.C, _cloud.A, 5001, frame)).Dropped(Verdict.SourceRecordMissing);
    }

    [Fact]
    public void Record_OfTheUnspecifiedAddress_IsNoWildcardByItself()
    {
        _cloud.A.SetRecord(5001, IPAddress.Any, RecordEntry.Local(_cloud.Blue6.Mac, RecordKind.Static, _cloud.Blue6.Interface));
        byte[] frame = _cloud.Blue6.To(_cloud.Blue5).IPv4(s_far4, _cloud.Blue5.V4).Udp(1, 2).Payload(18).ToArray();
        _cloud.A.FromVm(_cloud.Blue6, frame).Dropped(Verdict.SourceRecordMissing);
    }

    private static byte[] Far(TestVm from, bool v6, byte timeToLive = 64) =>
        from.ToGateway().Ip(from.Address(v6), v6 ? s_far6 : s_far4, timeToLive).Udp(4000, 5000).Payload(18).ToArray();

    /// <summary>What <see cref="TestVm.UdpTo"/> sends, as the router passes it on.</summary>
    private static byte[] Routed(TestVm from, TestVm to, bool v6, byte timeToLive) =>
        PacketBuilder.Ethernet(to.Subnet.GatewayMac, to.Mac).Ip(from.Address(v6), to.Address(v6), timeToLive).Udp(4000, 5000).Payload(18).ToArray();

    private void AddDefaultRoute(TestVm router)
    {
        foreach (TestHost host in _cloud.Hosts)
        {
            host.AddRoute(router.Subnet.Rd, IPNetwork.Parse("0.0.0.0/0"), router.Subnet.Vsid, router.V4);
            host.AddRoute(router.Subnet.Rd, IPNetwork.Parse("::/0"), router.Subnet.Vsid, router.V6);
        }
    }
}

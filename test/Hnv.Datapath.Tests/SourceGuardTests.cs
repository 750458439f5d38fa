using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Linux.Bpf;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>What a VM may send: its own addresses, plain frames, nothing else.</summary>
[Collection(PacketTests.Name)]
public sealed class SourceGuardTests
{
    private readonly TestCloud _cloud;

    public SourceGuardTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
    }

    private TestVm Vm => _cloud.Blue5;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Source_OfAnotherVm_IsRefused(bool v6)
    {
        Send(Vm.Mac, _cloud.Blue6.Address(v6)).Dropped(Verdict.SourceCaMacMismatch);
        Send(Vm.Mac, _cloud.Blue7.Address(v6)).Dropped(Verdict.SourceCaMacMismatch);
        Send(Vm.Mac, _cloud.Blue9.Address(v6)).Dropped(Verdict.SourceCaMacMismatch);
        Send(Vm.Mac, _cloud.Blue.Gateway(v6)).Dropped(Verdict.SourceCaMacMismatch);
        Send(_cloud.Blue6.Mac, _cloud.Blue6.Address(v6)).Dropped(Verdict.SourceRecordMissing);
        Send(_cloud.Blue7.Mac, _cloud.Blue7.Address(v6)).Dropped(Verdict.SourceRecordMissing);
        Send(_cloud.Blue.GatewayMac, _cloud.Blue.Gateway(v6)).Dropped(Verdict.SourceRecordMissing);
        Send(_cloud.Blue6.Mac, Vm.Address(v6)).Dropped(Verdict.SourceCaMacMismatch);
    }

    [Theory]
    [InlineData("10.0.0.99")]
    [InlineData("203.0.113.9")]
    [InlineData("127.0.0.1")]
    [InlineData("192.168.4.11")]
    [InlineData("2001:db8:5001::99")]
    [InlineData("2001:db8:ffff::9")]
    [InlineData("::1")]
    public void Source_ThatNobodyHas_IsRefused(string source) => Send(Vm.Mac, IPAddress.Parse(source)).Dropped(Verdict.SourceRecordMissing);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Source_Unspecified_IsRefusedUnlessToAGroup(bool v6)
    {
        Send(Vm.Mac, v6 ? IPAddress.IPv6Any : IPAddress.Any).Dropped(Verdict.SourceRecordMissing);
        byte[] broadcast = PacketBuilder.Ethernet(Vm.Mac, MacAddress.Parse("ff:ff:ff:ff:ff:ff")).IPv4(IPAddress.Any, IPAddress.Broadcast).Udp(68, 67).Payload(240).ToArray();
        _cloud.A.FromVm(Vm, broadcast).Dropped(Verdict.FloodingDisabled);
    }

    [Theory]
    [InlineData("::ffff:10.0.0.5", "2001:db8:5001::6")]
    [InlineData("2001:db8:5001::5", "::ffff:10.0.0.6")]
    public void Address_MappedIPv4InIPv6_IsMalformed(string source, string destination) =>
        _cloud.A.FromVm(Vm, Vm.To(_cloud.Blue6).IPv6(IPAddress.Parse(source), IPAddress.Parse(destination)).Udp(1, 2).ToArray()).Dropped(Verdict.Malformed);

    [Fact]
    public void Source_UnusableRecord_IsRefused()
    {
        _cloud.A.SetRecord(5001, Vm.V4, RecordEntry.Local(Vm.Mac, RecordKind.Static, Vm.Interface, RecordFlags.Unusable));
        Send(Vm.Mac, Vm.V4).Dropped(Verdict.SourceRecordMissing);
    }

    [Fact]
    public void SourceMac_OfAGroup_IsMalformed() => Send(MacAddress.Parse("07:06:00:00:00:05"), Vm.V4).Dropped(Verdict.Malformed);

    [Theory]
    [InlineData("01:00:5e:00:00:09", "224.0.0.9")]
    [InlineData("ff:ff:ff:ff:ff:ff", "10.0.0.255")]
    [InlineData("33:33:00:00:00:16", "ff02::16")]
    public void Group_IsNotFlooded(string mac, string destination)
    {
        var to = IPAddress.Parse(destination);
        byte[] frame = PacketBuilder.Ethernet(Vm.Mac, MacAddress.Parse(mac)).Ip(Vm.Address(to.GetAddressBytes().Length == 16), to).Udp(1, 2).ToArray();
        _cloud.A.FromVm(Vm, frame).Dropped(Verdict.FloodingDisabled);
    }

    [Theory]
    [InlineData("224.0.0.9")]
    [InlineData("255.255.255.255")]
    [InlineData("ff02::16")]
    public void GroupAddress_BehindAUnicastMac_IsMalformed(string destination)
    {
        var to = IPAddress.Parse(destination);
        _cloud.A.FromVm(Vm, Vm.To(_cloud.Blue6).Ip(Vm.Address(to.GetAddressBytes().Length == 16), to).Udp(1, 2).ToArray()).Dropped(Verdict.Malformed);
    }

    [Theory]
    [InlineData(EtherType.Vlan)]
    [InlineData(EtherType.ServiceVlan)]
    public void VlanTag_InTheBytes_IsRefused(EtherType protocol) => _cloud.A.FromVm(
        Vm, PacketBuilder.Ethernet(Vm.Mac, _cloud.Blue6.Mac, new VlanTag(protocol, 5)).IPv4(Vm.V4, _cloud.Blue6.V4).Udp(1, 2).ToArray(60))
        .Dropped(Verdict.UnsupportedFrameType);

    [Fact]
    public void EtherType_OtherThanTheThree_IsRefused() => _cloud.Run(() =>
    {
        byte[] frame = Vm.UdpTo(_cloud.Blue6);
        for (int type = 0; type <= ushort.MaxValue; type++)
        {
            if ((EtherType)type is EtherType.IPv4 or EtherType.IPv6 or EtherType.Arp || (type % 11 != 0 && type is not (0x8100 or 0x88a8 or 0x8847 or 0x8863 or 0x88cc or 0x6558)))
            {
                continue;
            }

            (frame[12], frame[13]) = ((byte)(type >> 8), (byte)type);
            (BpfTestRun run, DecisionEntry decision) = _cloud.A.Run("port_ingress", Vm.Interface, frame);
            Assert.Equal((Verdict.UnsupportedFrameType, Passage.Shot), (decision.Verdict, run.ReturnValue));
        }
    });

    [Fact]
    public void Frame_ToAnUnknownMac_GoesNowhere() => _cloud.A.FromVm(
        Vm, PacketBuilder.Ethernet(Vm.Mac, MacAddress.Parse("06:06:00:00:00:99")).IPv4(Vm.V4, _cloud.Blue6.V4).Udp(1, 2).ToArray())
        .Dropped(Verdict.DestinationMacMismatch);

    [Fact]
    public void Nvgre_MadeByATenant_IsAFrameLikeAnyOther()
    {
        // To a provider address, through the router: the tenant has no such network.
        byte[] inner = _cloud.Red5.UdpTo(_cloud.Red7);
        byte[] routed = Vm.ToGateway().IPv4(Vm.V4, _cloud.B.Pa).Nvgre(6001).Frame(inner).ToArray();
        _cloud.A.FromVm(Vm, routed).Went(Verdict.VirtualRouteMissing, IcmpErrors.FirstToken(Vm));

        // From the host's own provider address.
        _cloud.A.FromVm(Vm, Vm.ToGateway().IPv4(_cloud.A.Pa, _cloud.B.Pa).Nvgre(6001).Frame(inner).ToArray()).Dropped(Verdict.SourceRecordMissing);

        // To a neighbour's MAC: it arrives there as the tenant's own traffic, tunnel and all.
        byte[] bridged = Vm.To(_cloud.Blue7).IPv4(Vm.V4, _cloud.B.Pa).Nvgre(6001).Frame(inner).ToArray();
        Passage sent = _cloud.A.FromVmToWire(Vm, bridged);
        sent.As(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, bridged, TestCloud.FlowId(sent)));
        _cloud.B.FromWire(sent.Bytes).Went(Verdict.Decapsulated, _cloud.Blue7.TrafficTo(bridged.Length)).To(_cloud.Blue7.Interface).As(bridged);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frame_ToTheOtherTenantsAddress_ReachesOnesOwn(bool v6)
    {
        // Blue and red have the same addresses and MACs.
        Passage sent = _cloud.A.FromVmToWire(_cloud.Red5, _cloud.Red5.UdpTo(_cloud.Red7, v6));
        Assert.Equal(6001u, sent.Decision.GreKey.ToHost() >> 8);
        _cloud.B.FromWire(sent.Bytes).Went(Verdict.Decapsulated, _cloud.Red7.TrafficTo(sent.Input.Length)).To(_cloud.Red7.Interface);

        byte[] local = _cloud.Red5.UdpTo(_cloud.Red6, v6);
        _cloud.A.FromVm(_cloud.Red5, local).Went(Verdict.DeliveredLocal, _cloud.Red6.TrafficTo(local.Length)).To(_cloud.Red6.Interface).As(local);
    }

    [Fact]
    public void Record_AtAPortOfAnotherSubnet_IsNotBelieved()
    {
        // Policy says Blue6 is at red's interface: what is bound there in truth decides.
        _cloud.A.SetRecord(5001, _cloud.Blue6.V4, RecordEntry.Local(_cloud.Blue6.Mac, RecordKind.Static, _cloud.Red6.Interface));
        _cloud.A.FromVm(Vm, Vm.UdpTo(_cloud.Blue6)).Dropped(Verdict.PortUnbound);
    }

    [Fact]
    public void Interface_WithoutAnEntry_DropsEverything() =>
        _cloud.A.FromPort(_cloud.SpareInterface, Vm.UdpTo(_cloud.Blue6)).Dropped(Verdict.PortUnbound);

    [Theory]
    [InlineData(0x43)] // header shorter than 20 bytes
    [InlineData(0x65)] // version 6 under EtherType 0x0800
    [InlineData(0x4f)] // header longer than the packet
    public void IPv4_FirstByteContradicts_IsMalformed(byte first)
    {
        byte[] frame = Vm.UdpTo(_cloud.Blue6);
        frame[14] = first;
        _cloud.A.FromVm(Vm, frame).Dropped(Verdict.Malformed);
    }

    [Fact]
    public void IPv6_TooManyExtensionHeaders_IsMalformed()
    {
        PacketBuilder ip = Vm.To(_cloud.Blue6).IPv6(Vm.V6, _cloud.Blue6.V6);
        for (int count = 1; count <= 8; count++)
        {
            ip = ip.IPv6Extension(IpProtocol.IPv6DestinationOptions, [1, 4, 0, 0, 0, 0]);
            byte[] frame = ip.Udp(1, 2).ToArray();
            Passage passage = _cloud.A.FromVm(Vm, frame);
            if (count < 6)
            {
                passage.Went(Verdict.DeliveredLocal, _cloud.Blue6.TrafficTo(frame.Length)).As(frame);
            }
            else
            {
                passage.Dropped(Verdict.Malformed);
            }
        }
    }

    private Passage Send(MacAddress mac, IPAddress source)
    {
        bool v6 = source.GetAddressBytes().Length == 16;
        return _cloud.A.FromVm(Vm, PacketBuilder.Ethernet(mac, _cloud.Blue7.Mac).Ip(source, _cloud.Blue7.Address(v6)).Udp(1, 2).Payload(18).ToArray());
    }
}

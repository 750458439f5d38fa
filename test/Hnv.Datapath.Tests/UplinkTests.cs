using System.Buffers.Binary;
using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>What the provider network may bring in.</summary>
[Collection(PacketTests.Name)]
public sealed class UplinkTests
{
    private const int OuterIp = 14;
    private const int Gre = 34;
    private readonly TestCloud _cloud;

    public UplinkTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
    }

    /// <summary>From Blue5 at A to Blue7 at B.</summary>
    private byte[] Frame => _cloud.Blue5.UdpTo(_cloud.Blue7);

    private byte[] OnWire => TestCloud.OnWire(_cloud.A, _cloud.B, 5001, Frame);

    [Fact]
    public void Peer_ThatPolicyDoesNotName_IsRefused()
    {
        byte[] onWire = TestCloud.Outer(IPAddress.Parse("192.168.4.99"), _cloud.B.Pa).Nvgre(5001).Frame(Frame).ToArray();
        _cloud.B.FromWire(onWire).Dropped(Verdict.UnknownPeer);
    }

    [Fact]
    public void VirtualSubnet_ThatIsNotHere_IsRefused_AndItsSenderTold() =>
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 7777, Frame)).Went(Verdict.PolicyMissing, $"messages to {_cloud.A.Pa} +9");

    [Fact]
    public void VirtualSubnet_OfAnotherTenant_DoesNotLeadToTheFirst()
    {
        // Only blue's VMs are left: red's subnet is present, red's VMs are nowhere.
        _cloud.B.RemoveRecord(6001, _cloud.Red5.V4);
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 6001, Frame)).Dropped(Verdict.SourceRecordMissing);
        _cloud.B.AddRemote(_cloud.Red5);
        _cloud.B.RemoveRecord(6001, _cloud.Red7.V4);
        _cloud.B.RemoveMac(6001, _cloud.Red7.Mac);
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 6001, Frame)).Dropped(Verdict.DestinationCaPaMismatch);
    }

    [Fact]
    public void VirtualSubnet_OfTheSameDomain_DoesNotLeadToTheNextOne() =>
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5002, Frame)).Dropped(Verdict.DestinationCaPaMismatch);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Source_ThatDoesNotLiveThere_IsRefused(bool v6)
    {
        byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue7, v6);
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.C, _cloud.B, 5001, frame)).Dropped(Verdict.SourceCaPaMismatch);

        // A VM of the receiving host itself.
        byte[] reflected = PacketBuilder.Ethernet(_cloud.Blue7.Mac, _cloud.Blue7.Mac).Ip(_cloud.Blue7.Address(v6), _cloud.Blue7.Address(v6)).Udp(1, 2).ToArray();
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, reflected)).Dropped(Verdict.SourceCaPaMismatch);

        byte[] nobody = _cloud.Blue5.To(_cloud.Blue7).Ip(TestSubnet.Host(v6 ? _cloud.Blue.V6 : _cloud.Blue.V4, 99), _cloud.Blue7.Address(v6)).Udp(1, 2).ToArray();
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, nobody)).Dropped(Verdict.SourceRecordMissing);

        byte[] otherMac = PacketBuilder.Ethernet(_cloud.Blue6.Mac, _cloud.Blue7.Mac).Ip(_cloud.Blue5.Address(v6), _cloud.Blue7.Address(v6)).Udp(1, 2).ToArray();
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, otherMac)).Dropped(Verdict.SourceCaMacMismatch);
    }

    [Fact]
    public void Arp_FromAMacThatDoesNotLiveThere_IsRefused()
    {
        byte[] arp = _cloud.Blue5.To(_cloud.Blue7).Arp(new ArpPacket(ArpOperation.Request, _cloud.Blue5.Mac, _cloud.Blue5.V4, default, _cloud.Blue7.V4)).ToArray(60);
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.C, _cloud.B, 5001, arp)).Dropped(Verdict.SourceCaPaMismatch);
        MacAddress.Parse("06:06:00:00:00:99").CopyTo(arp.AsSpan(6));
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, arp)).Dropped(Verdict.SourceRecordMissing);
    }

    [Fact]
    public void LinkLocalSource_FromAMacThatDoesNotLiveThere_IsRefused()
    {
        byte[] frame = _cloud.Blue5.To(_cloud.Blue7).IPv6(_cloud.Blue5.LinkLocal, _cloud.Blue7.LinkLocal).Udp(1, 2).ToArray();
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.C, _cloud.B, 5001, frame)).Dropped(Verdict.SourceCaPaMismatch);
    }

    [Fact]
    public void Destination_ThatNobodyHas_IsRefused()
    {
        byte[] frame = PacketBuilder.Ethernet(_cloud.Blue5.Mac, MacAddress.Parse("06:06:00:00:00:99")).IPv4(_cloud.Blue5.V4, IPAddress.Parse("10.0.0.99")).Udp(1, 2).ToArray();
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame)).Dropped(Verdict.DestinationCaPaMismatch);
    }

    [Fact]
    public void Destination_WithTheWrongMac_IsRefused()
    {
        byte[] frame = PacketBuilder.Ethernet(_cloud.Blue5.Mac, MacAddress.Parse("06:06:00:00:00:99")).IPv4(_cloud.Blue5.V4, _cloud.Blue7.V4).Udp(1, 2).ToArray();
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame)).Dropped(Verdict.DestinationMacMismatch);
    }

    [Fact]
    public void Destination_WithAnUnusableRecord_IsRefused()
    {
        _cloud.B.SetRecord(5001, _cloud.Blue7.V4, RecordEntry.Local(_cloud.Blue7.Mac, RecordKind.Static, _cloud.Blue7.Interface, RecordFlags.Unusable));
        _cloud.B.FromWire(OnWire).Dropped(Verdict.RecordUnusable);
    }

    [Fact]
    public void Destination_WhosePortIsUnbound_IsRefused()
    {
        _cloud.B.Programs.Map("ports").Delete((uint)_cloud.Blue7.Interface);
        _cloud.B.FromWire(OnWire).Dropped(Verdict.PortUnbound);
    }

    [Theory]
    [InlineData(EtherType.Vlan)]
    [InlineData(EtherType.ServiceVlan)]
    public void InnerVlanTag_IsRefused(EtherType protocol)
    {
        byte[] frame = PacketBuilder.Ethernet(_cloud.Blue5.Mac, _cloud.Blue7.Mac, new VlanTag(protocol, 5)).IPv4(_cloud.Blue5.V4, _cloud.Blue7.V4).Udp(1, 2).ToArray(60);
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame)).Dropped(Verdict.InnerVlanTag);
    }

    [Fact]
    public void InnerEtherType_OtherThanTheThree_IsRefused()
    {
        byte[] frame = PacketBuilder.Ethernet(_cloud.Blue5.Mac, _cloud.Blue7.Mac, type: EtherType.Lldp).Payload(60).ToArray();
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame)).Dropped(Verdict.UnsupportedFrameType);
    }

    [Fact]
    public void InnerGroupAddress_IsNotFlooded()
    {
        byte[] frame = PacketBuilder.Ethernet(_cloud.Blue5.Mac, MacAddress.Parse("ff:ff:ff:ff:ff:ff")).IPv4(_cloud.Blue5.V4, IPAddress.Parse("10.0.0.255")).Udp(1, 2).ToArray();
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame)).Dropped(Verdict.FloodingDisabled);
    }

    [Fact]
    public void InnerGroupSourceMac_IsMalformed()
    {
        byte[] frame = PacketBuilder.Ethernet(MacAddress.Parse("07:06:00:00:00:05"), _cloud.Blue7.Mac).IPv4(_cloud.Blue5.V4, _cloud.Blue7.V4).Udp(1, 2).ToArray();
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame)).Dropped(Verdict.Malformed);
    }

    [Fact]
    public void GreFlags_OtherThanExactlyKey_AreMalformed()
    {
        for (int bit = 0; bit < 16; bit++)
        {
            byte[] onWire = OnWire;
            BinaryPrimitives.WriteUInt16BigEndian(onWire.AsSpan(Gre), (ushort)(0x2000 ^ 1 << bit));
            _cloud.B.FromWire(onWire).Dropped(Verdict.Malformed);
        }
    }

    [Fact]
    public void Gre_OfAnotherProtocol_IsTheHosts()
    {
        byte[] onWire = OnWire;
        BinaryPrimitives.WriteUInt16BigEndian(onWire.AsSpan(Gre + 2), (ushort)EtherType.IPv4);
        _cloud.B.FromWire(onWire).LeftAlone();
    }

    [Fact]
    public void OuterDestination_OtherThanOurs_IsTheHosts() =>
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.C, 5001, Frame)).LeftAlone();

    [Fact]
    public void HostsOwnTraffic_IsLeftAlone()
    {
        PacketBuilder v4 = PacketBuilder.Ethernet(TestCloud.HostMac, TestCloud.HostMac).IPv4(_cloud.A.Pa, _cloud.B.Pa);
        _cloud.B.FromWire(v4.Udp(4789, 4789).Payload(60).ToArray()).LeftAlone();
        _cloud.B.FromWire(v4.Tcp(new TcpHeader(22, 40000, 1, 2, TcpFlags.Ack)).Payload(60).ToArray()).LeftAlone();
        _cloud.B.FromWire(PacketBuilder.Ethernet(TestCloud.HostMac, TestCloud.HostMac)
            .Arp(new ArpPacket(ArpOperation.Request, TestCloud.HostMac, _cloud.A.Pa, default, _cloud.B.Pa)).ToArray(60)).LeftAlone();
        _cloud.B.FromWire(PacketBuilder.Ethernet(TestCloud.HostMac, TestCloud.HostMac)
            .IPv6(IPAddress.Parse("fe80::1"), IPAddress.Parse("fe80::2")).Nvgre(5001).Frame(Frame).ToArray()).LeftAlone();
        _cloud.B.FromWire(PacketBuilder.Ethernet(TestCloud.HostMac, TestCloud.HostMac, new VlanTag(EtherType.Vlan, 5))
            .IPv4(_cloud.A.Pa, _cloud.B.Pa).Nvgre(5001).Frame(Frame).ToArray()).LeftAlone();
    }

    [Theory]
    [InlineData(0x20, 0)] // more follow
    [InlineData(0, 8)] // a later one
    [InlineData(0x20, 8)]
    public void OuterFragment_OfAPeer_IsRefused(byte flags, byte offset)
    {
        byte[] onWire = OnWire;
        (onWire[OuterIp + 6], onWire[OuterIp + 7]) = (flags, offset);
        FixChecksum(onWire);
        _cloud.B.FromWire(onWire).Dropped(Verdict.Fragmented);

        // Of a stranger it may be anybody's GRE.
        onWire[OuterIp + 15] = 99;
        FixChecksum(onWire);
        _cloud.B.FromWire(onWire).LeftAlone();
    }

    [Fact]
    public void OuterChecksum_Wrong_IsMalformed()
    {
        byte[] onWire = OnWire;
        onWire[OuterIp + 10] ^= 1;
        _cloud.B.FromWire(onWire).Dropped(Verdict.Malformed);
    }

    [Fact]
    public void OuterOptions_AreMalformed()
    {
        byte[] onWire = PacketBuilder.Ethernet(default, default).IPv4(_cloud.A.Pa, _cloud.B.Pa, options: [1, 1, 1, 1]).Nvgre(5001).Frame(Frame).ToArray();
        _cloud.B.FromWire(onWire).Dropped(Verdict.Malformed);
    }

    [Theory]
    [InlineData(1)] // beyond the bytes
    [InlineData(-70)] // ends inside the inner Ethernet header
    public void OuterTotalLength_Contradicts_IsMalformed(int change)
    {
        byte[] onWire = OnWire;
        int length = onWire.Length - 14 + change;
        BinaryPrimitives.WriteUInt16BigEndian(onWire.AsSpan(OuterIp + 2), (ushort)Math.Min(length, change < 0 ? 41 : int.MaxValue));
        FixChecksum(onWire);
        _cloud.B.FromWire(onWire).Dropped(Verdict.Malformed);
    }

    [Fact]
    public void OuterPacket_WithEthernetPadding_ArrivesAsItWasSent()
    {
        // An inner frame of 42 bytes does not need padding inside, and a NIC pads none of 84: but some switch may.
        byte[] frame = Frame;
        byte[] onWire = [.. OnWire, 0, 0, 0, 0];
        Passage passage = _cloud.B.FromWire(onWire).Went(Verdict.Decapsulated, _cloud.Blue7.TrafficTo(frame.Length + 4));
        Assert.Equal(frame, passage.Bytes[..frame.Length]);
    }

    private static void FixChecksum(byte[] frame)
    {
        Span<byte> ip = frame.AsSpan(OuterIp, 20);
        ip[10] = ip[11] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Compute(ip));
    }
}

using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>A frame that arrives where its destination lived before is sent on, still encapsulated.</summary>
[Collection(PacketTests.Name)]
public sealed class HairpinTests
{
    private readonly TestCloud _cloud;

    public HairpinTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
        _cloud.B.Programs.Map("ports").Delete((uint)_cloud.Blue7.Interface);
        _cloud.B.AddRemote(_cloud.Blue7, _cloud.C.Pa);
        _cloud.C.AddLocal(_cloud.Blue7);
    }

    public static TheoryData<string> Kinds => ["IPv4", "IPv6", "ARP"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Frame_ForAVmThatMoved_ReachesItsNewHost(string kind)
    {
        byte[] frame = kind switch
        {
            "ARP" => _cloud.Blue5.To(_cloud.Blue7).Arp(new ArpPacket(ArpOperation.Reply, _cloud.Blue5.Mac, _cloud.Blue5.V4, _cloud.Blue7.Mac, _cloud.Blue7.V4)).ToArray(60),
            _ => _cloud.Blue5.UdpTo(_cloud.Blue7, v6: kind == "IPv6"),
        };
        Passage sent = _cloud.A.FromVmToWire(_cloud.Blue5, frame);

        Passage hairpinned = _cloud.B.FromWire(sent.Bytes).Went(Verdict.Hairpinned).To(_cloud.B.Uplink);
        hairpinned.As(PacketBuilder.Ethernet(default, default)
            .IPv4(_cloud.A.Pa, _cloud.C.Pa, h => h with { Flags = IPv4Flags.DontFragment, TimeToLive = 63 })
            .Nvgre(5001, TestCloud.FlowId(sent)).Frame(frame).ToArray());

        // The sender's address stays, or the guard there would find the source in the wrong place.
        _cloud.C.FromWire(hairpinned.Bytes).Went(Verdict.Decapsulated, _cloud.Blue7.TrafficTo(frame.Length)).To(_cloud.Blue7.Interface).As(frame);
    }

    [Fact]
    public void Outer_CongestionMark_StaysOnTheWay()
    {
        byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue7, trafficClass: (byte)Ecn.Capable0);
        byte[] onWire = TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame, trafficClass: (byte)Ecn.CongestionExperienced);
        Passage hairpinned = _cloud.B.FromWire(onWire).Went(Verdict.Hairpinned);
        Assert.Equal((byte)Ecn.CongestionExperienced, hairpinned.Bytes[15]);
    }

    [Fact]
    public void Outer_TimeToLiveAtItsEnd_EndsALoop()
    {
        byte[] onWire = PacketBuilder.Ethernet(default, default).IPv4(_cloud.A.Pa, _cloud.B.Pa, h => h with { TimeToLive = 1 })
            .Nvgre(5001).Frame(_cloud.Blue5.UdpTo(_cloud.Blue7)).ToArray();
        _cloud.B.FromWire(onWire).Dropped(Verdict.DestinationCaPaMismatch);
    }

    [Fact]
    public void Record_ThatLeadsBackToTheSender_IsNotFollowed()
    {
        _cloud.B.AddRemote(_cloud.Blue7, _cloud.A.Pa);
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, _cloud.Blue5.UdpTo(_cloud.Blue7))).Dropped(Verdict.DestinationCaPaMismatch);
    }

    [Fact]
    public void NewHost_ThatIsNoPeer_IsNotFollowed()
    {
        _cloud.B.AddRemote(_cloud.Blue7, IPAddress.Parse("192.168.4.99"));
        byte[] onWire = TestCloud.OnWire(_cloud.A, _cloud.B, 5001, _cloud.Blue5.UdpTo(_cloud.Blue7));
        _cloud.B.FromWire(onWire).Dropped(Verdict.UnknownPeer);
        _cloud.B.Programs.Map("peers").Update<KernelAddress, PeerEntry>(IPAddress.Parse("192.168.4.99"), PeerEntry.Unreachable());
        _cloud.B.FromWire(onWire).Dropped(Verdict.ProviderRouteMissing);
    }
}

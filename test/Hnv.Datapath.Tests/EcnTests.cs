using Hnv.Datapath.Tests.Fixture;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>ECN through the tunnel (RFC 6040).</summary>
[Collection(PacketTests.Name)]
public sealed class EcnTests
{
    private readonly TestCloud _cloud;

    public EcnTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
    }

    public static TheoryData<Ecn, bool> Inner => new MatrixTheoryData<Ecn, bool>(Enum.GetValues<Ecn>(), [false, true]);

    public static TheoryData<Ecn, Ecn, bool> InnerAndOuter => new MatrixTheoryData<Ecn, Ecn, bool>(Enum.GetValues<Ecn>(), Enum.GetValues<Ecn>(), [false, true]);

    [Theory]
    [MemberData(nameof(Inner))]
    public void Encapsulation_CopiesEcnAndKeepsDscpInside(Ecn inner, bool v6)
    {
        byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue7, v6, trafficClass: (byte)(46 << 2 | (int)inner));
        Passage sent = _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.Encapsulated);
        sent.As(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame, TestCloud.FlowId(sent), trafficClass: (byte)inner));
    }

    [Theory]
    [MemberData(nameof(InnerAndOuter))]
    public void Decapsulation_CombinesBoth(Ecn inner, Ecn outer, bool v6)
    {
        // Figure 4 of RFC 6040: rows are the inner field, columns Not-ECT, ECT(1), ECT(0), CE outside.
        Ecn?[] row = inner switch
        {
            Ecn.NotCapable => [Ecn.NotCapable, Ecn.NotCapable, Ecn.NotCapable, null],
            Ecn.Capable1 => [Ecn.Capable1, Ecn.Capable1, Ecn.Capable1, Ecn.CongestionExperienced],
            Ecn.Capable0 => [Ecn.Capable0, Ecn.Capable1, Ecn.Capable0, Ecn.CongestionExperienced],
            _ => [Ecn.CongestionExperienced, Ecn.CongestionExperienced, Ecn.CongestionExperienced, Ecn.CongestionExperienced],
        };
        const int Dscp = 46 << 2;
        byte[] Frame(Ecn ecn) => _cloud.Blue5.UdpTo(_cloud.Blue7, v6, trafficClass: (byte)(Dscp | (int)ecn));

        // A DSCP outside (set by the provider's network) never comes in.
        byte[] onWire = TestCloud.OnWire(_cloud.A, _cloud.B, 5001, Frame(inner), trafficClass: (byte)(10 << 2 | (int)outer));
        Passage received = _cloud.B.FromWire(onWire);
        if (row[(int)outer] is { } expected)
        {
            received.Went(Verdict.Decapsulated, _cloud.Blue7.TrafficTo(Frame(inner).Length)).As(Frame(expected));
        }
        else
        {
            received.Dropped(Verdict.EcnCongestionLost);
        }
    }

    [Fact]
    public void Decapsulation_OfArpUnderCongestion_Arrives()
    {
        byte[] arp = _cloud.Blue5.To(_cloud.Blue7)
            .Arp(new ArpPacket(ArpOperation.Reply, _cloud.Blue5.Mac, _cloud.Blue5.V4, _cloud.Blue7.Mac, _cloud.Blue7.V4)).ToArray(60);
        byte[] onWire = TestCloud.OnWire(_cloud.A, _cloud.B, 5001, arp, trafficClass: (byte)Ecn.CongestionExperienced);
        _cloud.B.FromWire(onWire).Went(Verdict.Decapsulated, _cloud.Blue7.TrafficTo(60)).As(arp);
    }
}

using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>A traced frame is decided like any other and leaves no other mark on the world.</summary>
[Collection(PacketTests.Name)]
public sealed class TraceTests
{
    private readonly TestCloud _cloud;

    public TraceTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
    }

    [Fact]
    public void FromVm_Traced_SameDecisionNoCounters()
    {
        foreach (byte[] frame in (byte[][])[
            _cloud.Blue5.UdpTo(_cloud.Blue7),
            _cloud.Blue5.UdpTo(_cloud.Blue9, v6: true),
            _cloud.Blue5.UdpTo(_cloud.Blue6),
            _cloud.Blue5.UdpTo(_cloud.Blue9, timeToLive: 1),
            _cloud.Blue5.UdpTo(_cloud.Blue7, payload: 1600),
            _cloud.Blue6.UdpTo(_cloud.Blue7),
            _cloud.Blue5.To(_cloud.Blue7).Arp(new ArpPacket(ArpOperation.Request, _cloud.Blue5.Mac, _cloud.Blue5.V4, default, _cloud.Blue7.V4)).ToArray(60)])
        {
            Passage traced = _cloud.A.FromVm(_cloud.Blue5, frame, Passage.MarkTrace);
            Passage real = _cloud.A.FromVm(_cloud.Blue5, frame);
            Assert.Empty(traced.Changes);
            Assert.NotEmpty(real.Changes);
            Same(real, traced);
        }
    }

    [Fact]
    public void FromWire_Traced_SameDecisionNoCounters()
    {
        byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue7);
        foreach (byte[] onWire in (byte[][])[
            TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame),
            TestCloud.OnWire(_cloud.A, _cloud.B, 7777, frame),
            TestCloud.OnWire(_cloud.C, _cloud.B, 5001, frame)])
        {
            Passage traced = _cloud.B.FromWire(onWire, Passage.MarkTrace);
            Passage real = _cloud.B.FromWire(onWire);
            Assert.Empty(traced.Changes);
            Assert.NotEmpty(real.Changes);
            Same(real, traced);
        }
    }

    private static void Same(Passage real, Passage traced)
    {
        Assert.Equal(real.Decision with { Flags = 1 }, traced.Decision);
        Assert.Equal((real.Action, Convert.ToHexString(real.Bytes)), (traced.Action, Convert.ToHexString(traced.Bytes)));
    }
}

using System.Buffers.Binary;
using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>The last step into a VM, and the guard before it.</summary>
[Collection(PacketTests.Name)]
public sealed class DeliveryTests
{
    private const uint NormaliserIn = 901;
    private const uint NormaliserOut = 902;
    private readonly TestCloud _cloud;

    public DeliveryTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
    }

    [Fact]
    public void Local_ThroughTheDevice_IsMarkedForTheGuard()
    {
        byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue6);
        Passage passage = _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.DeliveredLocal, _cloud.Blue6.TrafficTo(frame.Length)).As(frame);
        Assert.Equal(Passage.MarkDeliver, passage.Mark);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Veth_GetsFramesStraightIntoItsNamespace(bool v6)
    {
        _cloud.A.AddPort(_cloud.Blue6, PortFlags.Peer);
        _cloud.B.AddPort(_cloud.Blue7, PortFlags.Peer);
        byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue6, v6);
        Passage local = _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.DeliveredLocal, _cloud.Blue6.TrafficTo(frame.Length)).As(frame);
        Assert.Equal(0u, local.Mark);

        frame = _cloud.Blue5.UdpTo(_cloud.Blue7, v6);
        Passage remote = _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame));
        remote.Went(Verdict.Decapsulated, _cloud.Blue7.TrafficTo(frame.Length)).As(frame);
        Assert.Equal(0u, remote.Mark);
    }

    [Fact]
    public void Veth_GetsDecapsulatedArpThroughTheDevice()
    {
        // The skb still says IPv4 then: only the device reads the EtherType anew.
        _cloud.B.AddPort(_cloud.Blue7, PortFlags.Peer);
        byte[] arp = _cloud.Blue5.To(_cloud.Blue7).Arp(new ArpPacket(ArpOperation.Reply, _cloud.Blue5.Mac, _cloud.Blue5.V4, _cloud.Blue7.Mac, _cloud.Blue7.V4)).ToArray(60);
        Passage passage = _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, arp)).Went(Verdict.Decapsulated, _cloud.Blue7.TrafficTo(60)).As(arp);
        Assert.Equal(Passage.MarkDeliver, passage.Mark);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Tap_GetsDecapsulatedTcpByTheSegmentingNormaliser(bool v6)
    {
        _cloud.B.Programs.Map("config").Update(0u, new ConfigEntry(Layout.Version, NormaliserIn, NormaliserOut, ConfigFlags.None));
        _cloud.B.AddPort(_cloud.Blue7, PortFlags.Normalise);
        byte[] frame = _cloud.Blue5.To(_cloud.Blue7).Ip(_cloud.Blue5.Address(v6), _cloud.Blue7.Address(v6)).Tcp(new TcpHeader(1, 2, 3, 4, TcpFlags.Ack)).Payload(500).ToArray();
        Passage passage = _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame)).Went(Verdict.Decapsulated, _cloud.Blue7.TrafficTo(frame.Length));
        byte[] marked = [.. frame];
        (marked[0], marked[1]) = (0x02, 0x48);
        BinaryPrimitives.WriteUInt32BigEndian(marked.AsSpan(2), (uint)_cloud.Blue7.Interface);
        passage.As(marked);
        Assert.Equal(Passage.MarkDeliver, passage.Mark);

        Passage normalised = _cloud.B.Enter("normaliser", _cloud.SpareInterface, 0, passage.Bytes, passage.Mark).As(frame);
        Assert.Equal((Passage.Redirect, Passage.MarkDeliver), (normalised.Action, normalised.Mark));
        Assert.Empty(normalised.Changes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Tap_GetsDecapsulatedTcpByTheUnwrappingNormaliser(bool v6)
    {
        _cloud.B.Programs.Map("config").Update(0u, new ConfigEntry(Layout.Version, NormaliserOut, NormaliserOut, ConfigFlags.Unwrap));
        _cloud.B.AddPort(_cloud.Blue7, PortFlags.Normalise);
        byte[] frame = _cloud.Blue5.To(_cloud.Blue7).Ip(_cloud.Blue5.Address(v6), _cloud.Blue7.Address(v6)).Tcp(new TcpHeader(1, 2, 3, 4, TcpFlags.Ack)).Payload(500).ToArray();
        Passage passage = _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame)).Went(Verdict.Decapsulated, _cloud.Blue7.TrafficTo(frame.Length));
        byte[] marked = [.. frame];
        (marked[0], marked[1]) = (0x02, 0x48);
        BinaryPrimitives.WriteUInt32BigEndian(marked.AsSpan(2), (uint)_cloud.Blue7.Interface);
        byte[] wrapped =
        [
            0x02, 0x48, .. new byte[10], 0x86, 0xdd,
            0x60, 0, 0, 0, (byte)(marked.Length >> 8), (byte)marked.Length, 143, 64,
            .. IPAddress.Parse("fd48:4e56::2").GetAddressBytes(), .. IPAddress.Parse("fd48:4e56::1").GetAddressBytes(),
            .. marked,
        ];
        passage.As(wrapped);
        Assert.Equal(Passage.MarkDeliver, passage.Mark);

        // What normaliser_exit puts right only the kernel's own unwrapping makes: real devices test it.
    }

    [Theory]
    [InlineData(ConfigFlags.None)]
    [InlineData(ConfigFlags.Unwrap)]
    public void Tap_GetsWhatIsNoTcpDirectly(ConfigFlags flags)
    {
        _cloud.B.Programs.Map("config").Update(0u, new ConfigEntry(Layout.Version, NormaliserIn, NormaliserOut, flags));
        _cloud.B.AddPort(_cloud.Blue7, PortFlags.Normalise);
        byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue7);
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame)).Went(Verdict.Decapsulated, _cloud.Blue7.TrafficTo(frame.Length)).As(frame);
    }

    [Theory]
    [InlineData("normaliser", 0)]
    [InlineData("normaliser_exit", 1)]
    public void Normaliser_OnlyPassesWhatTheDataPlaneSentIntoIt(string program, uint egress)
    {
        byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue7);
        void Refuses(byte[] bytes, uint mark, Verdict verdict)
        {
            Passage passage = _cloud.B.Enter(program, _cloud.SpareInterface, egress, bytes, mark);
            Assert.Equal((Passage.Shot, HostState.Tell($"uplink {verdict}", 1, bytes.Length)), (passage.Action, Assert.Single(passage.Changes)));
        }

        Refuses(frame, 0, Verdict.HostStackFrame);
        Refuses(frame, Passage.MarkDeliver, Verdict.HostStackFrame);
        (frame[0], frame[1]) = (0x02, 0x48);
        Refuses(frame, 0, Verdict.HostStackFrame);
        Refuses(frame, Passage.MarkDeliver, Verdict.PortUnbound);
    }

    [Fact]
    public void Egress_PassesOnlyWhatTheDataPlaneSent()
    {
        byte[] frame = _cloud.Blue6.UdpTo(_cloud.Blue5);
        Passage passes = _cloud.A.Enter("port_egress", _cloud.Blue5.Interface, 1, frame, Passage.MarkDeliver).As(frame);
        Assert.Equal((Passage.Ok, 0u), (passes.Action, passes.Mark));
        Assert.Empty(passes.Changes);

        foreach (uint mark in (ReadOnlySpan<uint>)[0, 1, Passage.MarkEncapsulated, Passage.MarkTrace])
        {
            Passage stopped = _cloud.A.Enter("port_egress", _cloud.Blue5.Interface, 1, frame, mark);
            Assert.Equal((Passage.Shot, HostState.Tell("port 1 HostStackFrame", 1, frame.Length)), (stopped.Action, Assert.Single(stopped.Changes)));
        }

        Passage unbound = _cloud.A.Enter("port_egress", _cloud.SpareInterface, 0, frame);
        Assert.Equal((Passage.Shot, HostState.Tell("uplink HostStackFrame", 1, frame.Length)), (unbound.Action, Assert.Single(unbound.Changes)));
    }

    [Fact]
    public void Unbound_DropsEverything()
    {
        byte[] frame = _cloud.Blue6.UdpTo(_cloud.Blue5);
        foreach (uint mark in (ReadOnlySpan<uint>)[0, Passage.MarkDeliver])
        {
            Passage passage = _cloud.A.Enter("unbound", _cloud.Blue5.Interface, 0, frame, mark);
            Assert.Equal((Passage.Shot, HostState.Tell("uplink PortUnbound", 1, frame.Length)), (passage.Action, Assert.Single(passage.Changes)));
        }
    }
}

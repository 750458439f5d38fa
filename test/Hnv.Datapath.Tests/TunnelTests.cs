using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Linux.Bpf;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>From a VM over the wire to a VM of another host, byte for byte.</summary>
[Collection(PacketTests.Name)]
public sealed class TunnelTests
{
    private readonly TestCloud _cloud;

    public TunnelTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frame_ToAVmOfAnotherHost_TravelsInNvgre(bool v6)
    {
        byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue7, v6);

        Passage sent = _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.Encapsulated).To(_cloud.A.Uplink);
        sent.As(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame, TestCloud.FlowId(sent)));

        _cloud.B.FromWire(sent.Bytes).Went(Verdict.Decapsulated, _cloud.Blue7.TrafficTo(frame.Length)).To(_cloud.Blue7.Interface).As(frame);
    }

    [Fact]
    public void Decision_OfASentFrame_TellsWhoWhereAndHow()
    {
        DecisionEntry decision = _cloud.A.FromVm(_cloud.Blue5, _cloud.Blue5.UdpTo(_cloud.Blue7)).Decision;
        Assert.Equal(
            new DecisionEntry(
                Verdict.Encapsulated,
                (uint)_cloud.A.Uplink,
                NetworkUInt32.ToNetwork(5001),
                NetworkUInt32.ToNetwork(5001),
                NetworkUInt32.ToNetwork(1),
                0,
                _cloud.Blue7.V4,
                RecordEntry.Remote(_cloud.Blue7.Mac, RecordKind.Static, _cloud.B.Pa),
                _cloud.B.Pa,
                decision.GreKey),
            decision);
        Assert.Equal(5001u, decision.GreKey.ToHost() >> 8);
    }

    [Fact]
    public void Decision_OfAReceivedFrame_TellsWhoWhereAndHow()
    {
        byte[] onWire = TestCloud.OnWire(_cloud.A, _cloud.B, 5001, _cloud.Blue5.UdpTo(_cloud.Blue7), flowId: 0x3f);
        Assert.Equal(
            new DecisionEntry(
                Verdict.Decapsulated,
                (uint)_cloud.Blue7.Interface,
                NetworkUInt32.ToNetwork(5001),
                NetworkUInt32.ToNetwork(5001),
                NetworkUInt32.ToNetwork(1),
                0,
                _cloud.Blue7.V4,
                RecordEntry.Local(_cloud.Blue7.Mac, RecordKind.Static, _cloud.Blue7.Interface),
                _cloud.A.Pa,
                NetworkUInt32.ToNetwork(5001 << 8 | 0x3f)),
            _cloud.B.FromWire(onWire).Decision);
    }

    [Fact]
    public void Frame_FromTheWire_EveryFlowIdIsAccepted()
    {
        byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue7);
        for (int flow = 0; flow <= byte.MaxValue; flow++)
        {
            _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame, (byte)flow)).Went(Verdict.Decapsulated, _cloud.Blue7.TrafficTo(frame.Length)).As(frame);
        }
    }

    public static TheoryData<string> Kinds => ["IPv4", "IPv6", "ARP", "ND"];

    /// <summary>decap(encap(p)) = p.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Frame_OfEverySize_ArrivesAsItWasSent(string kind) => _cloud.Run(() =>
    {
        int checkedSizes = 0;
        for (int size = 60; size <= 1514; size++)
        {
            if (Frame(kind, size) is not { } frame)
            {
                continue;
            }

            (BpfTestRun sent, DecisionEntry decision) = _cloud.A.Run("port_ingress", _cloud.Blue5.Interface, frame);
            byte[] expected = TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame, (byte)decision.GreKey.ToHost());
            Assert.Equal((Verdict.Encapsulated, Passage.Redirect, Convert.ToHexString(expected)), (decision.Verdict, sent.ReturnValue, Convert.ToHexString(sent.Packet)));

            (BpfTestRun received, decision) = _cloud.B.Run("uplink_ingress", _cloud.B.Uplink, sent.Packet);
            Assert.Equal((Verdict.Decapsulated, Passage.Redirect, Convert.ToHexString(frame)), (decision.Verdict, received.ReturnValue, Convert.ToHexString(received.Packet)));
            Assert.Equal((uint)_cloud.Blue7.Interface, decision.Ifindex);
            checkedSizes++;
        }

        Assert.Equal(kind switch
        {
            "ND" => (1514 - 78) / 8,
            "IPv6" => 1453,
            _ => 1455,
        }, checkedSizes);
    });

    [Theory]
    [InlineData(false, 0, true)]
    [InlineData(false, 8, true)]
    [InlineData(false, 16, false)]
    [InlineData(true, 0, true)]
    [InlineData(true, 8, true)]
    [InlineData(true, 16, false)]
    public void Fragment_OfATenantsPacket_Arrives(bool v6, ushort offset, bool more)
    {
        TestVm from = _cloud.Blue5, to = _cloud.Blue7;
        byte[] frame = v6
            ? from.To(to).IPv6(from.V6, to.V6).IPv6Fragment(new IPv6FragmentHeader(offset, more, 9)).Udp(1, 2).Payload(56).ToArray()
            : from.To(to).IPv4(from.V4, to.V4, h => h with { FragmentOffset = offset, Flags = more ? IPv4Flags.MoreFragments : IPv4Flags.None }).Udp(1, 2).Payload(56).ToArray();
        Passage sent = _cloud.A.FromVmToWire(from, frame);
        _cloud.B.FromWire(sent.Bytes).Went(Verdict.Decapsulated, to.TrafficTo(frame.Length)).As(frame);
    }

    [Fact]
    public void Packet_WithOptionsOrUnknownProtocol_Arrives()
    {
        TestVm from = _cloud.Blue5, to = _cloud.Blue7;
        foreach (byte[] frame in (byte[][])[
            from.To(to).IPv4(from.V4, to.V4, h => h with { Protocol = (IpProtocol)253 }, [7, 7, 4, 0, 0, 0, 0, 0]).Payload(33).ToArray(),
            from.To(to).IPv6(from.V6, to.V6, h => h with { NextHeader = (IpProtocol)253 }).Payload(33).ToArray(),
            from.To(to).IPv6(from.V6, to.V6, h => h with { NextHeader = IpProtocol.IPv6NoNextHeader }).ToArray(),
            from.To(to).IPv4(from.V4, to.V4, h => h with { Protocol = IpProtocol.Esp }).Payload(40).ToArray()])
        {
            Passage sent = _cloud.A.FromVmToWire(from, frame);
            _cloud.B.FromWire(sent.Bytes).Went(Verdict.Decapsulated, to.TrafficTo(frame.Length)).As(frame);
        }
    }

    [Fact]
    public void Arp_ToAVmOfAnotherHost_ReentersAtTheUplink()
    {
        byte[] probe = Frame("ARP", 60)!;
        Passage sent = _cloud.A.FromVmToWire(_cloud.Blue5, probe);
        Assert.Equal(Passage.MarkEncapsulated, sent.Mark);
        sent.As(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, probe, TestCloud.FlowId(sent)));
        _cloud.B.FromWire(sent.Bytes).Went(Verdict.Decapsulated, _cloud.Blue7.TrafficTo(60)).To(_cloud.Blue7.Interface).As(probe);
    }

    [Fact]
    public void ReentryMark_OnAFrameThatIsNotOurs_GoesNowhere()
    {
        byte[] foreign = TestCloud.OnWire(_cloud.B, _cloud.A, 5001, _cloud.Blue7.UdpTo(_cloud.Blue5));
        Passage passage = _cloud.A.FromWire(foreign, Passage.MarkEncapsulated);
        Assert.Equal(Passage.Shot, passage.Action);
    }

    [Fact]
    public void FlowId_OfAFlow_StaysAndOfOthersDiffers()
    {
        byte Flow(ushort port) => TestCloud.FlowId(_cloud.A.FromVm(
            _cloud.Blue5, _cloud.Blue5.To(_cloud.Blue7).Ip(_cloud.Blue5.V4, _cloud.Blue7.V4).Udp(port, 5000).Payload(18).ToArray()));

        Assert.Single(Enumerable.Range(0, 16).Select(_ => Flow(4000)).Distinct());
        Assert.True(Enumerable.Range(0, 64).Select(i => Flow((ushort)(4000 + i))).Distinct().Count() > 16);
    }

    [Fact]
    public void FlowId_ToAPeerThatComparesTheWholeKey_IsZero()
    {
        _cloud.A.AddPeer(_cloud.B.Pa, flags: PeerFlags.FlowIdZero);
        foreach (bool v6 in (ReadOnlySpan<bool>)[false, true])
        {
            byte[] frame = _cloud.Blue5.UdpTo(_cloud.Blue7, v6);
            _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.Encapsulated).As(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame));
        }
    }

    [Fact]
    public void Peer_WithoutAWay_ProviderRouteMissing()
    {
        _cloud.A.Programs.Map("peers").Update<KernelAddress, PeerEntry>(_cloud.B.Pa, PeerEntry.Unreachable() with { Mtu = 1600 });
        _cloud.A.FromVm(_cloud.Blue5, _cloud.Blue5.UdpTo(_cloud.Blue7)).Dropped(Verdict.ProviderRouteMissing);
    }

    [Fact]
    public void Record_OfAHostThatPolicyDoesNotName_ProviderRouteMissing()
    {
        _cloud.A.AddRemote(_cloud.Blue7, IPAddress.Parse("192.168.4.99"));
        _cloud.A.FromVm(_cloud.Blue5, _cloud.Blue5.UdpTo(_cloud.Blue7)).Dropped(Verdict.ProviderRouteMissing);
    }

    /// <summary>A frame from Blue5 to Blue7 of that size; null when there is none.</summary>
    private byte[]? Frame(string kind, int size)
    {
        TestVm from = _cloud.Blue5, to = _cloud.Blue7;
        return kind switch
        {
            "IPv4" => from.UdpTo(to, payload: size - 42),
            "IPv6" => size < 62 ? null : from.UdpTo(to, v6: true, payload: size - 62),
            "ARP" => from.To(to).Arp(new ArpPacket(ArpOperation.Request, from.Mac, from.V4, to.Mac, to.V4)).Payload(size - 42).ToArray(),
            // A unicast solicitation (NUD) with an option that fills it up.
            _ => size <= 78 || (size - 78) % 8 != 0
                ? null
                : from.To(to).IPv6(from.V6, to.V6, h => h with { HopLimit = 255 })
                    .NeighborSolicitation(to.V6, [(byte)NeighborOptionType.Nonce, (byte)((size - 78) / 8), .. new byte[size - 80]]).ToArray(),
        };
    }
}

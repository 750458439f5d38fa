using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Linux.Bpf;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>
/// Who gets a copy of what goes to a group. The test's devices are down: a copy that is a clone is lost, and counted so; the last one is the
/// frame itself. How copies arrive: <see cref="Devices.FloodDeviceTests"/>.
/// </summary>
[Collection(PacketTests.Name)]
public sealed class FloodTests
{
    private static readonly MacAddress s_all = MacAddress.FromBytes([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    private const int Batch = 16; // HNV_FLOOD_BATCH
    private static readonly IPAddress s_group = IPAddress.Parse("239.0.80.1");
    private readonly TestCloud _cloud;

    public FloodTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
    }

    private TestVm Vm => _cloud.Blue5;

    private byte[] Broadcast => PacketBuilder.Ethernet(Vm.Mac, s_all).IPv4(Vm.V4, IPAddress.Broadcast).Udp(1000, 2000).Payload(30).ToArray();

    public static TheoryData<string> Kinds => ["broadcast", "directed broadcast", "IPv4 multicast", "IPv6 multicast", "gratuitous ARP", "ARP announcement", "unsolicited NA", "RS", "RS from ::", "DHCP", "IGMP", "MLD"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Frame_InASubnetThatFloods_GoesToItsMembers(string kind)
    {
        byte[] frame = Make(kind);
        _cloud.A.FromVm(Vm, frame).Dropped(Verdict.FloodingDisabled);

        Floods(_cloud.A, [Vm], [_cloud.B]);
        Floods(_cloud.B, [_cloud.Blue7], [_cloud.A]);
        Passage sent = _cloud.A.FromVm(Vm, frame).Went(Verdict.Flooded).To(_cloud.A.Uplink);
        sent.As(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame, TestCloud.FlowId(sent)));
        Assert.Equal(kind.Contains("ARP", StringComparison.Ordinal) ? Passage.MarkEncapsulated : 0, sent.Mark);
        _cloud.B.FromWire(sent.Bytes).Went(Verdict.Flooded, _cloud.Blue7.TrafficTo(frame.Length)).As(frame);
    }

    [Fact]
    public void LocalMember_GetsTheFrame()
    {
        Floods(_cloud.A, [Vm, _cloud.Blue6], []);
        Passage sent = _cloud.A.FromVm(Vm, Broadcast).Went(Verdict.Flooded, _cloud.Blue6.TrafficTo(Broadcast.Length)).As(Broadcast);
        Assert.Equal(Passage.MarkDeliver, sent.Mark);
    }

    [Fact]
    public void LocalMember_BesideRemoteOnes_GetsAClone()
    {
        Floods(_cloud.A, [Vm, _cloud.Blue6], [_cloud.B]);
        _cloud.A.FromVm(Vm, Broadcast).Went(Verdict.Flooded, Lost($"port {Vm.PortId}", 1, Broadcast.Length)).To(_cloud.A.Uplink);
    }

    [Fact]
    public void Sender_Alone_NobodyGetsAnything()
    {
        Floods(_cloud.A, [Vm], []);
        _cloud.A.FromVm(Vm, Broadcast).Dropped(Verdict.Flooded);
    }

    [Fact]
    public void Member_BoundToAnotherSubnet_GetsNothing()
    {
        Floods(_cloud.A, [Vm, _cloud.Blue8, _cloud.Red5], []);
        _cloud.A.FromVm(Vm, Broadcast).Dropped(Verdict.Flooded);
        Floods(_cloud.B, [_cloud.Blue9, _cloud.Red7], [_cloud.A]);
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, Broadcast)).Dropped(Verdict.Flooded);
    }

    [Fact]
    public void RemoteMembers_Several_TheFrameGoesRoundThroughTheUplink()
    {
        Floods(_cloud.A, [Vm], [_cloud.B, _cloud.C]);
        Passage sent = _cloud.A.FromVm(Vm, Broadcast).Went(Verdict.Flooded).To(_cloud.A.Uplink);
        Assert.Equal(Passage.MarkFlooding, sent.Mark);
        byte flow = TestCloud.FlowId(sent);

        Passage last = Copied(_cloud.A.FromWire(sent.Bytes, sent.Mark), 1, sent.Bytes.Length);
        last.As(TestCloud.OnWire(_cloud.A, _cloud.C, 5001, Broadcast, flow));
        Assert.Equal(0u, last.Mark);
    }

    [Fact]
    public void RemoteMembers_MoreThanABatch_TheRestIsForTheNextRound()
    {
        Floods(_cloud.A, [Vm], [.. Enumerable.Repeat(_cloud.B, Batch), _cloud.C, _cloud.B]);
        Passage sent = _cloud.A.FromVm(Vm, Broadcast).Went(Verdict.Flooded);
        Passage round = Copied(_cloud.A.FromWire(sent.Bytes, sent.Mark), Batch, sent.Bytes.Length);
        Assert.Equal(Passage.MarkFlooding + Batch, round.Mark);
        Copied(_cloud.A.FromWire(round.Bytes, round.Mark), 1, sent.Bytes.Length).As(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, Broadcast, TestCloud.FlowId(sent)));
    }

    [Fact]
    public void RemoteMembers_ThatDoNotLearn_AreLeftOutWhenOnlyLearnersAreAsked()
    {
        Floods(_cloud.A, [Vm], [_cloud.B, _cloud.C, _cloud.B], (slot, _) => slot == 1 ? MemberFlags.Learns : MemberFlags.None);
        Passage sent = _cloud.A.FromVm(Vm, Broadcast).Went(Verdict.Flooded);
        Copied(_cloud.A.FromWire(sent.Bytes, sent.Mark | Passage.FloodingLearners), 0, 0).As(TestCloud.OnWire(_cloud.A, _cloud.C, 5001, Broadcast, TestCloud.FlowId(sent)));
    }

    [Fact]
    public void FlowId_IsZeroOnlyForThePeersThatWantIt()
    {
        _cloud.A.AddPeer(_cloud.B.Pa, flags: PeerFlags.FlowIdZero);
        Floods(_cloud.A, [Vm], [_cloud.C, _cloud.B]);
        Passage sent = _cloud.A.FromVm(Vm, Broadcast).Went(Verdict.Flooded);
        Assert.NotEqual(0, TestCloud.FlowId(sent));
        Copied(_cloud.A.FromWire(sent.Bytes, sent.Mark), 1, sent.Bytes.Length).As(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, Broadcast));

        // The round that ends with such a peer keeps the FlowID for the next one.
        Floods(_cloud.A, [Vm], [.. Enumerable.Repeat(_cloud.B, Batch), _cloud.C]);
        sent = _cloud.A.FromVm(Vm, Broadcast).Went(Verdict.Flooded);
        Passage round = Copied(_cloud.A.FromWire(sent.Bytes, sent.Mark), Batch, sent.Bytes.Length);
        Copied(_cloud.A.FromWire(round.Bytes, round.Mark), 0, 0).As(TestCloud.OnWire(_cloud.A, _cloud.C, 5001, Broadcast, TestCloud.FlowId(sent)));

        Floods(_cloud.A, [Vm], [_cloud.B]);
        _cloud.A.FromVm(Vm, Broadcast).Went(Verdict.Flooded).As(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, Broadcast));
    }

    [Fact]
    public void Peer_WithoutAWay_IsCountedAndTheOthersGetTheirs()
    {
        _cloud.A.Programs.Map("peers").Update<KernelAddress, PeerEntry>(_cloud.B.Pa, PeerEntry.Unreachable());
        Floods(_cloud.A, [Vm], [_cloud.B, _cloud.C, _cloud.B]);
        Passage sent = _cloud.A.FromVm(Vm, Broadcast).Went(Verdict.Flooded);
        Assert.Equal(Passage.MarkFlooding, sent.Mark);
        Passage last = _cloud.A.FromWire(sent.Bytes, sent.Mark).As(TestCloud.OnWire(_cloud.A, _cloud.C, 5001, Broadcast, TestCloud.FlowId(sent)));
        Assert.Equal([HostState.Tell("uplink ProviderRouteMissing", 2, 2 * sent.Bytes.Length)], last.Changes);

        Floods(_cloud.A, [Vm, _cloud.Blue6], [_cloud.B]);
        _cloud.A.FromVm(Vm, Broadcast).Went(Verdict.ProviderRouteMissing, _cloud.Blue6.TrafficTo(Broadcast.Length));
    }

    [Fact]
    public void Frame_LargerThanThePath_ReachesLocalMembersAndNobodyIsTold()
    {
        Floods(_cloud.A, [Vm, _cloud.Blue6], [_cloud.B]); // MTU 1600
        byte[] Of(int length) => PacketBuilder.Ethernet(Vm.Mac, s_all).IPv4(Vm.V4, IPAddress.Broadcast).Udp(1000, 2000).Payload(length - 28).ToArray();
        _cloud.A.FromVm(Vm, Of(1558)).Went(Verdict.Flooded, Lost($"port {Vm.PortId}", 1, 1572));
        _cloud.A.FromVm(Vm, Of(1559)).Went(Verdict.MtuExceeded, _cloud.Blue6.TrafficTo(1573)).As(Of(1559));
        Assert.Equal(Verdict.Flooded, _cloud.A.FromVm(Vm, Of(3000), Passage.MarkTrace, gsoSize: 1530).Verdict); // a super-packet counts by its datagrams
        _cloud.A.FromVm(Vm, Of(3000), gsoSize: 1531).Went(Verdict.MtuExceeded, _cloud.Blue6.TrafficTo(3014));

        Floods(_cloud.A, [Vm], [_cloud.B]);
        _cloud.A.FromVm(Vm, Of(1559)).Dropped(Verdict.MtuExceeded);
        _cloud.A.AddPeer(s_group, mtu: 1500);
        Floods(_cloud.A, [Vm, _cloud.Blue6], [_cloud.B], group: s_group);
        _cloud.A.FromVm(Vm, Of(1459)).Went(Verdict.MtuExceeded, _cloud.Blue6.TrafficTo(1473)).As(Of(1459));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Frame_LargerThanOnePath_IsMissingThereOnly(int narrow)
    {
        _cloud.A.AddPeer(_cloud.C.Pa, mtu: 1000);
        TestHost[] there = [_cloud.B, _cloud.B, _cloud.B];
        there[narrow] = _cloud.C;
        Floods(_cloud.A, [Vm, _cloud.Blue6], there);
        byte[] frame = PacketBuilder.Ethernet(Vm.Mac, s_all).IPv4(Vm.V4, IPAddress.Broadcast).Udp(1000, 2000).Payload(959 - 28).ToArray();
        Passage sent = _cloud.A.FromVm(Vm, frame).Went(Verdict.Flooded, Lost($"port {Vm.PortId}", 1, frame.Length));
        Passage last = _cloud.A.FromWire(sent.Bytes, sent.Mark).As(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, frame, TestCloud.FlowId(sent)));
        Assert.Equal([Lost("uplink", 1, sent.Bytes.Length), HostState.Tell("uplink MtuExceeded", 1, sent.Bytes.Length)], last.Changes);
    }

    [Fact]
    public void StormLimit_IsATokenBucketOfOneSecond()
    {
        Floods(_cloud.A, [Vm], [_cloud.B]);
        _cloud.A.Programs.Map("ports").Update((uint)Vm.Interface, new PortEntry(5001, 1, Vm.PortId, PortFlags.None, Vm.Mac) with { StormLimit = 4 });
        BpfMap buckets = _cloud.A.Programs.Map("storm_limits");
        for (int i = 0; i < 4; i++)
        {
            _cloud.A.FromVm(Vm, Make(i % 2 == 0 ? "broadcast" : "gratuitous ARP")).Went(Verdict.Flooded);
            Set(buckets.TryLookup<uint, BucketEntry>(Vm.PortId, out BucketEntry bucket) ? bucket.Tokens : 99, ulong.MaxValue); // no time passes
        }

        _cloud.A.FromVm(Vm, Broadcast).Dropped(Verdict.StormLimitExceeded);
        _cloud.A.FromVm(Vm, Vm.UdpTo(_cloud.Blue7)).Went(Verdict.Encapsulated); // unicast is no storm
        Assert.Equal(Verdict.Flooded, _cloud.A.FromVm(Vm, Broadcast, Passage.MarkTrace).Verdict); // takes no token, and needs none
        Set(0, 1); // a second and more ago
        _cloud.A.FromVm(Vm, Broadcast).Went(Verdict.Flooded);
        Assert.True(buckets.TryLookup<uint, BucketEntry>(Vm.PortId, out BucketEntry full));
        Assert.Equal(3UL, full.Tokens);
        Set(1_000_000, ulong.MaxValue); // left by a higher limit
        _cloud.A.FromVm(Vm, Broadcast).Went(Verdict.Flooded);
        Assert.True(buckets.TryLookup<uint, BucketEntry>(Vm.PortId, out BucketEntry clamped));
        Assert.Equal(3UL, clamped.Tokens);

        void Set(ulong tokens, ulong at) => buckets.Update(Vm.PortId, new BucketEntry(at, tokens));
    }

    [Fact]
    public void Traced_IsDecidedOnly()
    {
        Floods(_cloud.A, [Vm, _cloud.Blue6], [_cloud.B, _cloud.C]);
        Floods(_cloud.B, [_cloud.Blue7], [_cloud.A]);
        Passage traced = _cloud.A.FromVm(Vm, Broadcast, Passage.MarkTrace);
        Assert.Equal(Verdict.Flooded, traced.Verdict);
        Assert.Empty(traced.Changes);
        traced = _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, Broadcast), Passage.MarkTrace);
        Assert.Equal(Verdict.Flooded, traced.Verdict);
        Assert.Empty(traced.Changes);
    }

    [Fact]
    public void Source_OfAGroupFrame_IsGuarded()
    {
        Floods(_cloud.A, [Vm, _cloud.Blue6], []);
        PacketBuilder All(MacAddress from) => PacketBuilder.Ethernet(from, s_all);
        _cloud.A.FromVm(Vm, All(Vm.Mac).IPv4(_cloud.Blue6.V4, IPAddress.Broadcast).Udp(1, 2).ToArray()).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.A.FromVm(Vm, All(Vm.Mac).IPv4(IPAddress.Parse("10.0.0.99"), IPAddress.Broadcast).Udp(1, 2).ToArray()).Dropped(Verdict.SourceRecordMissing);
        _cloud.A.FromVm(Vm, All(_cloud.Blue6.Mac).IPv4(IPAddress.Any, IPAddress.Broadcast).Udp(68, 67).ToArray()).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.A.FromVm(Vm, All(Vm.Mac).IPv6(Vm.V6, _cloud.Blue6.V6).Udp(1, 2).ToArray()).Dropped(Verdict.Malformed);
        _cloud.A.FromVm(Vm, Vm.To(_cloud.Blue6).IPv4(Vm.V4, IPAddress.Parse("224.0.0.1")).Udp(1, 2).ToArray()).Dropped(Verdict.Malformed);
    }

    [Fact]
    public void FromTheWire_TheSourceMustLiveThere()
    {
        Floods(_cloud.B, [_cloud.Blue7], [_cloud.A, _cloud.C]);
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.C, _cloud.B, 5001, Broadcast)).Dropped(Verdict.SourceCaPaMismatch);
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.C, _cloud.B, 5001, Make("DHCP"))).Dropped(Verdict.SourceCaPaMismatch);
        _cloud.B.FromWire(TestCloud.Outer(IPAddress.Parse("192.168.4.99"), _cloud.B.Pa).Nvgre(5001).Frame(Broadcast).ToArray()).Dropped(Verdict.UnknownPeer);
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5002, Broadcast)).Dropped(Verdict.FloodingDisabled);
    }

    [Fact]
    public void FromTheWire_CongestionIsTakenOver()
    {
        Floods(_cloud.B, [_cloud.Blue7], [_cloud.A]);
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, Broadcast, trafficClass: 3)).Dropped(Verdict.EcnCongestionLost);
        byte[] capable = PacketBuilder.Ethernet(Vm.Mac, s_all).IPv4(Vm.V4, IPAddress.Broadcast, h => h with { TrafficClass = 2 }).Udp(1, 2).Payload(30).ToArray();
        byte[] marked = PacketBuilder.Ethernet(Vm.Mac, s_all).IPv4(Vm.V4, IPAddress.Broadcast, h => h with { TrafficClass = 3 }).Udp(1, 2).Payload(30).ToArray();
        _cloud.B.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, capable, trafficClass: 3)).Went(Verdict.Flooded, _cloud.Blue7.TrafficTo(capable.Length)).As(marked);
    }

    [Theory]
    [InlineData(0x48500000u)]
    [InlineData(0x48500001u)]
    [InlineData(0x4857ffffu)]
    [InlineData(0x485fffffu)]
    public void FloodingMark_OnAFrameThatIsNotOurs_GoesNowhere(uint mark)
    {
        Floods(_cloud.A, [Vm], [_cloud.B, _cloud.C]);
        Passage passage = _cloud.A.FromWire(TestCloud.OnWire(_cloud.B, _cloud.A, 5001, _cloud.Blue7.UdpTo(Vm)), mark);
        Assert.Equal(Passage.Shot, passage.Action);
        Assert.Empty(passage.Changes);
    }

    [Fact]
    public void OurOwnAddress_FromAWireWithoutAMark_IsUnknown()
    {
        Floods(_cloud.A, [Vm], [_cloud.B, _cloud.C]);
        byte[] forged = TestCloud.Outer(_cloud.A.Pa, _cloud.A.Pa).Nvgre(5001).Frame(Broadcast).ToArray();
        _cloud.A.FromWire(forged).Dropped(Verdict.UnknownPeer);
        _cloud.A.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, Broadcast)).LeftAlone();
    }

    [Fact]
    public void FloodingMark_PastTheLastMember_GoesNowhere()
    {
        Floods(_cloud.A, [Vm], [_cloud.B, _cloud.C]);
        foreach (uint slot in (ReadOnlySpan<uint>)[2, 64, 0x7ffff])
        {
            Assert.Equal(Passage.Shot, _cloud.A.FromWire(TestCloud.OnWire(_cloud.A, _cloud.B, 5001, Broadcast), Passage.MarkFlooding + slot).Action);
        }
    }

    [Fact]
    public void ProviderGroup_GetsOneCopyAndIsOurs()
    {
        foreach (TestHost host in (TestHost[])[_cloud.A, _cloud.B])
        {
            host.AddPeer(s_group);
            Floods(host, [host == _cloud.A ? Vm : _cloud.Blue7], [_cloud.A, _cloud.B, _cloud.C], group: s_group);
        }

        Passage sent = _cloud.A.FromVm(Vm, Broadcast).Went(Verdict.Flooded).To(_cloud.A.Uplink);
        byte[] expected = TestCloud.Outer(_cloud.A.Pa, s_group).Nvgre(5001, TestCloud.FlowId(sent)).Frame(Broadcast).ToArray();
        sent.As(expected);
        _cloud.B.FromWire(expected).Went(Verdict.Flooded, _cloud.Blue7.TrafficTo(Broadcast.Length)).As(Broadcast);

        Passage arp = _cloud.A.FromVm(Vm, Make("gratuitous ARP")).Went(Verdict.Flooded);
        Assert.Equal(Passage.MarkEncapsulated, arp.Mark);
        Assert.Equal(Passage.Redirect, _cloud.A.FromWire(arp.Bytes, arp.Mark).As(arp.Bytes).Action);
    }

    [Fact]
    public void ProviderGroup_OfAnotherSubnet_IsRefused()
    {
        var other = IPAddress.Parse("239.0.80.2");
        _cloud.B.AddPeer(s_group);
        _cloud.B.AddPeer(other);
        Floods(_cloud.B, [_cloud.Blue7], [_cloud.A], group: s_group);
        byte[] To(IPAddress group, uint vsid, byte[] frame) => TestCloud.Outer(_cloud.A.Pa, group).Nvgre(vsid).Frame(frame).ToArray();
        _cloud.B.FromWire(To(other, 5001, Broadcast)).Dropped(Verdict.DestinationCaPaMismatch);
        _cloud.B.FromWire(To(s_group, 5001, Vm.UdpTo(_cloud.Blue7))).Dropped(Verdict.DestinationCaPaMismatch); // unicast is for one host
        _cloud.B.FromWire(To(s_group, 7777, Broadcast)).Dropped(Verdict.PolicyMissing); // a group may be shared by subnets
        _cloud.B.FromWire(To(IPAddress.Parse("239.0.80.3"), 5001, Broadcast)).LeftAlone(); // none of ours
    }

    private static string Lost(string who, int copies, int bytes) => HostState.Tell($"{who} {Verdict.FloodCopyLost}", copies, (long)copies * bytes);

    /// <summary>The frame went on, after so many copies that the devices, being down, did not take.</summary>
    private static Passage Copied(Passage passage, int copies, int bytes)
    {
        Assert.Equal(Passage.Redirect, passage.Action);
        Assert.Equal(copies == 0 ? [] : [Lost("uplink", copies, bytes)], passage.Changes);
        return passage;
    }

    private static void Floods(TestHost host, TestVm[] here, TestHost[] there, Func<int, bool, MemberFlags>? flags = null, IPAddress? group = null)
    {
        for (int i = 0; i < here.Length; i++)
        {
            host.Programs.Map("members").Update(new MemberKey(5001, (uint)i), MemberEntry.Local(here[i].Interface, flags?.Invoke(i, true) ?? MemberFlags.None));
        }

        for (int i = 0; i < there.Length; i++)
        {
            host.Programs.Map("members").Update(new MemberKey(5001, MemberKey.Remote + (uint)i), MemberEntry.Remote(there[i].Pa, flags?.Invoke(i, false) ?? MemberFlags.None));
        }

        Assert.True(host.Programs.Map("subnets").TryLookup(new SubnetKey(5001), out SubnetEntry subnet));
        host.Programs.Map("subnets").Update(
            new SubnetKey(5001),
            subnet with { Flags = SubnetFlags.Floods, LocalMembers = (uint)here.Length, RemoteMembers = (uint)there.Length, Group = KernelAddress.From(group) });
    }

    private byte[] Make(string kind)
    {
        PacketBuilder all = PacketBuilder.Ethernet(Vm.Mac, s_all);
        byte[] ipv6 = [0x33, 0x33, 0, 0, 0, 2];
        PacketBuilder group6 = PacketBuilder.Ethernet(Vm.Mac, MacAddress.FromBytes(ipv6));
        IPAddress routers = IPAddress.Parse("ff02::2");
        return kind switch
        {
            "broadcast" => Broadcast,
            "directed broadcast" => all.IPv4(Vm.V4, IPAddress.Parse("10.0.0.255")).Udp(1000, 2000).Payload(30).ToArray(),
            "IPv4 multicast" => PacketBuilder.Ethernet(Vm.Mac, MacAddress.Parse("01:00:5e:00:00:12")).IPv4(Vm.V4, IPAddress.Parse("224.0.0.18"), h => h with { Protocol = (IpProtocol)112 }).Payload(20).ToArray(),
            "IPv6 multicast" => group6.IPv6(Vm.V6, IPAddress.Parse("ff02::fb")).Udp(5353, 5353).Payload(20).ToArray(),
            "gratuitous ARP" => all.Arp(new ArpPacket(ArpOperation.Reply, Vm.Mac, Vm.V4, s_all, Vm.V4)).ToArray(60),
            "ARP announcement" => all.Arp(new ArpPacket(ArpOperation.Request, Vm.Mac, Vm.V4, default, Vm.V4)).ToArray(60),
            "unsolicited NA" => PacketBuilder.Ethernet(Vm.Mac, MacAddress.Parse("33:33:00:00:00:01")).IPv6(Vm.V6, IPAddress.Parse("ff02::1"), h => h with { HopLimit = 255 })
                .NeighborAdvertisement(Vm.V6, NeighborAdvertisementFlags.Override).ToArray(),
            "RS" => group6.IPv6(Vm.LinkLocal, routers, h => h with { HopLimit = 255 }).RouterSolicitation().ToArray(),
            "RS from ::" => group6.IPv6(IPAddress.IPv6Any, routers, h => h with { HopLimit = 255 }).RouterSolicitation().ToArray(),
            "DHCP" => all.IPv4(IPAddress.Any, IPAddress.Broadcast).Udp(68, 67).Payload(240).ToArray(),
            "IGMP" => PacketBuilder.Ethernet(Vm.Mac, MacAddress.Parse("01:00:5e:00:00:16")).IPv4(IPAddress.Any, IPAddress.Parse("224.0.0.22"), h => h with { Protocol = (IpProtocol)2 }).Payload(16).ToArray(),
            _ => group6.IPv6(IPAddress.IPv6Any, IPAddress.Parse("ff02::16")).Icmp((IcmpV6Type)143).Payload(20).ToArray(),
        };
    }
}

using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>Free addresses: who may claim which, by what, how many, and what the claim is good for. The subnet floods to nobody.</summary>
[Collection(PacketTests.Name)]
public sealed class LearningTests
{
    private readonly TestCloud _cloud;
    private readonly TestHost _a;
    private readonly TestVm _vm;

    public LearningTests(TestCloud cloud)
    {
        _ = new LearningCloud(cloud);
        _cloud = cloud;
        _a = cloud.A;
        _vm = cloud.Blue5;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Announcement_OfAFreeAddress_IsLearnedAndMayBeUsedAndReached(bool v6)
    {
        IPAddress vip = LearningCloud.Vip(v6);
        byte[] data = _vm.To(_cloud.Blue6).Ip(vip, _cloud.Blue6.Address(v6)).Udp(1, 2).Payload(9).ToArray();
        Assert.Equal(Verdict.SourceRecordMissing, _a.FromVm(_vm, data).Verdict);

        Learn(_vm, vip);

        _a.FromVm(_vm, data).Went(Verdict.DeliveredLocal, _cloud.Blue6.TrafficTo(data.Length)).As(data);
        byte[] back = _cloud.Blue6.To(_vm).Ip(_cloud.Blue6.Address(v6), vip).Udp(2, 1).Payload(9).ToArray();
        _a.FromVm(_cloud.Blue6, back).Went(Verdict.DeliveredLocal, _vm.TrafficTo(back.Length)).To(_vm.Interface).As(back);
        _a.FromVm(_vm, LearningCloud.Announce(_vm, vip)).Dropped(Verdict.FloodingDisabled); // once is enough: nothing is written again
    }

    [Fact]
    public void Claim_OfAnyKindOfArp_Counts()
    {
        _a.FromVm(_vm, PacketBuilder.Ethernet(_vm.Mac, LearningCloud.Broadcast).Arp(new ArpPacket(ArpOperation.Reply, _vm.Mac, Ip(61), default, Ip(61))).ToArray(60))
            .Dropped(Verdict.FloodingDisabled, Learned(Ip(61), LearnSource.Arp));
        _a.FromVm(_vm, PacketBuilder.Ethernet(_vm.Mac, LearningCloud.Broadcast).Arp(new ArpPacket(ArpOperation.Request, _vm.Mac, Ip(62), default, _cloud.Blue6.V4)).ToArray(60))
            .Went(Verdict.AddressResolutionAnswered, Learned(Ip(62), LearnSource.Arp));
        _a.FromVm(_vm, _vm.To(_cloud.Blue6).Arp(new ArpPacket(ArpOperation.Reply, _vm.Mac, Ip(63), _cloud.Blue6.Mac, _cloud.Blue6.V4)).ToArray(60))
            .Went(Verdict.DeliveredLocal, [.. Learned(Ip(63), LearnSource.Arp), _cloud.Blue6.TrafficTo(60)]);
    }

    [Fact]
    public void Claim_ByNeighbourSolicitationAndDad_Counts()
    {
        IPAddress source = IPAddress.Parse("2001:db8:5001::61"), tentative = IPAddress.Parse("2001:db8:5001::62");
        _a.FromVm(_vm, PacketBuilder.Ethernet(_vm.Mac, IpAddresses.MulticastMac(IpAddresses.SolicitedNode(_cloud.Blue6.V6)))
            .IPv6(source, IpAddresses.SolicitedNode(_cloud.Blue6.V6), h => h with { HopLimit = 255 }).NeighborSolicitation(_cloud.Blue6.V6).ToArray())
            .Went(Verdict.AddressResolutionAnswered, Learned(source, LearnSource.NeighborDiscovery));
        _a.FromVm(_vm, LearningCloud.Dad(_vm.Mac, tentative)).Dropped(Verdict.FloodingDisabled, Learned(tentative, LearnSource.Slaac));
    }

    [Fact]
    public void Probe_OfRfc5227_AsksAndClaimsNothing()
    {
        byte[] probe = PacketBuilder.Ethernet(_vm.Mac, LearningCloud.Broadcast).Arp(new ArpPacket(ArpOperation.Request, _vm.Mac, IPAddress.Any, default, Ip(50))).ToArray(60);
        _a.FromVm(_vm, probe).Dropped(Verdict.FloodingDisabled);
        Learn(_cloud.Blue6, Ip(50));
        _a.FromVm(_vm, probe).Went(Verdict.AddressResolutionAnswered);

        // To one MAC it would be a challenge on the holder's host.
        probe = _vm.To(_cloud.Blue6).Arp(new ArpPacket(ArpOperation.Request, _vm.Mac, IPAddress.Any, default, Ip(50))).ToArray(60);
        _a.FromVm(_vm, probe).Went(Verdict.AddressResolutionAnswered);
    }

    [Fact]
    public void Request_ForALearnedAddress_IsAnsweredWithItsHoldersMac()
    {
        Learn(_cloud.Blue6, Ip(50));
        _a.FromVm(_vm, PacketBuilder.Ethernet(_vm.Mac, LearningCloud.Broadcast).Arp(new ArpPacket(ArpOperation.Request, _vm.Mac, _vm.V4, default, Ip(50))).ToArray(60))
            .Went(Verdict.AddressResolutionAnswered)
            .As(_cloud.Blue6.To(_vm).Arp(new ArpPacket(ArpOperation.Reply, _cloud.Blue6.Mac, Ip(50), _vm.Mac, _vm.V4)).ToArray(60));
    }

    [Theory]
    [InlineData("10.0.0.1", Verdict.SourceCaMacMismatch)] // the gateway's
    [InlineData("10.0.0.6", Verdict.SourceCaMacMismatch)] // policy's
    [InlineData("10.0.1.50", Verdict.SourceRecordMissing)] // another subnet's
    [InlineData("172.16.0.1", Verdict.SourceRecordMissing)]
    [InlineData("224.0.0.5", Verdict.SourceRecordMissing)]
    [InlineData("255.255.255.255", Verdict.SourceRecordMissing)]
    [InlineData("127.0.0.1", Verdict.SourceRecordMissing)]
    [InlineData("2001:db8:5001::1", Verdict.SourceCaMacMismatch)]
    [InlineData("2001:db8:5001::6", Verdict.SourceCaMacMismatch)]
    [InlineData("2001:db8:5002::50", Verdict.SourceRecordMissing)]
    public void Claim_OfWhatIsNotToBeHad_IsRefused(string address, Verdict verdict) => _a.FromVm(_vm, LearningCloud.Announce(_vm, IPAddress.Parse(address))).Dropped(verdict);

    [Fact]
    public void Claim_WithAnothersMac_IsRefused() =>
        _a.FromVm(_vm, LearningCloud.Announce(_vm, Ip(50), _cloud.Blue6.Mac)).Dropped(Verdict.SourceRecordMissing);

    [Theory]
    [InlineData(LearnSources.All & ~LearnSources.Arp, false)]
    [InlineData(LearnSources.All & ~LearnSources.NeighborDiscovery, true)]
    public void Claim_FromASourceThatDoesNotCount_IsAnOrdinaryFrame(LearnSources sources, bool v6)
    {
        LearningCloud.SetPort(_vm, sources, 4);
        _a.FromVm(_vm, LearningCloud.Announce(_vm, LearningCloud.Vip(v6))).Dropped(Verdict.SourceRecordMissing);
    }

    [Fact]
    public void Claim_ByDadWhereItDoesNotCount_TeachesNothing()
    {
        LearningCloud.SetPort(_vm, LearnSources.All & ~LearnSources.Slaac, 4);
        _a.FromVm(_vm, LearningCloud.Dad(_vm.Mac, LearningCloud.Vip6)).Dropped(Verdict.FloodingDisabled);
    }

    [Fact]
    public void Claim_InASubnetThatDoesNotLearn_IsRefused()
    {
        LearningCloud.SetPort(_cloud.Blue8, LearnSources.All, 4);
        _a.FromVm(_cloud.Blue8, LearningCloud.Announce(_cloud.Blue8, IPAddress.Parse("10.0.1.50"))).Dropped(Verdict.SourceRecordMissing);
    }

    [Fact]
    public void Claim_FromAPortThatMayNone_IsRefused()
    {
        LearningCloud.SetPort(_vm, LearnSources.All, 0);
        _a.FromVm(_vm, LearningCloud.Announce(_vm, Ip(50))).Dropped(Verdict.SourceRecordMissing);
        _a.FromVm(_vm, LearningCloud.Dad(_vm.Mac, LearningCloud.Vip6)).Dropped(Verdict.FloodingDisabled);
    }

    [Fact]
    public void Claims_BeyondTheLimit_AreThrottledAndTold()
    {
        Learn(_vm, Ip(60));
        Learn(_vm, Ip(61));
        Learn(_vm, Ip(62));
        _a.FromVm(_vm, LearningCloud.Announce(_vm, Ip(63))).Dropped(
            Verdict.FloodingDisabled,
            [.. Learned(Ip(63), LearnSource.Arp), LearningCloud.Told(LearnEventKind.NearThreshold, Ip(63), _vm.Mac, _vm.PortId)]);
        _a.FromVm(_vm, LearningCloud.Announce(_vm, Ip(64))).Dropped(
            Verdict.DynamicAddressThrottled, LearningCloud.Told(LearnEventKind.Throttled, Ip(64), _vm.Mac, _vm.PortId));
        _a.FromVm(_vm, LearningCloud.Dad(_vm.Mac, LearningCloud.Vip6)).Dropped(
            Verdict.DynamicAddressThrottled, LearningCloud.Told(LearnEventKind.Throttled, LearningCloud.Vip6, _vm.Mac, _vm.PortId));
        Learn(_cloud.Blue6, Ip(65)); // only its own limit
    }

    [Fact]
    public void Events_OfAPortThatNeverStops_AreLimited()
    {
        LearningCloud.SetPort(_vm, LearnSources.All, 1);
        Learn(_vm, Ip(60), LearningCloud.Told(LearnEventKind.NearThreshold, Ip(60), _vm.Mac, _vm.PortId));
        int told = 0;
        for (int i = 0; i < 200; i++)
        {
            told += _a.FromVm(_vm, LearningCloud.Announce(_vm, Ip(61))).Changes.Count(change => change.StartsWith("event", StringComparison.Ordinal));
        }

        // A burst of 20; after that ten a second, and these frames take a few seconds at most.
        Assert.InRange(told, 19, 120);
    }

    [Fact]
    public void Proof_IsNotedOnceASecond()
    {
        Learn(_vm, Ip(50));
        ulong seen = LearningCloud.Find(_a, Ip(50))!.Value.SeenNs;
        _a.FromVm(_vm, LearningCloud.Announce(_vm, Ip(50)));
        Assert.Equal(seen, LearningCloud.Find(_a, Ip(50))!.Value.SeenNs);
        LearningCloud.Age(_a, Ip(50));
        _a.FromVm(_vm, LearningCloud.Announce(_vm, Ip(50))).Dropped(Verdict.FloodingDisabled);
        Assert.InRange(LearningCloud.Find(_a, Ip(50))!.Value.SeenNs, seen, ulong.MaxValue);
    }

    [Fact]
    public void Claim_InATrace_LeavesNothing()
    {
        Passage traced = _a.FromVm(_vm, LearningCloud.Announce(_vm, Ip(50)), Passage.MarkTrace);
        Assert.Equal(Verdict.FloodingDisabled, traced.Verdict);
        Assert.Empty(traced.Changes);
    }

    [Fact]
    public void Announcement_CutAtEveryLength_IsMalformedOrNothing()
    {
        foreach (byte[] frame in (byte[][])[LearningCloud.Announce(_vm, Ip(50))[..42], LearningCloud.Announce(_vm, LearningCloud.Vip6), LearningCloud.Dad(_vm.Mac, LearningCloud.Vip6)])
        {
            for (int length = TestHost.Smallest(frame); length < frame.Length; length++)
            {
                _a.FromVm(_vm, frame[..length]).Dropped(Verdict.Malformed);
            }
        }
    }

    [Fact]
    public void VirtualMac_OfARouter_ComesWithItsAddress()
    {
        MacAddress vrrp = LearningCloud.Vrrp4;
        _a.FromVm(_vm, LearningCloud.Announce(_vm, Ip(50), vrrp)).Dropped(
            Verdict.FloodingDisabled,
            LearningCloud.Entry(Ip(50), LearningCloud.Local(_vm, LearnSource.Arp, 1, vrrp)),
            LearningCloud.Held(_vm, 1),
            LearningCloud.Told(LearnEventKind.Added, Ip(50), vrrp, _vm.PortId),
            HostState.Tell($"virtual MAC {vrrp} in 5001 at port {_vm.PortId}", 1));

        // Advertisements come from its own address with the virtual MAC, packets from the virtual address with its own.
        _a.FromVm(_vm, PacketBuilder.Ethernet(vrrp, IpAddresses.MulticastMac(IPAddress.Parse("224.0.0.18"))).IPv4(_vm.V4, IPAddress.Parse("224.0.0.18")).Payload(20).ToArray())
            .Dropped(Verdict.FloodingDisabled);
        byte[] data = _vm.To(_cloud.Blue6).IPv4(Ip(50), _cloud.Blue6.V4).Udp(1, 2).ToArray();
        _a.FromVm(_vm, data).Went(Verdict.DeliveredLocal, _cloud.Blue6.TrafficTo(data.Length));

        // Others reach the router by it, through it as a gateway too.
        data = PacketBuilder.Ethernet(_cloud.Blue6.Mac, vrrp).IPv4(_cloud.Blue6.V4, IPAddress.Parse("8.8.8.8")).Udp(1, 2).ToArray();
        _a.FromVm(_cloud.Blue6, data).Went(Verdict.DeliveredLocal, _vm.TrafficTo(data.Length)).To(_vm.Interface).As(data);

        // Nobody gets the MAC by another address.
        _a.FromVm(_cloud.Blue6, LearningCloud.Announce(_cloud.Blue6, Ip(51), vrrp)).Dropped(Verdict.SourceCaMacMismatch);
    }

    [Fact]
    public void VirtualMac_WhoseRouterSaidTheAddressWithItsOwn_StillMovesWithTheAddress()
    {
        MacAddress vrrp = LearningCloud.Vrrp4;
        _a.FromVm(_vm, LearningCloud.Announce(_vm, Ip(50), vrrp));
        _a.FromVm(_vm, LearningCloud.Announce(_vm, Ip(50))); // As Linux does when it asks for a neighbour.
        Assert.Equal(_vm.Mac, LearningCloud.Find(_a, Ip(50))!.Value.Record.Mac.ToMacAddress());
        Assert.Equal(Verdict.AddressProbed, _a.FromVm(_cloud.Blue6, LearningCloud.Announce(_cloud.Blue6, Ip(50), vrrp)).Verdict);
        LearningCloud.Expire(_a, Ip(50));
        _a.FromVm(_cloud.Blue6, LearningCloud.Announce(_cloud.Blue6, Ip(50), vrrp));
        LearnedEntry entry = LearningCloud.Find(_a, Ip(50))!.Value;
        Assert.Equal((vrrp, (uint)_cloud.Blue6.Interface), (entry.Record.Mac.ToMacAddress(), entry.Record.Ifindex));
    }

    [Fact]
    public void VirtualMac_OfAPortThatDoesNotLearn_IsRefused()
    {
        LearningCloud.SetPort(_vm, LearnSources.All, 0);
        _a.FromVm(_vm, PacketBuilder.Ethernet(LearningCloud.Vrrp4, _cloud.Blue6.Mac).IPv4(_vm.V4, _cloud.Blue6.V4).Udp(1, 2).ToArray()).Dropped(Verdict.SourceCaMacMismatch);
    }

    [Fact]
    public void LinkLocal_OfALearningPort_IsLearnedLikeAnyOther()
    {
        IPAddress vip = IPAddress.Parse("fe80::50");
        _a.FromVm(_vm, LearningCloud.Dad(_vm.Mac, vip)).Dropped(Verdict.FloodingDisabled, Learned(vip, LearnSource.Slaac));
        _a.FromVm(_vm, LearningCloud.Dad(_vm.Mac, _vm.LinkLocal)).Dropped(Verdict.FloodingDisabled); // its own, without being learned
        _a.FromVm(_vm, LearningCloud.Dad(_vm.Mac, _cloud.Blue6.LinkLocal)).Went(Verdict.AddressResolutionAnswered);
    }

    private static IPAddress Ip(byte last) => new([10, 0, 0, last]);

    private string[] Learned(IPAddress address, LearnSource source) =>
    [
        LearningCloud.Entry(address, LearningCloud.Local(_vm, source)),
        LearningCloud.Held(_vm, 1),
        LearningCloud.Told(LearnEventKind.Added, address, _vm.Mac, _vm.PortId),
    ];

    private static void Learn(TestVm vm, IPAddress address, params string[] others) => vm.Host.FromVm(vm, LearningCloud.Announce(vm, address)).Dropped(
        Verdict.FloodingDisabled,
        [
            LearningCloud.Entry(address, LearningCloud.Local(vm, address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? LearnSource.Arp : LearnSource.NeighborDiscovery)),
            LearningCloud.Held(vm, 1),
            LearningCloud.Told(LearnEventKind.Added, address, vm.Mac, vm.PortId),
            .. others,
        ]);
}

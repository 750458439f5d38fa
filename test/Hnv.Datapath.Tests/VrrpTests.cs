using System.Net;
using System.Net.Sockets;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>
/// What a router's advertisements say of the addresses in them. The copies that become announcements are seen by the tokens of the storm limit
/// that they cost, and enter here by their marks.
/// </summary>
[Collection(PacketTests.Name)]
public sealed class VrrpTests
{
    private const uint MarkListed = 0x484e5608;
    private const uint MarkOnBehalf = 0x484e5607;
    private const uint Tokens = 20;

    private readonly TestCloud _cloud;
    private readonly TestHost _a;
    private readonly TestVm _master;
    private readonly TestVm _other;

    public VrrpTests(TestCloud cloud)
    {
        _ = new LearningCloud(cloud);
        _cloud = cloud;
        _a = cloud.A;
        (_master, _other) = (cloud.Blue5, cloud.Blue6);
    }

    public static TheoryData<int, bool> Kinds => new() { { 2, false }, { 3, false }, { 3, true } };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Advertisement_OfAnAddressThatNobodyHas_IsAnnouncedInItsName(int version, bool v6)
    {
        IPAddress[] vips = [LearningCloud.Vip(v6), Vip(v6, 51)];
        byte[] advertisement = new VrrpAdvertisement(version, 100, vips).From(_master);
        Assert.Equal(2, Copies(_master, advertisement));
        for (uint i = 0; i < vips.Length; i++)
        {
            Announce(_master, advertisement, i, vips[i], v6, Learned(_master, vips[i], 1));
        }

        Assert.Equal(0, Copies(_master, advertisement)); // they are its own now
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Advertisement_OfAHeldAddress_BecomesTheProbeOfItsHolder(int version, bool v6)
    {
        IPAddress vip = Hold(_other, v6);
        byte[] advertisement = new VrrpAdvertisement(version, 150, vip).From(_master);
        Assert.Equal(1, Copies(_master, advertisement));
        Challenge(advertisement, vip, v6);

        // One at a time; and the holder's answer decides, not what it advertises.
        LearningCloud.Change(_a, vip, entry => entry with { DeadlineNs = LearningCloud.FarFuture });
        Assert.Equal(0, Copies(_master, advertisement));
        Assert.Equal(0, Copies(_other, new VrrpAdvertisement(version, 100, vip).From(_other)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Address_ThatWasDeniedInARace_MovesWithTheNextAdvertisement(int version, bool v6)
    {
        IPAddress vip = Hold(_other, v6);
        byte[] advertisement = new VrrpAdvertisement(version, 150, vip).From(_master);
        Challenge(advertisement, vip, v6);
        LearningCloud.Change(_a, vip, entry => entry with { DeadlineNs = LearningCloud.FarFuture });
        Assert.Equal(Verdict.DeliveredLocal, _a.FromVm(_other, LearningCloud.Answer(_other, _master, vip)).Verdict);
        Assert.Equal(0ul, LearningCloud.Find(_a, vip)!.Value.DeadlineNs);

        Assert.Equal(1, Copies(_master, advertisement));
        Challenge(advertisement, vip, v6);
        LearningCloud.Expire(_a, vip);
        LearnSource source = Source(v6);
        string[] moved =
        [
            Was(vip, LearningCloud.Local(_other, source) + LearningCloud.WantedBy(_master, _a)),
            Is(vip, LearningCloud.Local(_master, source, 2) + LearningCloud.Before(_other, _a)),
            LearningCloud.Held(_other, -1), LearningCloud.Told(LearnEventKind.PostMovement, vip, _master.Mac, _master.PortId),
        ];
        Limit(_master);
        _a.FromVm(_master, advertisement).Dropped(Verdict.FloodingDisabled, moved);
        Assert.Equal(1, Spent(_master)); // the move is announced
        Announce(_master, advertisement, 0, vip, v6);

        LearningCloud.Age(_a, vip);
        _a.Run("port_ingress", _master.Interface, LearningCloud.Announce(_master, vip));
        Assert.Equal(0, Copies(_master, advertisement)); // not for ever
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Advertisement_OfItsOwnAddress_RenewsTheProof(bool v6)
    {
        IPAddress vip = Hold(_master, v6);
        LearningCloud.Age(_a, vip);
        byte[] advertisement = new VrrpAdvertisement(3, 100, vip).From(_master);
        _a.FromVm(_master, advertisement).Dropped(Verdict.FloodingDisabled);
        Assert.InRange(LearningCloud.Find(_a, vip)!.Value.SeenNs, 2ul, ulong.MaxValue);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Master_ThatResigns_ReleasesTheListedAddressesThatItHolds(int version, bool v6)
    {
        IPAddress vip = Hold(_master, v6), kept = Hold(_master, v6, 51), others = Hold(_other, v6, 52);
        _a.FromVm(_master, new VrrpAdvertisement(version, 0, vip, others, Vip(v6, 53)).From(_master)).Dropped(
            Verdict.FloodingDisabled,
            Was(vip, LearningCloud.Local(_master, Source(v6))),
            LearningCloud.Held(_master, -1),
            LearningCloud.Told(LearnEventKind.Deleted, vip, _master.Mac, _master.PortId));
        Assert.NotNull(LearningCloud.Find(_a, kept));
    }

    [Fact]
    public void Master_ThatResigns_LeavesTheAddressToItsChallenger()
    {
        IPAddress vip = Hold(_other, false);
        Challenge(new VrrpAdvertisement(3, 150, vip).From(_master), vip, false);
        LearningCloud.Change(_a, vip, entry => entry with { DeadlineNs = LearningCloud.FarFuture });
        _a.FromVm(_other, new VrrpAdvertisement(3, 0, vip).From(_other)).Dropped(
            Verdict.FloodingDisabled,
            Was(vip, LearningCloud.Local(_other, LearnSource.Arp) + LearningCloud.WantedBy(_master, _a)),
            Is(vip, LearningCloud.Local(_master, LearnSource.Arp, 2)),
            LearningCloud.Held(_other, -1),
            LearningCloud.Told(LearnEventKind.PostMovement, vip, _master.Mac, _master.PortId));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void VirtualMac_OfTheRouter_IsClaimedWithItsAddresses(bool v6)
    {
        var mac = MacAddress.Parse(v6 ? "00:00:5e:00:02:33" : "00:00:5e:00:01:33");
        IPAddress vip = LearningCloud.Vip(v6);
        byte[] advertisement = new VrrpAdvertisement(3, 100, vip) { Mac = mac }.From(_master);
        Assert.Equal(1, Copies(_master, advertisement));
        Announce(
            _master, advertisement, 0, vip, v6, mac,
            [
                Is(vip, LearningCloud.Local(_master, Source(v6), 1, mac)), LearningCloud.Held(_master, 1),
                LearningCloud.Told(LearnEventKind.Added, vip, mac, _master.PortId), HostState.Tell($"virtual MAC {mac} in 5001 at port {_master.PortId}", 1),
            ]);

        // Advertisements may come from the adapter's own MAC all the same: the address keeps the virtual one.
        byte[] own = new VrrpAdvertisement(3, 100, vip).From(_master);
        Assert.Equal(0, Copies(_master, own));
        _a.FromVm(_master, own).Dropped(Verdict.FloodingDisabled);
        Announce(_master, own, 0, vip, v6, mac, []);
    }

    [Fact]
    public void Advertisement_OfWhatIsNotToBeHad_ClaimsNothing()
    {
        LearnedNothing(new VrrpAdvertisement(3, 100, Ip("10.0.0.1"), Ip("10.0.0.6"), Ip("10.0.0.5"), Ip("10.0.1.50"), Ip("224.0.0.5"), Ip("0.0.0.0"), Ip("127.0.0.1")));
        LearnedNothing(new VrrpAdvertisement(3, 100, Ip("2001:db8:5001::6"), Ip("2001:db8:5002::50"), IPAddress.IPv6Any, Ip("::ffff:10.0.0.50"), Ip("ff02::1")));
    }

    [Fact]
    public void Advertisement_ThatIsNoneByItsHeaders_ClaimsNothing()
    {
        foreach (bool v6 in (bool[])[false, true])
        {
            var good = new VrrpAdvertisement(3, 100, LearningCloud.Vip(v6));
            Assert.Equal(1, Copies(_master, good.From(_master)));
            foreach (VrrpAdvertisement bad in (VrrpAdvertisement[])
            [
                good with { Hops = 254 }, good with { Hops = 1 }, good with { VersionAndType = 0x32 }, good with { VersionAndType = 0x11 }, good with { VersionAndType = 0x41 },
                good with { VersionAndType = 0 }, good with { Router = 0 }, good with { Count = 0 }, good with { Count = 2 }, good with { Count = 255 }, good with { Cut = 1 },
                good with { Cut = v6 ? 16 : 4 }, good with { Cut = v6 ? 20 : 8 }, good with { Count = 2, Cut = -16 }, good with { Group = Ip(v6 ? "ff02::1" : "224.0.0.1") },
                good with { Protocol = IpProtocol.Sctp },
            ])
            {
                LearnedNothing(bad);
            }
        }

        LearnedNothing(new VrrpAdvertisement(2, 100, LearningCloud.Vip6)); // there is no version 2 for IPv6
        LearnedNothing(new VrrpAdvertisement(2, 100, LearningCloud.Vip4) { Cut = 1 });
    }

    [Fact]
    public void Advertisement_FromAnothersAddress_IsRefused() =>
        _a.FromVm(_master, new VrrpAdvertisement(3, 100, LearningCloud.Vip4) { Source = _other.V4 }.From(_master)).Dropped(Verdict.SourceCaMacMismatch);

    [Fact]
    public void Advertisement_OfMany_IsLookedAtForTheFirstEight()
    {
        IPAddress[] vips = [.. Enumerable.Range(100, 12).Select(i => Vip(false, (byte)i))];
        Assert.Equal(8, Copies(_master, new VrrpAdvertisement(3, 100, vips).From(_master)));
        IPAddress ninth = Hold(_master, false, 108);
        _a.FromVm(_master, new VrrpAdvertisement(3, 0, vips).From(_master)).Dropped(Verdict.FloodingDisabled);
        Assert.NotNull(LearningCloud.Find(_a, ninth));
    }

    [Fact]
    public void Advertisement_FromAPortThatDoesNotLearnSo_ClaimsNothing()
    {
        foreach ((LearnSources sources, ushort limit) in ((LearnSources, ushort)[])[(LearnSources.All & ~LearnSources.Arp, 4), (LearnSources.All, 0)])
        {
            Limit(_master, sources, limit);
            _a.FromVm(_master, new VrrpAdvertisement(3, 100, LearningCloud.Vip4).From(_master)).Dropped(Verdict.FloodingDisabled);
            Assert.Equal(0, Spent(_master));
        }
    }

    [Fact]
    public void Copies_BeyondTheStormLimit_AreNotMade()
    {
        LearningCloud.SetPort(_master, LearnSources.All, 4, 3);
        _a.FromVm(_master, new VrrpAdvertisement(3, 100, Vip(false, 60), Vip(false, 61), Vip(false, 62), Vip(false, 63), Vip(false, 64)).From(_master)).Dropped(Verdict.FloodingDisabled);
        Assert.True(_a.Programs.Map("storm_limits").TryLookup(_master.PortId, out BucketEntry bucket));
        Assert.Equal(0ul, bucket.Tokens);
    }

    [Fact]
    public void Announcement_BeyondTheAddressLimit_IsThrottled()
    {
        LearningCloud.SetPort(_master, LearnSources.All, 1);
        byte[] advertisement = new VrrpAdvertisement(3, 100, Vip(false, 60), Vip(false, 61)).From(_master);
        Announced(_master, advertisement, 0);
        Passage throttled = Announced(_master, advertisement, 1);
        Assert.Equal(Verdict.DynamicAddressThrottled, throttled.Verdict);
        Assert.Equal([LearningCloud.Told(LearnEventKind.Throttled, Vip(false, 61), _master.Mac, _master.PortId)], throttled.Changes);
    }

    [Fact]
    public void Advertisement_InATrace_LeavesNothing()
    {
        Limit(_master);
        foreach (byte priority in (byte[])[0, 100])
        {
            Hold(_master, false);
            Passage traced = _a.FromVm(_master, new VrrpAdvertisement(3, priority, LearningCloud.Vip4, Vip(false, 60)).From(_master), Passage.MarkTrace);
            Assert.Equal(Verdict.FloodingDisabled, traced.Verdict);
            Assert.Empty(traced.Changes);
            Assert.Equal(0, Spent(_master));
        }
    }

    [Fact]
    public void Advertisement_CutAtEveryLength_ClaimsNothing()
    {
        foreach (byte[] frame in (byte[][])[new VrrpAdvertisement(2, 100, LearningCloud.Vip4).From(_master), new VrrpAdvertisement(3, 100, LearningCloud.Vip6).From(_master)])
        {
            for (int length = TestHost.Smallest(frame); length < frame.Length; length++)
            {
                _a.FromVm(_master, frame[..length]).Dropped(Verdict.Malformed);
            }
        }
    }

    private static IPAddress Ip(string address) => IPAddress.Parse(address);

    private static IPAddress Vip(bool v6, byte last) => TestSubnet.Host(IPNetwork.Parse(v6 ? "2001:db8:5001::/64" : "10.0.0.0/24"), last);

    private static LearnSource Source(bool v6) => v6 ? LearnSource.NeighborDiscovery : LearnSource.Arp;

    private static string Is(IPAddress vip, string text) => LearningCloud.Entry(vip, text);

    private static string Was(IPAddress vip, string text) => LearningCloud.Entry(vip, text, -1);

    private static string[] Learned(TestVm vm, IPAddress vip, int held) =>
    [
        Is(vip, LearningCloud.Local(vm, Source(vip.AddressFamily == AddressFamily.InterNetworkV6))), LearningCloud.Held(vm, held),
        LearningCloud.Told(LearnEventKind.Added, vip, vm.Mac, vm.PortId),
    ];

    /// <summary>What the copy becomes: a gratuitous ARP, or an unsolicited advertisement of a router.</summary>
    private static byte[] Announcement(MacAddress mac, IPAddress vip, bool v6) => v6
        ? PacketBuilder.Ethernet(mac, IpAddresses.MulticastMac(Ip("ff02::1"))).IPv6(vip, Ip("ff02::1"), h => h with { HopLimit = 255 })
            .NeighborAdvertisement(
                vip, NeighborAdvertisementFlags.Override | NeighborAdvertisementFlags.Router, NeighborOptions.LinkLayerAddress(NeighborOptionType.TargetLinkLayerAddress, mac)).ToArray()
        : PacketBuilder.Ethernet(mac, LearningCloud.Broadcast).Arp(new ArpPacket(ArpOperation.Request, mac, vip, default, vip)).ToArray();

    private IPAddress Hold(TestVm vm, bool v6, byte last = 50)
    {
        IPAddress vip = Vip(v6, last);
        _a.Run("port_ingress", vm.Interface, LearningCloud.Announce(vm, vip));
        Assert.Equal(vm.PortId, LearningCloud.Find(_a, vip)!.Value.PortId);
        return vip;
    }

    private void Limit(TestVm vm, LearnSources sources = LearnSources.All, ushort limit = 4)
    {
        LearningCloud.SetPort(vm, sources, limit, Tokens);
        _a.Programs.Map("storm_limits").Delete(vm.PortId);
    }

    private int Spent(TestVm vm) => _a.Programs.Map("storm_limits").TryLookup(vm.PortId, out BucketEntry bucket) ? (int)(Tokens - bucket.Tokens) : 0;

    /// <summary>How many copies of the advertisement go on to be announcements. It changes nothing itself.</summary>
    private int Copies(TestVm vm, byte[] advertisement)
    {
        Limit(vm);
        _a.FromVm(vm, advertisement).Dropped(Verdict.FloodingDisabled);
        return Spent(vm);
    }

    private void LearnedNothing(VrrpAdvertisement advertisement) => Assert.True(Copies(_master, advertisement.From(_master)) == 0, advertisement.ToString());

    /// <summary>The way of the copy for one address, to the announcement that enters as if the VM had sent it.</summary>
    private Passage Announced(TestVm vm, byte[] advertisement, uint index)
    {
        Passage copy = _a.FromVm(vm, advertisement, MarkListed | index);
        Assert.Equal((Passage.Redirect, Verdict.None, MarkOnBehalf), (copy.Action, copy.Verdict, copy.Mark));
        Assert.Empty(copy.Changes);
        return _a.FromVm(vm, copy.Bytes, copy.Mark);
    }

    private void Announce(TestVm vm, byte[] advertisement, uint index, IPAddress vip, bool v6, params string[] changes) =>
        Announce(vm, advertisement, index, vip, v6, vm.Mac, changes);

    private void Announce(TestVm vm, byte[] advertisement, uint index, IPAddress vip, bool v6, MacAddress mac, string[] changes)
    {
        Passage announced = Announced(vm, advertisement, index);
        Assert.Equal(Convert.ToHexStringLower(Announcement(mac, vip, v6)), Convert.ToHexStringLower(announced.Input));
        Assert.Equal((Verdict.FloodingDisabled, 0u), (announced.Verdict, announced.Mark));
        Assert.Equal(changes.Order(StringComparer.Ordinal), announced.Changes);
    }

    /// <summary>The master wants the address that the other holds: the copy ends as the question to the other.</summary>
    private void Challenge(byte[] advertisement, IPAddress vip, bool v6)
    {
        Passage probe = Announced(_master, advertisement, 0);
        Assert.Equal((Passage.Redirect, Verdict.AddressProbed), (probe.Action, probe.Verdict));
        string was = LearningCloud.Local(_other, Source(v6));
        string[] changes =
        [
            Was(vip, was), Is(vip, was + LearningCloud.WantedBy(_master, _a)), LearningCloud.Held(_master, 1), _other.TrafficTo(probe.Bytes.Length),
            LearningCloud.Told(LearnEventKind.PreMovement, vip, _master.Mac, _master.PortId),
        ];
        Assert.Equal(changes.Order(StringComparer.Ordinal), probe.Changes);
        probe.To(_other.Interface).As(LearningCloud.Probe(_master, _other.Mac, vip)[..probe.Bytes.Length]);
    }
}

using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>What members on other hosts announce: believed, since their hosts accepted it; but for the MAC, policy, and the prefix.</summary>
[Collection(PacketTests.Name)]
public sealed class LearnedFromWireTests
{
    private readonly TestCloud _cloud;
    private readonly TestHost _a;
    private readonly TestHost _b;
    private readonly TestVm _far;
    private readonly TestVm _here;

    public LearnedFromWireTests(TestCloud cloud)
    {
        _ = new LearningCloud(cloud);
        _cloud = cloud;
        (_a, _b) = (cloud.A, cloud.B);
        (_here, _far) = (cloud.Blue5, cloud.Blue7);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Announcement_OfAMember_IsLearnedAndTheAddressReached(bool v6)
    {
        IPAddress vip = LearningCloud.Vip(v6);
        Teach(vip);
        byte[] data = _here.To(_far).Ip(_here.Address(v6), vip).Udp(1, 2).ToArray();
        Passage sent = _a.FromVm(_here, data).Went(Verdict.Encapsulated);
        sent.As(TestCloud.OnWire(_a, _b, 5001, data, TestCloud.FlowId(sent)));
        byte[] back = _far.To(_here).Ip(vip, _here.Address(v6)).Udp(2, 1).ToArray();
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, back)).Went(Verdict.Decapsulated, _here.TrafficTo(back.Length)).As(back);
        _a.FromWire(TestCloud.OnWire(_cloud.C, _a, 5001, back)).Dropped(Verdict.SourceCaPaMismatch);
    }

    [Fact]
    public void Announcement_OfAnAddressHeldHere_MovesIt()
    {
        _a.FromVm(_here, LearningCloud.Announce(_here, LearningCloud.Vip4));
        byte[] told = Reply(LearningCloud.Vip4);
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, told)).Went(
            Verdict.Decapsulated,
            _here.TrafficTo(told.Length),
            LearningCloud.Held(_here, -1),
            LearningCloud.Entry(LearningCloud.Vip4, LearningCloud.Local(_here, LearnSource.Arp), -1),
            LearningCloud.Entry(LearningCloud.Vip4, LearningCloud.Remote(_far, 2) + LearningCloud.Before(_here, _a)),
            LearningCloud.Told(LearnEventKind.PostMovement, LearningCloud.Vip4, _far.Mac, 0));
    }

    [Theory]
    [InlineData("10.0.0.1")] // the gateway's
    [InlineData("10.0.0.6")] // policy's
    [InlineData("10.0.1.50")] // another subnet's
    [InlineData("172.16.0.1")]
    public void Announcement_OfWhatIsNotToBeHad_TeachesNothing(string address)
    {
        byte[] told = Reply(IPAddress.Parse(address));
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, told)).Went(Verdict.Decapsulated, _here.TrafficTo(told.Length));
    }

    [Fact]
    public void Announcement_FromAnotherHostThanItsMacs_IsRefused() =>
        _a.FromWire(TestCloud.OnWire(_cloud.C, _a, 5001, Reply(LearningCloud.Vip4))).Dropped(Verdict.SourceCaPaMismatch);

    [Fact]
    public void Announcement_InASubnetThatDoesNotLearn_TeachesNothing()
    {
        byte[] told = _cloud.Blue9.To(_cloud.Blue8).Arp(new ArpPacket(ArpOperation.Reply, _cloud.Blue9.Mac, IPAddress.Parse("10.0.1.50"), _cloud.Blue8.Mac, _cloud.Blue8.V4)).ToArray(60);
        _a.FromWire(TestCloud.OnWire(_b, _a, 5002, told)).Went(Verdict.Decapsulated, _cloud.Blue8.TrafficTo(told.Length));
    }

    [Fact]
    public void VirtualMac_OfARouterThere_IsKnownHere()
    {
        MacAddress vrrp = LearningCloud.Vrrp4;
        byte[] told = PacketBuilder.Ethernet(vrrp, _here.Mac).Arp(new ArpPacket(ArpOperation.Reply, vrrp, LearningCloud.Vip4, _here.Mac, _here.V4)).ToArray(60);
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, told)).Went(
            Verdict.Decapsulated,
            _here.TrafficTo(told.Length),
            LearningCloud.Entry(LearningCloud.Vip4, LearningCloud.Remote(_far, 1, vrrp)),
            HostState.Tell($"virtual MAC {vrrp} in 5001 at {_b.Pa}", 1),
            LearningCloud.Told(LearnEventKind.Added, LearningCloud.Vip4, vrrp, 0));
        byte[] data = PacketBuilder.Ethernet(_here.Mac, vrrp).IPv4(_here.V4, IPAddress.Parse("8.8.8.8")).Udp(1, 2).ToArray();
        Passage sent = _a.FromVm(_here, data).Went(Verdict.Encapsulated);
        Assert.Equal(_b.Pa, sent.Decision.Pa.ToIPAddress());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Data_FromASourceUnknownHere_PassesIfItsMacLivesThereAndTeachesNothing(bool v6)
    {
        byte[] data = _far.To(_here).Ip(LearningCloud.Vip(v6), _here.Address(v6)).Udp(1, 2).ToArray();
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, data)).Went(Verdict.Decapsulated, _here.TrafficTo(data.Length)).As(data);
        _a.FromWire(TestCloud.OnWire(_cloud.C, _a, 5001, data)).Dropped(Verdict.SourceRecordMissing);
        byte[] foreign = _far.To(_here).Ip(IPAddress.Parse(v6 ? "2001:db8:9::1" : "9.9.9.9"), _here.Address(v6)).Udp(1, 2).ToArray();
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, foreign)).Dropped(Verdict.SourceRecordMissing);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Data_ForALearnedAddress_IsDeliveredWithItsHoldersMac(bool v6)
    {
        IPAddress vip = LearningCloud.Vip(v6);
        _a.FromVm(_here, LearningCloud.Announce(_here, vip));
        byte[] stale = _far.To(_cloud.Blue6).Ip(_far.Address(v6), vip).Udp(1, 2).ToArray();
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, stale)).Went(Verdict.Decapsulated, _here.TrafficTo(stale.Length))
            .To(_here.Interface).As(_far.To(_here).Ip(_far.Address(v6), vip).Udp(1, 2).ToArray());
    }

    [Fact]
    public void Data_ForALearnedAddressThatMovedOn_IsSentOn()
    {
        Teach(LearningCloud.Vip4);
        TestVm third = _cloud.Vm(_cloud.Blue, _cloud.C, 6, 99);
        _a.AddRemote(third);
        byte[] stale = third.To(_here).IPv4(third.V4, LearningCloud.Vip4).Udp(1, 2).ToArray();
        _a.FromWire(TestCloud.OnWire(_cloud.C, _a, 5001, stale)).Went(Verdict.Hairpinned);
    }

    [Fact]
    public void Announcement_InATrace_TeachesNothing()
    {
        Passage traced = _a.FromWire(TestCloud.OnWire(_b, _a, 5001, Reply(LearningCloud.Vip4)), Passage.MarkTrace);
        Assert.Equal(Verdict.Decapsulated, traced.Verdict);
        Assert.Empty(traced.Changes);
    }

    [Fact]
    public void Announcements_BeyondWhatAHostMayHave_TeachNothingButPass()
    {
        Teach(LearningCloud.Vip4);
        Assert.Equal(1u, Count().Learned);
        Put(Count() with { Learned = PeerLearnedEntry.Max - 1 });
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, Reply(IPAddress.Parse("10.0.0.51"))));
        Assert.NotNull(LearningCloud.Find(_a, IPAddress.Parse("10.0.0.51")));
        byte[] told = Reply(IPAddress.Parse("10.0.0.52"));
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, told)).Went(Verdict.Decapsulated, _here.TrafficTo(told.Length));

        // What it has stays, and ports of this host have theirs.
        byte[] again = Reply(LearningCloud.Vip4);
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, again)).Went(Verdict.Decapsulated, _here.TrafficTo(again.Length));
        _a.FromVm(_here, LearningCloud.Announce(_here, IPAddress.Parse("10.0.0.53")));
        Assert.NotNull(LearningCloud.Find(_a, IPAddress.Parse("10.0.0.53")));
    }

    [Fact]
    public void Announcements_FasterThanAHostMay_TeachNothingAndTellNothing()
    {
        Teach(LearningCloud.Vip4);
        Put(Count() with { LastNs = LearningCloud.FarFuture, Tokens = 1 }); // None is earned.
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, Reply(IPAddress.Parse("10.0.0.51"))));
        Assert.NotNull(LearningCloud.Find(_a, IPAddress.Parse("10.0.0.51")));
        byte[] told = Reply(IPAddress.Parse("10.0.0.52"));
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, told)).Went(Verdict.Decapsulated, _here.TrafficTo(told.Length));
        Put(Count() with { LastNs = 0 });
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, told));
        Assert.NotNull(LearningCloud.Find(_a, IPAddress.Parse("10.0.0.52")));
    }

    [Fact]
    public void MovesFromTheWire_FasterThanAHostMay_AreBelievedButNotTold()
    {
        _a.FromVm(_here, LearningCloud.Announce(_here, LearningCloud.Vip4));
        _a.Programs.Map("peer_learned").Update(KernelAddress.From(_b.Pa), new PeerLearnedEntry(LearningCloud.FarFuture, 0, 0));
        byte[] told = Reply(LearningCloud.Vip4);
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, told)).Went(
            Verdict.Decapsulated,
            _here.TrafficTo(told.Length),
            LearningCloud.Held(_here, -1),
            LearningCloud.Entry(LearningCloud.Vip4, LearningCloud.Local(_here, LearnSource.Arp), -1),
            LearningCloud.Entry(LearningCloud.Vip4, LearningCloud.Remote(_far, 2) + LearningCloud.Before(_here, _a)));
    }

    [Fact]
    public void ChallengesFromTheWire_FasterThanAHostMay_BeginButAreNotTold()
    {
        _a.FromVm(_here, LearningCloud.Announce(_here, LearningCloud.Vip4));
        _a.Programs.Map("peer_learned").Update(KernelAddress.From(_b.Pa), new PeerLearnedEntry(LearningCloud.FarFuture, 0, 0));
        byte[] probe = LearningCloud.Probe(_far, _here.Mac, LearningCloud.Vip4);
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, probe)).Went(
            Verdict.Decapsulated,
            _here.TrafficTo(probe.Length),
            LearningCloud.Entry(LearningCloud.Vip4, LearningCloud.Local(_here, LearnSource.Arp), -1),
            LearningCloud.Entry(LearningCloud.Vip4, LearningCloud.Local(_here, LearnSource.Arp) + LearningCloud.WantedBy(_far, _a)));
    }

    private PeerLearnedEntry Count() => _a.Programs.Map("peer_learned").TryLookup(KernelAddress.From(_b.Pa), out PeerLearnedEntry entry) ? entry : default;

    private void Put(PeerLearnedEntry entry) => _a.Programs.Map("peer_learned").Update(KernelAddress.From(_b.Pa), entry);

    private void Teach(IPAddress vip)
    {
        byte[] told = vip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? Reply(vip) : LearningCloud.Advertise(_far.Mac, _here.V6, _here.Mac, vip);
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, told)).Went(
            Verdict.Decapsulated,
            _here.TrafficTo(told.Length),
            LearningCloud.Entry(vip, LearningCloud.Remote(_far)),
            LearningCloud.Told(LearnEventKind.Added, vip, _far.Mac, 0));
    }

    private byte[] Reply(IPAddress address) => _far.To(_here).Arp(new ArpPacket(ArpOperation.Reply, _far.Mac, address, _here.Mac, _here.V4)).ToArray(60);
}

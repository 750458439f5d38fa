using System.Net;
using System.Net.Sockets;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>An address that somebody holds, and somebody else claims: the holder is asked, and keeps it if it lives.</summary>
[Collection(PacketTests.Name)]
public sealed class ChallengeTests
{
    private readonly TestCloud _cloud;
    private readonly TestHost _a;
    private readonly TestHost _b;
    private readonly TestVm _holder;
    private readonly TestVm _other;
    private readonly TestVm _far;

    public ChallengeTests(TestCloud cloud)
    {
        _ = new LearningCloud(cloud);
        _cloud = cloud;
        (_a, _b) = (cloud.A, cloud.B);
        (_holder, _other, _far) = (cloud.Blue5, cloud.Blue6, cloud.Blue7);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Claim_OfAHeldAddress_BecomesTheProbeOfItsHolder(bool v6)
    {
        IPAddress vip = Hold(v6);
        Challenge(vip);
        FarFuture(_a, vip);

        // Meanwhile the challenger may not send from it, and neither it nor a third one is heard.
        _a.FromVm(_other, _other.To(_holder).Ip(vip, _holder.Address(v6)).Udp(1, 2).ToArray()).Dropped(Verdict.SourceCaMacMismatch);
        _a.FromVm(_other, LearningCloud.Announce(_other, vip)).Dropped(Verdict.SourceRecordMissing);
        TestVm third = _cloud.Vm(_cloud.Blue, _a, 6, 44);
        LearningCloud.SetPort(third, LearnSources.All, 4);
        _a.FromVm(third, LearningCloud.Announce(third, vip)).Dropped(Verdict.SourceRecordMissing);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Holder_ThatLives_AnswersAndKeepsIt(bool v6)
    {
        IPAddress vip = Hold(v6);
        Challenge(vip);
        FarFuture(_a, vip);
        byte[] answer = LearningCloud.Answer(_holder, _other, vip);
        byte[] passed = v6 ? LearningCloud.Advertise(_holder.Mac, IPAddress.Parse("ff02::1"), _other.Mac, vip) : answer;
        _a.FromVm(_holder, answer).Went(
            Verdict.DeliveredLocal,
            _other.TrafficTo(answer.Length),
            LearningCloud.Held(_other, -1),
            Was(vip, LearningCloud.Local(_holder, First(v6)) + LearningCloud.WantedBy(_other, _a)),
            Is(vip, LearningCloud.Local(_holder, First(v6))),
            LearningCloud.Told(LearnEventKind.MarkedUsable, vip, _holder.Mac, _holder.PortId)).To(_other.Interface).As(passed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Holder_ThatIsSilent_LosesItToTheChallenger(bool v6)
    {
        IPAddress vip = Hold(v6);
        Challenge(vip);
        LearningCloud.Expire(_a, vip);

        // Whoever looks first makes it so: here a frame to the address, which goes with the new holder's MAC.
        TestVm third = _cloud.Vm(_cloud.Blue, _a, 6, 44);
        _a.AddLocal(third);
        byte[] frame = third.To(_holder).Ip(third.Address(v6), vip).Udp(1, 2).Payload(7).ToArray();
        byte[] delivered = third.To(_other).Ip(third.Address(v6), vip).Udp(1, 2).Payload(7).ToArray();
        _a.FromVm(third, frame).Went(
            Verdict.DeliveredLocal,
            [_other.TrafficTo(frame.Length), .. Promoted(vip, v6)]).To(_other.Interface).As(delivered);

        byte[] data = _other.To(third).Ip(vip, third.Address(v6)).Udp(1, 2).ToArray();
        _a.FromVm(_other, data).Went(Verdict.DeliveredLocal, third.TrafficTo(data.Length));
        _a.FromVm(_holder, _holder.To(third).Ip(vip, third.Address(v6)).Udp(1, 2).ToArray()).Dropped(Verdict.SourceCaMacMismatch);
    }

    [Fact]
    public void Promotion_InATrace_IsSeenAndNotDone()
    {
        IPAddress vip = Hold(false);
        Challenge(vip);
        LearningCloud.Expire(_a, vip);
        byte[] data = _other.To(_far).IPv4(vip, _far.V4).Udp(1, 2).ToArray();
        Passage traced = _a.FromVm(_other, data, Passage.MarkTrace);
        Assert.Equal(Verdict.Encapsulated, traced.Verdict);
        Assert.Empty(traced.Changes);
        _a.FromVm(_other, data).Went(Verdict.Encapsulated, Promoted(vip, false));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Holder_ThatAnswersLate_GetsItBackWithinASecond(bool v6)
    {
        IPAddress vip = Hold(v6);
        Challenge(vip);
        LearningCloud.Expire(_a, vip);
        _a.FromVm(_other, LearningCloud.Announce(_other, vip)).Dropped(Verdict.FloodingDisabled, Promoted(vip, v6));

        byte[] answer = LearningCloud.Answer(_holder, _other, vip);
        _a.FromVm(_holder, answer).Went(
            Verdict.DeliveredLocal,
            _other.TrafficTo(answer.Length),
            LearningCloud.Held(_other, -1),
            LearningCloud.Held(_holder, 1),
            Was(vip, LearningCloud.Local(_other, First(v6), 2) + LearningCloud.Before(_holder, _a)),
            Is(vip, LearningCloud.Local(_holder, First(v6), 3)),
            LearningCloud.Told(LearnEventKind.PostMovement, vip, _holder.Mac, _holder.PortId));

        // The other one has to ask again.
        Passage again = _a.FromVm(_other, LearningCloud.Announce(_other, vip));
        Assert.Equal(Verdict.AddressProbed, again.Verdict);
    }

    [Fact]
    public void Holder_ThatAnswersTooLate_MustAskItself()
    {
        IPAddress vip = Hold(false);
        Challenge(vip);
        LearningCloud.Expire(_a, vip);
        _a.FromVm(_other, LearningCloud.Announce(_other, vip));
        LearningCloud.Age(_a, vip);
        Passage late = _a.FromVm(_holder, LearningCloud.Answer(_holder, _other, vip));
        Assert.Equal(Verdict.AddressProbed, late.Verdict);
        late.As(LearningCloud.Probe(_holder, _other.Mac, vip));
    }

    [Fact]
    public void Holder_WhosePortIsGone_IsNotAsked()
    {
        IPAddress vip = Hold(false);
        _a.Programs.Map("ports").Delete((uint)_holder.Interface);
        _a.FromVm(_other, LearningCloud.Announce(_other, vip)).Dropped(
            Verdict.FloodingDisabled,
            LearningCloud.Held(_holder, -1),
            LearningCloud.Held(_other, 1),
            Was(vip, LearningCloud.Local(_holder, LearnSource.Arp)),
            Is(vip, LearningCloud.Local(_other, LearnSource.Arp, 2)),
            LearningCloud.Told(LearnEventKind.PostMovement, vip, _other.Mac, _other.PortId));
    }

    [Fact]
    public void Challenges_BeyondTheLimit_AreThrottled()
    {
        LearningCloud.SetPort(_holder, LearnSources.All, 10);
        LearningCloud.SetPort(_other, LearnSources.All, 2);
        for (byte i = 0; i < 3; i++)
        {
            _a.FromVm(_holder, LearningCloud.Announce(_holder, new IPAddress([10, 0, 0, (byte)(60 + i)])));
        }

        // A challenge takes a place: else a liar would have as many as it asks for within the holder's time to answer.
        Assert.Equal(Verdict.AddressProbed, _a.FromVm(_other, LearningCloud.Announce(_other, IPAddress.Parse("10.0.0.60"))).Verdict);
        Assert.Equal(Verdict.AddressProbed, _a.FromVm(_other, LearningCloud.Announce(_other, IPAddress.Parse("10.0.0.61"))).Verdict);
        _a.FromVm(_other, LearningCloud.Announce(_other, IPAddress.Parse("10.0.0.62"))).Dropped(
            Verdict.DynamicAddressThrottled, LearningCloud.Told(LearnEventKind.Throttled, IPAddress.Parse("10.0.0.62"), _other.Mac, _other.PortId));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Challenge_AcrossTheWire_IsNotedByBothAndEndedByTheAnswer(bool v6)
    {
        IPAddress vip = Hold(v6);
        TeachB(vip);

        // The challenger's host asks the holder's.
        byte[] claim = LearningCloud.Announce(_far, vip), probe = LearningCloud.Probe(_far, _holder.Mac, vip);
        Passage asked = _b.FromVm(_far, claim);
        asked.Went(
            Verdict.AddressProbed,
            LearningCloud.Held(_far, 1),
            Was(vip, LearningCloud.Remote(_holder)),
            Is(vip, LearningCloud.Remote(_holder) + LearningCloud.WantedBy(_far, _b)),
            LearningCloud.Told(LearnEventKind.PreMovement, vip, _far.Mac, _far.PortId)).To(_b.Uplink)
            .As(TestCloud.OnWire(_b, _a, 5001, probe, TestCloud.FlowId(asked)));
        FarFuture(_b, vip);

        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, probe)).Went(
            Verdict.Decapsulated,
            _holder.TrafficTo(probe.Length),
            Was(vip, LearningCloud.Local(_holder, First(v6))),
            Is(vip, LearningCloud.Local(_holder, First(v6)) + LearningCloud.WantedBy(_far, _a)),
            LearningCloud.Told(LearnEventKind.PreMovement, vip, _far.Mac, 0)).To(_holder.Interface).As(probe);
        FarFuture(_a, vip);

        // The answer ends it here and there.
        byte[] answer = LearningCloud.Answer(_holder, _far, vip);
        byte[] passed = v6 ? LearningCloud.Advertise(_holder.Mac, IPAddress.Parse("ff02::1"), _far.Mac, vip) : answer;
        _a.FromVm(_holder, answer).Went(
            Verdict.Encapsulated,
            Was(vip, LearningCloud.Local(_holder, First(v6)) + LearningCloud.WantedBy(_far, _a)),
            Is(vip, LearningCloud.Local(_holder, First(v6))),
            LearningCloud.Told(LearnEventKind.MarkedUsable, vip, _holder.Mac, _holder.PortId));
        _b.FromWire(TestCloud.OnWire(_a, _b, 5001, passed)).Went(
            Verdict.Decapsulated,
            _far.TrafficTo(passed.Length),
            LearningCloud.Held(_far, -1),
            Was(vip, LearningCloud.Remote(_holder) + LearningCloud.WantedBy(_far, _b)),
            Is(vip, LearningCloud.Remote(_holder)),
            LearningCloud.Told(LearnEventKind.MarkedUsable, vip, _holder.Mac, 0)).To(_far.Interface).As(passed);
    }

    [Fact]
    public void Challenge_AcrossTheWireInSilence_MovesTheAddressOnBothHosts()
    {
        IPAddress vip = Hold(false);
        TeachB(vip);
        _b.FromVm(_far, LearningCloud.Announce(_far, vip)).Went(
            Verdict.AddressProbed,
            LearningCloud.Held(_far, 1),
            Was(vip, LearningCloud.Remote(_holder)),
            Is(vip, LearningCloud.Remote(_holder) + LearningCloud.WantedBy(_far, _b)),
            LearningCloud.Told(LearnEventKind.PreMovement, vip, _far.Mac, _far.PortId));
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, LearningCloud.Probe(_far, _holder.Mac, vip)));
        LearningCloud.Expire(_a, vip);
        LearningCloud.Expire(_b, vip);

        // The new holder may send at its host.
        byte[] data = _far.To(_other).IPv4(vip, _other.V4).Udp(1, 2).ToArray();
        Passage sent = _b.FromVm(_far, data).Went(
            Verdict.Encapsulated,
            Was(vip, LearningCloud.Remote(_holder) + LearningCloud.WantedBy(_far, _b)),
            Is(vip, LearningCloud.Local(_far, LearnSource.Arp, 2) + LearningCloud.Before(_holder, _b)),
            LearningCloud.Told(LearnEventKind.PostMovement, vip, _far.Mac, _far.PortId));

        // The old holder's host believes it, from the same silence, and sends on what still comes.
        _a.FromWire(sent.Bytes).Went(
            Verdict.Decapsulated,
            _other.TrafficTo(data.Length),
            LearningCloud.Held(_holder, -1),
            Was(vip, LearningCloud.Local(_holder, LearnSource.Arp) + LearningCloud.WantedBy(_far, _a)),
            Is(vip, LearningCloud.Remote(_far, 2) + LearningCloud.Before(_holder, _a)),
            LearningCloud.Told(LearnEventKind.PostMovement, vip, _far.Mac, 0));
        byte[] stale = _other.To(_holder).IPv4(_other.V4, vip).Udp(2, 1).ToArray();
        byte[] fresh = _other.To(_far).IPv4(_other.V4, vip).Udp(2, 1).ToArray();
        Passage followed = _a.FromVm(_other, stale).Went(Verdict.Encapsulated);
        followed.As(TestCloud.OnWire(_a, _b, 5001, fresh, TestCloud.FlowId(followed)));
    }

    [Fact]
    public void VirtualMac_MovesWithItsAddress()
    {
        MacAddress vrrp = LearningCloud.Vrrp4;
        IPAddress vip = LearningCloud.Vip4;
        _a.FromVm(_holder, LearningCloud.Announce(_holder, vip, vrrp));
        Passage asked = _a.FromVm(_other, LearningCloud.Announce(_other, vip, vrrp));
        Assert.Equal(Verdict.AddressProbed, asked.Verdict);

        // From the MAC that is claimed; the answer goes to the adapter's own, for the claimed one is still the holder's.
        asked.To(_holder.Interface).As(LearningCloud.Probe(_other, vrrp, vip, vrrp));
        LearningCloud.Expire(_a, vip);
        _a.FromVm(_other, LearningCloud.Announce(_other, vip, vrrp)).Dropped(
            Verdict.FloodingDisabled,
            LearningCloud.Held(_holder, -1),
            Was(vip, LearningCloud.Local(_holder, LearnSource.Arp, 1, vrrp) + $", wanted by {vrrp} at port {_other.PortId}"),
            Is(vip, LearningCloud.Local(_other, LearnSource.Arp, 2, vrrp) + $", before {vrrp} at port {_holder.PortId}"),
            HostState.Tell($"virtual MAC {vrrp} in 5001 at port {_holder.PortId}", -1),
            HostState.Tell($"virtual MAC {vrrp} in 5001 at port {_other.PortId}", 1),
            LearningCloud.Told(LearnEventKind.PostMovement, vip, vrrp, _other.PortId));
    }

    private static LearnSource First(bool v6) => v6 ? LearnSource.NeighborDiscovery : LearnSource.Arp;

    private static string Is(IPAddress address, string holder) => LearningCloud.Entry(address, holder);

    private static string Was(IPAddress address, string holder) => LearningCloud.Entry(address, holder, -1);

    /// <summary>The clock of a test does not run: the holder has all the time it wants.</summary>
    private static void FarFuture(TestHost host, IPAddress address) => LearningCloud.Change(host, address, entry => entry with { DeadlineNs = LearningCloud.FarFuture });

    private IPAddress Hold(bool v6)
    {
        IPAddress vip = LearningCloud.Vip(v6);
        _a.FromVm(_holder, LearningCloud.Announce(_holder, vip));
        Assert.NotNull(LearningCloud.Find(_a, vip));
        return vip;
    }

    private void TeachB(IPAddress vip)
    {
        // As a copy for one host, since nothing floods here.
        byte[] told = vip.AddressFamily == AddressFamily.InterNetwork
            ? _holder.To(_far).Arp(new ArpPacket(ArpOperation.Reply, _holder.Mac, vip, _far.Mac, _far.V4)).ToArray(60)
            : LearningCloud.Advertise(_holder.Mac, _far.V6, _far.Mac, vip);
        _b.FromWire(TestCloud.OnWire(_a, _b, 5001, told)).Went(
            Verdict.Decapsulated, _far.TrafficTo(told.Length), Is(vip, LearningCloud.Remote(_holder)), LearningCloud.Told(LearnEventKind.Added, vip, _holder.Mac, 0));
    }

    private void Challenge(IPAddress vip)
    {
        bool v6 = vip.AddressFamily == AddressFamily.InterNetworkV6;
        byte[] probe = LearningCloud.Probe(_other, _holder.Mac, vip);
        _a.FromVm(_other, LearningCloud.Announce(_other, vip)).Went(
            Verdict.AddressProbed,
            _holder.TrafficTo(probe.Length),
            LearningCloud.Held(_other, 1),
            Was(vip, LearningCloud.Local(_holder, First(v6))),
            Is(vip, LearningCloud.Local(_holder, First(v6)) + LearningCloud.WantedBy(_other, _a)),
            LearningCloud.Told(LearnEventKind.PreMovement, vip, _other.Mac, _other.PortId)).To(_holder.Interface).As(probe);
    }

    private string[] Promoted(IPAddress vip, bool v6) =>
    [
        LearningCloud.Held(_holder, -1),
        Was(vip, LearningCloud.Local(_holder, First(v6)) + LearningCloud.WantedBy(_other, _a)),
        Is(vip, LearningCloud.Local(_other, First(v6), 2) + LearningCloud.Before(_holder, _a)),
        LearningCloud.Told(LearnEventKind.PostMovement, vip, _other.Mac, _other.PortId),
    ];
}

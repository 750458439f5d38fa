using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Linux.Bpf;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>
/// The kernel does not take what a program writes of a learned address, or another CPU is just writing it: nobody loses an address by that, and
/// every port has as many places taken as the entries say.
/// </summary>
public sealed class UnwrittenTests : IClassFixture<UnwrittenTests.FailingCloud>
{
    /// <summary>A time at which another CPU began to end a challenge: it lies ahead, so that it is always just now.</summary>
    private const ulong Ending = ulong.MaxValue;

    private static readonly IPAddress s_vip = LearningCloud.Vip4;
    private readonly TestHost _a;
    private readonly TestHost _b;
    private readonly TestVm _holder;
    private readonly TestVm _other;
    private readonly TestVm _far;

    public UnwrittenTests(FailingCloud failing)
    {
        TestCloud cloud = failing.Cloud;
        _ = new LearningCloud(cloud);
        (_a, _b, _holder, _other, _far) = (cloud.A, cloud.B, cloud.Blue5, cloud.Blue6, cloud.Blue7);
        _a.FromVm(_holder, LearningCloud.Announce(_holder, s_vip));
        Assert.Equal((_holder.PortId, 1u, 0u), State());
    }

    [Fact]
    public void Challenge_ThatCannotBeWritten_IsRefusedAndTakesNoPlace()
    {
        Fail();
        for (int i = 0; i < 10; i++) // More often than it has places.
        {
            _a.FromVm(_other, LearningCloud.Announce(_other, s_vip));
        }

        Assert.Equal((_holder.PortId, 1u, 0u), State());
        Assert.Equal(Verdict.Internal, _a.FromVm(_other, LearningCloud.Announce(_other, s_vip)).Verdict);
        Fail(false);
        Assert.Equal(Verdict.AddressProbed, _a.FromVm(_other, LearningCloud.Announce(_other, s_vip)).Verdict);
        Assert.Equal((_holder.PortId, 1u, 1u), State());
    }

    [Fact]
    public void Challenge_FromTheWireThatCannotBeWritten_AsksTheHolderAllTheSame()
    {
        byte[] probe = LearningCloud.Probe(_far, _holder.Mac, s_vip);
        Fail();
        _a.FromWire(TestCloud.OnWire(_b, _a, 5001, probe)).Went(Verdict.Decapsulated, _holder.TrafficTo(probe.Length)).To(_holder.Interface).As(probe);
    }

    [Fact]
    public void NewAddress_WhereTheMapIsFull_TakesNoPlace()
    {
        using BpfMap large = _a.Programs.Inner("learned");
        using BpfMap small = BpfMap.Create(BpfMapSpec.Of<RecordKey, LearnedEntry>(BpfMapType.Hash, 1) with { Name = "learned", Flags = BpfMapFlags.NoPreallocation });
        try
        {
            _a.Programs.Map("learned").UpdateInner(0u, small);
            Assert.Equal(Verdict.FloodingDisabled, _a.FromVm(_other, LearningCloud.Announce(_other, IPAddress.Parse("10.0.0.60"))).Verdict);
            for (int i = 0; i < 10; i++)
            {
                Assert.Equal(Verdict.Internal, _a.FromVm(_other, LearningCloud.Announce(_other, IPAddress.Parse("10.0.0.61"))).Verdict);
            }
        }
        finally
        {
            _a.Programs.Map("learned").UpdateInner(0u, large);
        }

        Assert.Equal((_holder.PortId, 1u, 1u), State()); // 10.0.0.60
    }

    [Fact]
    public void LinkLocalClaim_WhoseSlotCannotBeWritten_IsNotKept()
    {
        IPAddress address = IPAddress.Parse("fe80::1234");
        LearningCloud.SetPort(_other, LearnSources.None, 0);
        Fail();
        _a.FromVm(_other, LearningCloud.Dad(_other.Mac, address)).Dropped(Verdict.Internal);
        Assert.Null(LearningCloud.Find(_a, address));
        Fail(false);
        Assert.Equal(Verdict.Learned, _a.FromVm(_other, LearningCloud.Dad(_other.Mac, address)).Verdict);
        Assert.NotNull(LearningCloud.Find(_a, address));
    }

    [Fact]
    public void Promotion_ThatCannotBeWritten_LeavesTheAddressToItsHolderAndTheChallengerItsPlace()
    {
        Challenge();
        LearningCloud.Expire(_a, s_vip);
        Fail();
        byte[] data = _other.To(_far).IPv4(_other.V4, s_vip).Udp(1, 2).ToArray();
        _a.FromVm(_other, data);
        Assert.Equal((_holder.PortId, 1u, 0u), State());
        Assert.False(LearningCloud.Find(_a, s_vip)!.Value.IsChallenged);

        // And it can be challenged anew.
        Fail(false);
        LearningCloud.Age(_a, s_vip);
        Challenge();
    }

    [Fact]
    public void Defence_ThatCannotBeWritten_EndsTheChallenge()
    {
        Challenge();
        LearningCloud.Change(_a, s_vip, static e => e with { DeadlineNs = LearningCloud.FarFuture });
        Fail();
        Assert.Equal(Verdict.DeliveredLocal, _a.FromVm(_holder, LearningCloud.Answer(_holder, _other, s_vip)).Verdict);
        Assert.Equal((_holder.PortId, 1u, 0u), State());
        Assert.False(LearningCloud.Find(_a, s_vip)!.Value.IsChallenged);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void DeniedChallenger_WhereItsDefeatCouldNotBeWritten_HasToAskAgain(bool traced)
    {
        Challenge();
        LearningCloud.Change(_a, s_vip, static e => e with { DeadlineNs = LearningCloud.FarFuture });
        Fail();
        _a.FromVm(_holder, LearningCloud.Answer(_holder, _other, s_vip));
        Fail(false);

        // Within the second in which a former holder would have it back.
        Assert.Equal(Verdict.AddressProbed, _a.FromVm(_other, LearningCloud.Announce(_other, s_vip), traced ? Passage.MarkTrace : 0).Verdict);
        Assert.Equal((_holder.PortId, 1u, traced ? 0u : 1u), State());
    }

    [Fact]
    public void DeniedChallenger_WhereItsDefeatCouldNotBeWritten_IsNotWhoFramesGoTo()
    {
        Challenge();
        LearningCloud.Change(_a, s_vip, static e => e with { DeadlineNs = LearningCloud.FarFuture });
        Fail();
        _a.FromVm(_holder, LearningCloud.Answer(_holder, _other, s_vip));
        byte[] data = _other.To(_holder).IPv4(_other.V4, s_vip).Udp(1, 2).ToArray();
        Assert.Equal(_holder.Interface, (int)_a.FromVm(_other, data, Passage.MarkTrace).Decision.Ifindex);
        _a.FromVm(_other, data).Went(Verdict.DeliveredLocal, _holder.TrafficTo(data.Length)).To(_holder.Interface);
    }

    [Fact]
    public void LateAnswer_ThatCannotBeWritten_LeavesTheAddressWhereItIs()
    {
        Challenge();
        LearningCloud.Expire(_a, s_vip);
        _a.FromVm(_other, LearningCloud.Announce(_other, s_vip));
        Assert.Equal((_other.PortId, 0u, 1u), State());
        Fail();
        _a.FromVm(_holder, LearningCloud.Answer(_holder, _other, s_vip)).Dropped(Verdict.Internal);
        Assert.Equal((_other.PortId, 0u, 1u), State());
    }

    [Fact]
    public void ClaimOfADeadPortsAddress_ThatCannotBeWritten_TakesNoPlace()
    {
        _a.Programs.Map("ports").Delete((uint)_holder.Interface);
        Fail();
        _a.FromVm(_other, LearningCloud.Announce(_other, s_vip)).Dropped(Verdict.Internal);
        Assert.Equal((_holder.PortId, 1u, 0u), State());
    }

    [Fact]
    public void OtherMacOfTheHolder_ThatCannotBeWritten_ChangesNothing()
    {
        Fail();
        _a.FromVm(_holder, LearningCloud.Announce(_holder, s_vip, LearningCloud.Vrrp4)).Dropped(Verdict.Internal);
        Assert.Equal((_holder.PortId, 1u, 0u), State());
        Fail(false);
        _a.FromVm(_holder, LearningCloud.Announce(_holder, s_vip, LearningCloud.Vrrp4));
        Assert.Equal((_holder.PortId, 1u, 0u), State());
        Assert.Equal((KernelMac)LearningCloud.Vrrp4, LearningCloud.Find(_a, s_vip)!.Value.Record.Mac);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnnouncementFromTheWire_ThatCannotBeWritten_LeavesTheAddressToItsHolder(bool challenged)
    {
        if (challenged)
        {
            Challenge();
            LearningCloud.Change(_a, s_vip, static e => e with { DeadlineNs = LearningCloud.FarFuture });
        }

        Fail();
        Assert.Equal(Verdict.Decapsulated, FromFar().Verdict); // A frame must not be lost because it taught nothing.
        Assert.Equal((_holder.PortId, 1u, 0u), State());
        Assert.False(LearningCloud.Find(_a, s_vip)!.Value.IsChallenged);

        Fail(false);
        FromFar();
        Assert.Equal((0u, 0u, 0u), State());
    }

    [Fact]
    public void Release_ThatCannotBeWritten_LeavesTheAddressToItsHolder()
    {
        Challenge();
        LearningCloud.Change(_a, s_vip, static e => e with { DeadlineNs = LearningCloud.FarFuture });
        Fail();
        _a.FromVm(_holder, new VrrpAdvertisement(3, 0, s_vip).From(_holder)).Dropped(
            Verdict.FloodingDisabled, [LearningCloud.Held(_other, -1), .. ChallengeGone()]);
        Assert.Equal((_holder.PortId, 1u, 0u), State());
    }

    [Fact]
    public void WhileAnotherCpuEndsAChallenge_NobodyChangesTheEntryOrItsCounts()
    {
        Challenge();
        LearningCloud.Change(_a, s_vip, static e => e with { DeadlineNs = Ending });
        LearnedEntry before = LearningCloud.Find(_a, s_vip)!.Value;

        // The holder's answer; the challenger, as if it had won; a third one; somebody on another host; the holder that resigns; who only looks.
        _a.FromVm(_holder, LearningCloud.Answer(_holder, _other, s_vip)).Dropped(Verdict.SourceRecordMissing);
        _a.FromVm(_other, LearningCloud.Announce(_other, s_vip)).Dropped(Verdict.SourceRecordMissing);
        Assert.Equal(Verdict.Decapsulated, FromFar().Verdict);
        _a.FromVm(_holder, new VrrpAdvertisement(3, 0, s_vip).From(_holder)).Dropped(Verdict.FloodingDisabled);
        byte[] data = _other.To(_holder).IPv4(_other.V4, s_vip).Udp(1, 2).ToArray();
        _a.FromVm(_other, data).Went(Verdict.DeliveredLocal, _holder.TrafficTo(data.Length)).To(_holder.Interface);

        Assert.Equal(before, LearningCloud.Find(_a, s_vip));
        Assert.Equal((_holder.PortId, 1u, 1u), State());
    }

    [Fact]
    public void AChallengeWhoseEndWasLost_IsEndedByWhoeverLooksLater()
    {
        Challenge();
        LearningCloud.Change(_a, s_vip, static e => e with { DeadlineNs = 3 }); // Begun long ago.
        _a.FromVm(_other, LearningCloud.Announce(_other, s_vip));
        Assert.Equal((_other.PortId, 0u, 1u), State());
    }

    [Fact]
    public void Counter_AtItsLargestValue_StaysThere()
    {
        LearningCloud.Change(_a, s_vip, static e => e with { Counter = uint.MaxValue });
        Challenge();
        LearningCloud.Expire(_a, s_vip);
        _a.FromVm(_other, LearningCloud.Announce(_other, s_vip));
        Assert.Equal((_other.PortId, uint.MaxValue), (State().Holder, LearningCloud.Find(_a, s_vip)!.Value.Counter));
    }

    private void Challenge()
    {
        Assert.Equal(Verdict.AddressProbed, _a.FromVm(_other, LearningCloud.Announce(_other, s_vip)).Verdict);
        Assert.Equal((_holder.PortId, 1u, 1u), State());
    }

    private string[] ChallengeGone() =>
    [
        LearningCloud.Entry(s_vip, LearningCloud.Local(_holder, LearnSource.Arp) + LearningCloud.WantedBy(_other, _a), -1),
        LearningCloud.Entry(s_vip, LearningCloud.Local(_holder, LearnSource.Arp)),
    ];

    private Passage FromFar() => _a.FromWire(TestCloud.OnWire(
        _b, _a, 5001, _far.To(_holder).Arp(new ArpPacket(ArpOperation.Reply, _far.Mac, s_vip, _holder.Mac, _holder.V4)).ToArray(60)));

    private void Fail(bool fails = true) => _a.Programs.Map(FailingWrites.Switch).Update(0u, fails ? 1u : 0u);

    /// <summary>Whose the address is (0: another host's), and how many places the two ports have taken.</summary>
    private (uint Holder, uint Holders, uint Others) State() => (LearningCloud.Find(_a, s_vip)!.Value.PortId, Places(_holder), Places(_other));

    private uint Places(TestVm vm) => _a.Programs.Map("learned_counts").TryLookup(vm.PortId, out uint places) ? places : 0;

    public sealed class FailingCloud : IDisposable
    {
        internal TestCloud Cloud { get; } = new(FailingWrites.Compile("port_ingress", "port_neighbours", "port_groups", "uplink_ingress"));

        public void Dispose() => Cloud.Dispose();
    }
}

using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Linux.Bpf;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>Data from an address that nobody has proves nothing, but its sender is asked; the answer is a claim like any other.</summary>
[Collection(PacketTests.Name)]
public sealed class SourceQuestionTests
{
    /// <summary>Of the port's ICMP errors: a question takes ten, and leaves twenty-five.</summary>
    private const int Burst = 50, Cost = 10, Leaves = 25;

    private readonly TestCloud _cloud;
    private readonly TestHost _a;
    private readonly TestVm _vm;

    public SourceQuestionTests(TestCloud cloud)
    {
        _ = new LearningCloud(cloud);
        _cloud = cloud;
        _a = cloud.A;
        _vm = cloud.Blue5;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Data_FromAnAddressThatNobodyHas_IsDroppedAndBecomesTheQuestionToItsSender(bool v6)
    {
        IPAddress vip = LearningCloud.Vip(v6);
        byte[] data = Data(vip);
        Asked(_a.FromVm(_vm, data), vip);

        _a.FromVm(_vm, Answer(vip)).Dropped(
            Verdict.Learned,
            LearningCloud.Entry(vip, LearningCloud.Local(_vm, v6 ? LearnSource.NeighborDiscovery : LearnSource.Arp)),
            LearningCloud.Held(_vm, 1),
            LearningCloud.Told(LearnEventKind.Added, vip, _vm.Mac, _vm.PortId));
        _a.FromVm(_vm, data).Went(Verdict.DeliveredLocal, _cloud.Blue6.TrafficTo(data.Length)).As(data);
    }

    [Fact]
    public void Data_OfEveryKind_RaisesTheQuestion()
    {
        Asked(_a.FromVm(_vm, PacketBuilder.Ethernet(_vm.Mac, LearningCloud.Broadcast).IPv4(Ip(50), IPAddress.Broadcast).Udp(67, 68).Payload(300).ToArray()), Ip(50));
        Renew();
        Asked(_a.FromVm(_vm, PacketBuilder.Ethernet(_vm.Mac, _cloud.Blue.GatewayMac).IPv4(Ip(51), IPAddress.Parse("10.0.1.9")).Udp(1, 2).ToArray()), Ip(51));
        Renew();
        byte[] super = PacketBuilder.Ethernet(_vm.Mac, _cloud.Blue6.Mac).IPv4(Ip(52), _cloud.Blue6.V4).Udp(1, 2).Payload(3000).ToArray();
        Asked(_a.FromVm(_vm, super, gsoSize: 1000), Ip(52));
        Renew();
        IPAddress own = IPAddress.Parse("fe80::50");
        Asked(_a.FromVm(_vm, PacketBuilder.Ethernet(_vm.Mac, _cloud.Blue6.Mac).IPv6(own, _cloud.Blue6.LinkLocal).Udp(1, 2).ToArray()), own);
    }

    [Fact]
    public void Answer_ToTheAgentsQuestionForAnEntry_EndsHere()
    {
        _a.FromVm(_vm, LearningCloud.Announce(_vm, Ip(50)));
        _a.FromVm(_vm, Answer(Ip(50))).Dropped(Verdict.Learned);
    }

    [Theory]
    [InlineData("10.0.0.6")] // policy gives it to another
    [InlineData("10.0.0.1")] // the gateway's
    [InlineData("10.0.1.50")] // another subnet's
    [InlineData("172.16.0.1")] // nobody's
    [InlineData("127.0.0.1")]
    [InlineData("224.0.0.5")]
    [InlineData("2001:db8:5001::6")]
    [InlineData("2001:db8:5002::50")]
    [InlineData("fe80::406:ff:fe00:9")] // another MAC's own
    public void Data_FromWhatTheAnswerCouldNotClaim_RaisesNoQuestion(string source) => NotAsked(_a.FromVm(_vm, Data(IPAddress.Parse(source))));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Data_FromAnAddressThatAnotherHolds_RaisesNoQuestion(bool v6)
    {
        _a.FromVm(_cloud.Blue6, LearningCloud.Announce(_cloud.Blue6, LearningCloud.Vip(v6)));
        NotAsked(_a.FromVm(_vm, Data(LearningCloud.Vip(v6))));
    }

    [Theory]
    [InlineData(LearnSources.All & ~LearnSources.Arp, false)]
    [InlineData(LearnSources.All & ~LearnSources.NeighborDiscovery, true)]
    public void Data_WhereTheAnswerWouldNotCount_RaisesNoQuestion(LearnSources sources, bool v6)
    {
        LearningCloud.SetPort(_vm, sources, 4);
        NotAsked(_a.FromVm(_vm, Data(LearningCloud.Vip(v6))));
    }

    [Fact]
    public void Data_OfAPortThatLearnsNone_OrInASubnetThatDoesNotLearn_RaisesNoQuestion()
    {
        LearningCloud.SetPort(_vm, LearnSources.All, 0);
        NotAsked(_a.FromVm(_vm, Data(Ip(50))));
        LearningCloud.SetPort(_cloud.Blue8, LearnSources.All, 4);
        NotAsked(_a.FromVm(_cloud.Blue8, _cloud.Blue8.ToGateway().IPv4(IPAddress.Parse("10.0.1.50"), _cloud.Blue6.V4).Udp(1, 2).ToArray()));
    }

    [Fact]
    public void Data_FromAnotherMac_RaisesNoQuestion()
    {
        NotAsked(_a.FromVm(_vm, _cloud.Blue6.To(_cloud.Blue7).IPv4(Ip(50), _cloud.Blue7.V4).Udp(1, 2).ToArray()));
        NotAsked(_a.FromVm(_vm, PacketBuilder.Ethernet(LearningCloud.Vrrp4, _cloud.Blue6.Mac).IPv4(Ip(50), _cloud.Blue6.V4).Udp(1, 2).ToArray()));
    }

    [Fact]
    public void Questions_AreFew_AndLeaveTheErrorsTheirShare()
    {
        Clock(tokens: Leaves + Cost - 1);
        NotAsked(_a.FromVm(_vm, Data(Ip(50))));
        Clock(tokens: Leaves + Cost);
        Asked(_a.FromVm(_vm, Data(Ip(50))), Ip(50), tokens: -Cost);
        NotAsked(_a.FromVm(_vm, Data(Ip(50))));
        Assert.Equal(Verdict.TtlExpired, _a.FromVm(_vm, _vm.UdpTo(_cloud.Blue8, timeToLive: 1)).Verdict);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Data_Traced_IsDecidedAlikeAndChangesNothing(bool v6)
    {
        Passage traced = _a.FromVm(_vm, Data(LearningCloud.Vip(v6)), Passage.MarkTrace);
        Assert.Empty(traced.Changes);
        Passage real = _a.FromVm(_vm, Data(LearningCloud.Vip(v6)));
        Assert.Equal(real.Decision with { Flags = 1 }, traced.Decision);
        Assert.Equal((real.Action, Convert.ToHexString(real.Bytes)), (traced.Action, Convert.ToHexString(traced.Bytes)));
    }

    private static IPAddress Ip(byte last) => new([10, 0, 0, last]);

    private byte[] Data(IPAddress source)
    {
        bool v6 = source.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
        return _vm.To(_cloud.Blue6).Ip(source, _cloud.Blue6.Address(v6)).Udp(1, 2).Payload(9).ToArray();
    }

    /// <summary>An ARP probe, or a neighbour solicitation, of the distributed gateway, to the VM alone.</summary>
    private byte[] Question(IPAddress address)
    {
        MacAddress gateway = _cloud.Blue.GatewayMac;
        PacketBuilder frame = PacketBuilder.Ethernet(gateway, _vm.Mac);
        return address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
            ? frame.Arp(new ArpPacket(ArpOperation.Request, gateway, IPAddress.Any, default, address)).ToArray()
            : frame.IPv6(IpAddresses.LinkLocal(gateway), address, h => h with { HopLimit = 255 })
                .NeighborSolicitation(address, NeighborOptions.LinkLayerAddress(NeighborOptionType.SourceLinkLayerAddress, gateway)).ToArray();
    }

    /// <summary>What a VM's kernel says to that.</summary>
    private byte[] Answer(IPAddress address) => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
        ? _vm.ToGateway().Arp(new ArpPacket(ArpOperation.Reply, _vm.Mac, address, _cloud.Blue.GatewayMac, IPAddress.Any)).ToArray(60)
        : LearningCloud.Advertise(_vm.Mac, IpAddresses.LinkLocal(_cloud.Blue.GatewayMac), _cloud.Blue.GatewayMac, address);

    /// <summary>Dropped and counted, as before; what was the frame is on its way back into the port, and counts for nothing.</summary>
    private void Asked(Passage passage, IPAddress about, int tokens = Burst - Cost)
    {
        Assert.Equal((Verdict.SourceRecordMissing, Passage.Redirect, Passage.MarkDeliver), (passage.Verdict, passage.Action, passage.Mark));
        Assert.Equal(
            new[] { HostState.Tell($"port {_vm.PortId} {Verdict.SourceRecordMissing}", 1, passage.Input.Length), HostState.Tell($"port {_vm.PortId} error bucket", tokens) }.Order(StringComparer.Ordinal),
            passage.Changes);
        passage.As(Question(about));
    }

    private static void NotAsked(Passage passage)
    {
        Assert.Contains(passage.Verdict, (Verdict[])[Verdict.SourceRecordMissing, Verdict.SourceCaMacMismatch]);
        passage.Dropped(passage.Verdict);
    }

    private void Renew() => _a.Programs.Map("icmp_limits").Delete(_vm.PortId);

    /// <summary>The bucket, in which nothing is earned any more.</summary>
    private void Clock(int tokens) => _a.Programs.Map("icmp_limits").Update(_vm.PortId, new BucketEntry(long.MaxValue, (ulong)tokens));
}

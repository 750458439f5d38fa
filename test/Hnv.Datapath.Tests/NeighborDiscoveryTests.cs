using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>Neighbour discovery from a VM: answered from policy, forwarded to the VM that is asked, never flooded.</summary>
[Collection(PacketTests.Name)]
public sealed class NeighborDiscoveryTests
{
    private static readonly IPAddress s_allNodes = IPAddress.Parse("ff02::1");
    private static readonly IPAddress s_nobody = IPAddress.Parse("2001:db8:5001::99");
    private readonly TestCloud _cloud;

    public NeighborDiscoveryTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
    }

    private TestVm Vm => _cloud.Blue5;

    [Fact]
    public void Solicitation_ForTheGateway_IsAnsweredByARouter() => Ask(_cloud.Blue.Gateway6)
        .Went(Verdict.AddressResolutionAnswered)
        .As(Answer(_cloud.Blue.GatewayMac, _cloud.Blue.Gateway6, NeighborAdvertisementFlags.Router));

    [Fact]
    public void Solicitation_ForAVm_IsAnsweredWithItsOwnMac()
    {
        foreach (TestVm other in (ReadOnlySpan<TestVm>)[_cloud.Blue6, _cloud.Blue7])
        {
            Passage passage = Ask(other.V6).Went(Verdict.AddressResolutionAnswered).As(Answer(other.Mac, other.V6));
            Assert.Equal(Passage.MarkDeliver, passage.Mark);
        }
    }

    [Fact]
    public void Solicitation_FromALinkLocalAddress_IsAnsweredToIt() => _cloud.A.FromVm(Vm, Solicitation(Vm.LinkLocal, _cloud.Blue7.V6))
        .Went(Verdict.AddressResolutionAnswered).As(Answer(_cloud.Blue7.Mac, _cloud.Blue7.V6, to: Vm.LinkLocal));

    [Fact]
    public void Solicitation_ForTheEui64AddressOfAnAdapter_IsAnsweredWithItsMac()
    {
        foreach (TestVm other in (ReadOnlySpan<TestVm>)[_cloud.Blue6, _cloud.Blue7])
        {
            Ask(other.LinkLocal).Went(Verdict.AddressResolutionAnswered).As(Answer(other.Mac, other.LinkLocal));
        }
    }

    [Fact]
    public void Solicitation_ForAnAddressNobodyHas_Fails()
    {
        Ask(s_nobody).Dropped(Verdict.AddressResolutionFailed);
        Ask(_cloud.Blue9.V6).Dropped(Verdict.AddressResolutionFailed);
        Ask(IpAddresses.LinkLocal(MacAddress.Parse("06:06:00:00:00:99"))).Dropped(Verdict.AddressResolutionFailed);
        Ask(IPAddress.Parse("fe80::99")).Dropped(Verdict.AddressResolutionFailed);
    }

    [Fact]
    public void Solicitation_ForAnUnusableRecord_Fails()
    {
        _cloud.A.SetRecord(5001, _cloud.Blue7.V6, RecordEntry.Remote(_cloud.Blue7.Mac, RecordKind.Static, _cloud.B.Pa, RecordFlags.Unusable));
        Ask(_cloud.Blue7.V6).Dropped(Verdict.AddressResolutionFailed);
    }

    [Fact]
    public void Probe_OfATakenAddress_IsAnsweredToAllNodes() =>
        _cloud.A.FromVm(Vm, Probe(_cloud.Blue7.V6)).Went(Verdict.AddressResolutionAnswered)
            .As(PacketBuilder.Ethernet(_cloud.Blue7.Mac, IpAddresses.MulticastMac(s_allNodes))
                .IPv6(_cloud.Blue7.V6, s_allNodes, h => h with { HopLimit = 255 })
                .NeighborAdvertisement(_cloud.Blue7.V6, NeighborAdvertisementFlags.Override, Target(_cloud.Blue7.Mac)).ToArray());

    [Fact]
    public void Probe_OfTheOwnOrAFreeGlobalAddress_StaysUnanswered()
    {
        _cloud.A.FromVm(Vm, Probe(Vm.V6)).Dropped(Verdict.FloodingDisabled);
        _cloud.A.FromVm(Vm, Probe(s_nobody)).Dropped(Verdict.FloodingDisabled);
    }

    [Fact]
    public void Solicitation_Unicast_ReachesThatVm()
    {
        byte[] local = Solicitation(Vm.V6, _cloud.Blue6.V6, _cloud.Blue6.V6, _cloud.Blue6.Mac);
        _cloud.A.FromVm(Vm, local).Went(Verdict.DeliveredLocal, _cloud.Blue6.TrafficTo(local.Length)).To(_cloud.Blue6.Interface).As(local);

        // Linux probes its neighbours from the link-local address, too.
        byte[] remote = Solicitation(Vm.LinkLocal, _cloud.Blue7.V6, _cloud.Blue7.V6, _cloud.Blue7.Mac);
        Passage sent = _cloud.A.FromVmToWire(Vm, remote);
        _cloud.B.FromWire(sent.Bytes).Went(Verdict.Decapsulated, _cloud.Blue7.TrafficTo(remote.Length)).To(_cloud.Blue7.Interface).As(remote);
    }

    [Fact]
    public void Solicitation_UnicastToTheGateway_IsAnswered() =>
        _cloud.A.FromVm(Vm, Solicitation(Vm.V6, _cloud.Blue.Gateway6, _cloud.Blue.Gateway6, _cloud.Blue.GatewayMac))
            .Went(Verdict.AddressResolutionAnswered).As(Answer(_cloud.Blue.GatewayMac, _cloud.Blue.Gateway6, NeighborAdvertisementFlags.Router));

    [Fact]
    public void Advertisement_Unicast_ReachesThatVm()
    {
        byte[] answer = Vm.To(_cloud.Blue6).IPv6(Vm.V6, _cloud.Blue6.V6, h => h with { HopLimit = 255 })
            .NeighborAdvertisement(Vm.V6, NeighborAdvertisementFlags.Solicited, Target(Vm.Mac)).ToArray();
        _cloud.A.FromVm(Vm, answer).Went(Verdict.DeliveredLocal, _cloud.Blue6.TrafficTo(answer.Length)).As(answer);
    }

    [Fact]
    public void Advertisement_Unsolicited_IsAnAnnouncement() => _cloud.A.FromVm(Vm, Advertisement(Vm.V6)).Dropped(Verdict.FloodingDisabled);

    [Fact]
    public void Advertisement_OfAnothersAddress_IsRefused()
    {
        _cloud.A.FromVm(Vm, Advertisement(_cloud.Blue6.V6)).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.A.FromVm(Vm, Advertisement(_cloud.Blue.Gateway6)).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.A.FromVm(Vm, Advertisement(s_nobody)).Dropped(Verdict.SourceRecordMissing);
        _cloud.A.FromVm(Vm, Advertisement(_cloud.Blue6.LinkLocal)).Dropped(Verdict.SourceRecordMissing);
    }

    [Fact]
    public void Option_ThatNamesAnotherMac_IsRefused()
    {
        byte[] poisoned = PacketBuilder.Ethernet(Vm.Mac, IpAddresses.MulticastMac(IpAddresses.SolicitedNode(_cloud.Blue7.V6)))
            .IPv6(Vm.V6, IpAddresses.SolicitedNode(_cloud.Blue7.V6), h => h with { HopLimit = 255 })
            .NeighborSolicitation(_cloud.Blue7.V6, Source(_cloud.Blue6.Mac)).ToArray();
        _cloud.A.FromVm(Vm, poisoned).Dropped(Verdict.SourceCaMacMismatch);
    }

    [Fact]
    public void Options_OfLengthZeroTooManyOrTruncated_AreMalformed()
    {
        PacketBuilder ip = PacketBuilder.Ethernet(Vm.Mac, IpAddresses.MulticastMac(IpAddresses.SolicitedNode(_cloud.Blue7.V6)))
            .IPv6(Vm.V6, IpAddresses.SolicitedNode(_cloud.Blue7.V6), h => h with { HopLimit = 255 });
        _cloud.A.FromVm(Vm, ip.NeighborSolicitation(_cloud.Blue7.V6, new byte[8]).ToArray()).Dropped(Verdict.Malformed);
        _cloud.A.FromVm(Vm, ip.NeighborSolicitation(_cloud.Blue7.V6, [1, 1, 6, 6]).ToArray()).Dropped(Verdict.Malformed);
        byte[][] many = [.. Enumerable.Repeat(Source(Vm.Mac), 9)];
        _cloud.A.FromVm(Vm, ip.NeighborSolicitation(_cloud.Blue7.V6, many).ToArray()).Dropped(Verdict.Malformed);
        _cloud.A.FromVm(Vm, ip.NeighborSolicitation(_cloud.Blue7.V6).ToArray()).Went(Verdict.AddressResolutionAnswered);
    }

    [Fact]
    public void Message_FromAnothersMac_IsRefused()
    {
        byte[] frame = Solicitation(Vm.V6, _cloud.Blue7.V6);
        _cloud.Blue6.Mac.CopyTo(frame.AsSpan(6));
        _cloud.A.FromVm(Vm, frame).Dropped(Verdict.SourceCaMacMismatch);
    }

    [Fact]
    public void Message_FromAnothersAddress_IsRefused()
    {
        _cloud.A.FromVm(Vm, Solicitation(_cloud.Blue6.V6, _cloud.Blue7.V6)).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.A.FromVm(Vm, Solicitation(_cloud.Blue6.LinkLocal, _cloud.Blue7.V6)).Dropped(Verdict.SourceRecordMissing);
        _cloud.A.FromVm(Vm, Solicitation(IPAddress.Parse("fe80::1:2:3:4"), _cloud.Blue7.V6)).Dropped(Verdict.SourceRecordMissing);
    }

    [Fact]
    public void Message_WithAHopLimitOtherThan255_IsMalformed()
    {
        byte[] frame = Solicitation(Vm.V6, _cloud.Blue7.V6);
        frame[21] = 254;
        _cloud.A.FromVm(Vm, frame).Dropped(Verdict.Malformed);
    }

    [Fact]
    public void Message_BehindAnExtensionHeaderOrInAFragment_IsMalformed()
    {
        PacketBuilder ip = Vm.To(_cloud.Blue6).IPv6(Vm.V6, _cloud.Blue6.V6, h => h with { HopLimit = 255 });
        byte[] hidden = ip.IPv6Extension(IpProtocol.IPv6DestinationOptions, [1, 4, 0, 0, 0, 0]).NeighborSolicitation(_cloud.Blue6.V6).ToArray();
        _cloud.A.FromVm(Vm, hidden).Dropped(Verdict.Malformed);
        byte[] fragment = ip.IPv6Fragment(new IPv6FragmentHeader(0, true, 1)).NeighborSolicitation(_cloud.Blue6.V6).ToArray();
        _cloud.A.FromVm(Vm, fragment).Dropped(Verdict.Malformed);

        // The chain of headers ends exactly where ICMPv6 would begin (RFC 7112).
        byte[] cut = ip.IPv6Fragment(new IPv6FragmentHeader(0, true, 1)).IPv6Extension(IpProtocol.IPv6DestinationOptions, [1, 4, 0, 0, 0, 0]).ToArray();
        cut[14 + 40 + 8] = (byte)IpProtocol.IcmpV6;
        _cloud.A.FromVm(Vm, cut).Dropped(Verdict.Malformed);

        // Bytes behind the packet, which its receiver does not see, do not make it an echo request.
        byte[] trailing = [.. cut, (byte)IcmpV6Type.EchoRequest, 0, 0, 0, 0, 0, 0, 0];
        _cloud.A.FromVm(Vm, trailing).Dropped(Verdict.Malformed);
    }

    [Fact]
    public void Target_ThatIsNoUnicastAddress_IsMalformed()
    {
        foreach (string target in (ReadOnlySpan<string>)["ff02::1", "::", "::ffff:10.0.0.7"])
        {
            _cloud.A.FromVm(Vm, Solicitation(Vm.V6, IPAddress.Parse(target), _cloud.Blue6.V6, _cloud.Blue6.Mac)).Dropped(Verdict.Malformed);
        }
    }

    [Fact]
    public void RouterSolicitation_Multicast_IsNotFlooded()
    {
        IPAddress routers = IPAddress.Parse("ff02::2");
        byte[] frame = PacketBuilder.Ethernet(Vm.Mac, IpAddresses.MulticastMac(routers)).IPv6(Vm.LinkLocal, routers, h => h with { HopLimit = 255 })
            .RouterSolicitation(Source(Vm.Mac)).ToArray();
        _cloud.A.FromVm(Vm, frame).Dropped(Verdict.FloodingDisabled);
        byte[] anonymous = PacketBuilder.Ethernet(Vm.Mac, IpAddresses.MulticastMac(routers)).IPv6(IPAddress.IPv6Any, routers, h => h with { HopLimit = 255 })
            .RouterSolicitation().ToArray();
        _cloud.A.FromVm(Vm, anonymous).Dropped(Verdict.FloodingDisabled);
    }

    private static byte[] Source(MacAddress mac) => NeighborOptions.LinkLayerAddress(NeighborOptionType.SourceLinkLayerAddress, mac);

    private static byte[] Target(MacAddress mac) => NeighborOptions.LinkLayerAddress(NeighborOptionType.TargetLinkLayerAddress, mac);

    private Passage Ask(IPAddress target) => _cloud.A.FromVm(Vm, Solicitation(Vm.V6, target));

    /// <summary>Multicast, or unicast when a destination is said.</summary>
    private byte[] Solicitation(IPAddress from, IPAddress target, IPAddress? to = null, MacAddress? mac = null)
    {
        to ??= IpAddresses.SolicitedNode(target);
        return PacketBuilder.Ethernet(Vm.Mac, mac ?? IpAddresses.MulticastMac(to)).IPv6(from, to, h => h with { HopLimit = 255 })
            .NeighborSolicitation(target, Source(Vm.Mac)).ToArray();
    }

    private byte[] Probe(IPAddress target) =>
        PacketBuilder.Ethernet(Vm.Mac, IpAddresses.MulticastMac(IpAddresses.SolicitedNode(target)))
            .IPv6(IPAddress.IPv6Any, IpAddresses.SolicitedNode(target), h => h with { HopLimit = 255 }).NeighborSolicitation(target).ToArray();

    private byte[] Advertisement(IPAddress target) =>
        PacketBuilder.Ethernet(Vm.Mac, IpAddresses.MulticastMac(s_allNodes)).IPv6(Vm.V6, s_allNodes, h => h with { HopLimit = 255 })
            .NeighborAdvertisement(target, NeighborAdvertisementFlags.Override, Target(Vm.Mac)).ToArray();

    private byte[] Answer(MacAddress mac, IPAddress target, NeighborAdvertisementFlags router = NeighborAdvertisementFlags.None, IPAddress? to = null) =>
        PacketBuilder.Ethernet(mac, Vm.Mac).IPv6(target, to ?? Vm.V6, h => h with { HopLimit = 255 })
            .NeighborAdvertisement(target, router | NeighborAdvertisementFlags.Solicited | NeighborAdvertisementFlags.Override, Target(mac)).ToArray();
}

using System.Net;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>Link-local IPv6 addresses: that of the MAC, and those that a port claimed by duplicate address detection.</summary>
[Collection(PacketTests.Name)]
public sealed class LinkLocalClaimTests
{
    private static readonly IPAddress s_private = IPAddress.Parse("fe80::1:2:3:4");
    private readonly TestCloud _cloud;

    public LinkLocalClaimTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
    }

    [Fact]
    public void Claim_OfAFreeAddress_IsLearnedAndMayBeUsed()
    {
        byte[] frame = Echo(_cloud.Blue5, s_private, _cloud.Blue6);
        _cloud.A.FromVm(_cloud.Blue5, frame).Dropped(Verdict.SourceRecordMissing);

        Claim(_cloud.Blue5, s_private).Dropped(Verdict.Learned, Learned(_cloud.Blue5, s_private), Slot(_cloud.Blue5, 0, s_private));

        _cloud.A.FromVm(_cloud.Blue5, frame).Went(Verdict.DeliveredLocal, _cloud.Blue6.TrafficTo(frame.Length)).As(frame);
        _cloud.A.FromVm(_cloud.Blue6, Echo(_cloud.Blue6, s_private, _cloud.Blue5)).Dropped(Verdict.SourceRecordMissing);
    }

    [Fact]
    public void Claim_OfTheMacsOwnAddress_TakesNoSlot() => Claim(_cloud.Blue5, _cloud.Blue5.LinkLocal).Dropped(Verdict.FloodingDisabled);

    [Fact]
    public void Claim_OfAnothersEui64Address_IsDefended() => Claim(_cloud.Blue5, _cloud.Blue7.LinkLocal).Went(Verdict.AddressResolutionAnswered);

    [Fact]
    public void Claim_OfTheEui64AddressOfAnAdapterThatIsNotHereYet_IsRefused() =>
        Claim(_cloud.Blue5, IPAddress.Parse("fe80::406:ff:fe00:99")).Dropped(Verdict.LinkLocalLimit);

    [Fact]
    public void Claim_OfAnothersClaim_IsDefended()
    {
        Claim(_cloud.Blue5, s_private);
        Claim(_cloud.Blue6, s_private).Went(Verdict.AddressResolutionAnswered);
        Claim(_cloud.Blue5, s_private).Dropped(Verdict.FloodingDisabled); // its own: once is enough
    }

    [Fact]
    public void Claim_InAnotherVirtualSubnet_IsIndependent()
    {
        Claim(_cloud.Blue5, s_private);
        Claim(_cloud.Red5, s_private).Dropped(Verdict.Learned, Learned(_cloud.Red5, s_private), Slot(_cloud.Red5, 0, s_private));
        Claim(_cloud.Blue8, s_private).Dropped(Verdict.Learned, Learned(_cloud.Blue8, s_private), Slot(_cloud.Blue8, 0, s_private));
    }

    [Fact]
    public void Claim_OfAFifthAddress_ExceedsTheLimit()
    {
        for (uint i = 0; i < 4; i++)
        {
            IPAddress address = IPAddress.Parse($"fe80::{i + 1}");
            Claim(_cloud.Blue5, address).Dropped(Verdict.Learned, Learned(_cloud.Blue5, address), Slot(_cloud.Blue5, i, address));
        }

        Claim(_cloud.Blue5, s_private).Dropped(Verdict.LinkLocalLimit);
        Claim(_cloud.Blue6, s_private).Dropped(Verdict.Learned, Learned(_cloud.Blue6, s_private), Slot(_cloud.Blue6, 0, s_private));
    }

    [Fact]
    public void Claim_InATrace_LearnsNothing()
    {
        Passage passage = Claim(_cloud.Blue5, s_private, Passage.MarkTrace);
        Assert.Equal((Verdict.Learned, Passage.Shot), (passage.Verdict, passage.Action));
        Assert.Empty(passage.Changes);
    }

    [Fact]
    public void Solicitation_ForAClaimedAddress_IsAnswered()
    {
        Claim(_cloud.Blue5, s_private);
        byte[] ask = PacketBuilder.Ethernet(_cloud.Blue6.Mac, IpAddresses.MulticastMac(IpAddresses.SolicitedNode(s_private)))
            .IPv6(_cloud.Blue6.LinkLocal, IpAddresses.SolicitedNode(s_private), h => h with { HopLimit = 255 }).NeighborSolicitation(s_private).ToArray();
        _cloud.A.FromVm(_cloud.Blue6, ask).Went(Verdict.AddressResolutionAnswered)
            .As(PacketBuilder.Ethernet(_cloud.Blue5.Mac, _cloud.Blue6.Mac).IPv6(s_private, _cloud.Blue6.LinkLocal, h => h with { HopLimit = 255 })
                .NeighborAdvertisement(
                    s_private,
                    NeighborAdvertisementFlags.Solicited | NeighborAdvertisementFlags.Override,
                    NeighborOptions.LinkLayerAddress(NeighborOptionType.TargetLinkLayerAddress, _cloud.Blue5.Mac)).ToArray());
    }

    [Fact]
    public void Frame_BetweenLinkLocalAddresses_CrossesTheWire()
    {
        byte[] frame = _cloud.Blue5.To(_cloud.Blue7).IPv6(_cloud.Blue5.LinkLocal, _cloud.Blue7.LinkLocal).Icmp(IcmpV6Type.EchoRequest).Payload(9).ToArray();
        Passage sent = _cloud.A.FromVmToWire(_cloud.Blue5, frame);
        _cloud.B.FromWire(sent.Bytes).Went(Verdict.Decapsulated, _cloud.Blue7.TrafficTo(frame.Length)).To(_cloud.Blue7.Interface).As(frame);
    }

    [Fact]
    public void Frame_ToALinkLocalAddressThroughTheRouter_IsNotRouted()
    {
        byte[] frame = _cloud.Blue5.ToGateway().IPv6(_cloud.Blue5.LinkLocal, _cloud.Blue9.LinkLocal).Icmp(IcmpV6Type.EchoRequest).ToArray();
        _cloud.A.FromVm(_cloud.Blue5, frame).Dropped(Verdict.DestinationRecordMissing);
    }

    private static string Learned(TestVm vm, IPAddress address) => HostState.Tell($"learned {address} in {vm.Subnet.Vsid}: {vm.Mac}", 1);

    private static string Slot(TestVm vm, uint slot, IPAddress address) =>
        HostState.Tell($"claim {slot} of port {vm.PortId}: {address} in {vm.Subnet.Vsid}", 1);

    private static byte[] Echo(TestVm from, IPAddress source, TestVm to) =>
        from.To(to).IPv6(source, to.LinkLocal).Icmp(IcmpV6Type.EchoRequest).Payload(8).ToArray();

    private Passage Claim(TestVm vm, IPAddress address, uint mark = 0) => _cloud.A.FromVm(
        vm,
        PacketBuilder.Ethernet(vm.Mac, IpAddresses.MulticastMac(IpAddresses.SolicitedNode(address)))
            .IPv6(IPAddress.IPv6Any, IpAddresses.SolicitedNode(address), h => h with { HopLimit = 255 }).NeighborSolicitation(address).ToArray(),
        mark);
}

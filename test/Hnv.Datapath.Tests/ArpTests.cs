using System.Net;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tests.Fixture;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests;

/// <summary>ARP from a VM: answered from policy, forwarded to the VM that is asked, never flooded.</summary>
[Collection(PacketTests.Name)]
public sealed class ArpTests
{
    private static readonly MacAddress s_broadcast = MacAddress.Parse("ff:ff:ff:ff:ff:ff");
    private static readonly IPAddress s_nobody = IPAddress.Parse("10.0.0.99");
    private readonly TestCloud _cloud;

    public ArpTests(TestCloud cloud)
    {
        _cloud = cloud;
        _cloud.Reset();
    }

    private TestVm Vm => _cloud.Blue5;

    [Fact]
    public void Request_ForTheGateway_IsAnswered() => Ask(_cloud.Blue.Gateway4)
        .Went(Verdict.AddressResolutionAnswered).As(Answer(_cloud.Blue.GatewayMac, _cloud.Blue.Gateway4));

    [Fact]
    public void Request_ForAVmOfThisHost_IsAnsweredWithItsOwnMac() => Ask(_cloud.Blue6.V4)
        .Went(Verdict.AddressResolutionAnswered).As(Answer(_cloud.Blue6.Mac, _cloud.Blue6.V4));

    [Fact]
    public void Request_ForAVmOfAnotherHost_IsAnsweredWithItsOwnMac() => Ask(_cloud.Blue7.V4)
        .Went(Verdict.AddressResolutionAnswered).As(Answer(_cloud.Blue7.Mac, _cloud.Blue7.V4));

    [Fact]
    public void Answer_GoesBackIntoThePortMarked()
    {
        Passage passage = Ask(_cloud.Blue7.V4);
        Assert.Equal(Passage.MarkDeliver, passage.Mark);
    }

    [Fact]
    public void Request_Unpadded_IsAnsweredUnpadded()
    {
        byte[] request = Request(Vm.Mac, Vm.V4, _cloud.Blue7.V4)[..42];
        _cloud.A.FromVm(Vm, request).Went(Verdict.AddressResolutionAnswered).As(Answer(_cloud.Blue7.Mac, _cloud.Blue7.V4)[..42]);
    }

    [Fact]
    public void Request_ForAnAddressNobodyHas_Fails() => Ask(s_nobody).Dropped(Verdict.AddressResolutionFailed);

    [Fact]
    public void Request_ForAnAddressOfAnotherSubnet_Fails() => Ask(_cloud.Blue9.V4).Dropped(Verdict.AddressResolutionFailed);

    [Fact]
    public void Request_ForAnUnusableRecord_Fails()
    {
        _cloud.A.SetRecord(5001, _cloud.Blue7.V4, RecordEntry.Remote(_cloud.Blue7.Mac, RecordKind.Static, _cloud.B.Pa, RecordFlags.Unusable));
        Ask(_cloud.Blue7.V4).Dropped(Verdict.AddressResolutionFailed);
    }

    [Fact]
    public void Request_ForTheAskersOwnAddress_IsAnAnnouncement() => Ask(Vm.V4).Dropped(Verdict.FloodingDisabled);

    [Fact]
    public void Reply_Broadcast_IsAnAnnouncement() => _cloud.A.FromVm(Vm, PacketBuilder.Ethernet(Vm.Mac, s_broadcast)
        .Arp(new ArpPacket(ArpOperation.Reply, Vm.Mac, Vm.V4, s_broadcast, Vm.V4)).ToArray(60)).Dropped(Verdict.FloodingDisabled);

    [Fact]
    public void Probe_OfATakenAddress_IsAnswered() =>
        _cloud.A.FromVm(Vm, Request(Vm.Mac, IPAddress.Any, _cloud.Blue7.V4)).Went(Verdict.AddressResolutionAnswered)
            .As(PacketBuilder.Ethernet(_cloud.Blue7.Mac, Vm.Mac)
                .Arp(new ArpPacket(ArpOperation.Reply, _cloud.Blue7.Mac, _cloud.Blue7.V4, Vm.Mac, IPAddress.Any)).ToArray(60));

    [Fact]
    public void Probe_OfAFreeOrTheOwnAddress_StaysUnanswered()
    {
        _cloud.A.FromVm(Vm, Request(Vm.Mac, IPAddress.Any, s_nobody)).Dropped(Verdict.FloodingDisabled);
        _cloud.A.FromVm(Vm, Request(Vm.Mac, IPAddress.Any, Vm.V4)).Dropped(Verdict.FloodingDisabled);
    }

    [Fact]
    public void Request_Unicast_ReachesThatVm()
    {
        byte[] probe = Unicast(ArpOperation.Request, _cloud.Blue6);
        _cloud.A.FromVm(Vm, probe).Went(Verdict.DeliveredLocal, _cloud.Blue6.TrafficTo(60)).To(_cloud.Blue6.Interface).As(probe);
        probe = Unicast(ArpOperation.Request, _cloud.Blue7);
        _cloud.A.FromVmToWire(Vm, probe);
    }

    [Fact]
    public void Reply_Unicast_ReachesThatVm()
    {
        byte[] reply = Unicast(ArpOperation.Reply, _cloud.Blue6);
        _cloud.A.FromVm(Vm, reply).Went(Verdict.DeliveredLocal, _cloud.Blue6.TrafficTo(60)).As(reply);
    }

    [Fact]
    public void Request_UnicastToTheGateway_IsAnswered()
    {
        byte[] request = Vm.ToGateway().Arp(new ArpPacket(ArpOperation.Request, Vm.Mac, Vm.V4, default, _cloud.Blue.Gateway4)).ToArray(60);
        _cloud.A.FromVm(Vm, request).Went(Verdict.AddressResolutionAnswered).As(Answer(_cloud.Blue.GatewayMac, _cloud.Blue.Gateway4));
    }

    [Fact]
    public void Request_UnicastToAnUnknownMac_GoesNowhere() => _cloud.A.FromVm(
        Vm,
        PacketBuilder.Ethernet(Vm.Mac, MacAddress.Parse("06:06:00:00:00:99")).Arp(new ArpPacket(ArpOperation.Request, Vm.Mac, Vm.V4, default, s_nobody)).ToArray(60))
        .Dropped(Verdict.DestinationMacMismatch);

    [Fact]
    public void Sender_WithAnothersAddress_IsRefused()
    {
        _cloud.A.FromVm(Vm, Request(Vm.Mac, _cloud.Blue6.V4, s_nobody)).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.A.FromVm(Vm, Request(Vm.Mac, _cloud.Blue7.V4, _cloud.Blue7.V4)).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.A.FromVm(Vm, Request(Vm.Mac, _cloud.Blue.Gateway4, _cloud.Blue.Gateway4)).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.A.FromVm(Vm, Request(Vm.Mac, s_nobody, _cloud.Blue7.V4)).Dropped(Verdict.SourceRecordMissing);
    }

    [Fact]
    public void Sender_WithAnothersMac_IsRefused()
    {
        // In ARP alone, in Ethernet alone, in both, with and without an address.
        _cloud.A.FromVm(Vm, PacketBuilder.Ethernet(Vm.Mac, s_broadcast)
            .Arp(new ArpPacket(ArpOperation.Request, _cloud.Blue6.Mac, Vm.V4, default, _cloud.Blue7.V4)).ToArray(60)).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.A.FromVm(Vm, PacketBuilder.Ethernet(_cloud.Blue6.Mac, s_broadcast)
            .Arp(new ArpPacket(ArpOperation.Request, Vm.Mac, Vm.V4, default, _cloud.Blue7.V4)).ToArray(60)).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.A.FromVm(Vm, Request(_cloud.Blue6.Mac, Vm.V4, _cloud.Blue7.V4)).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.A.FromVm(Vm, Request(_cloud.Blue6.Mac, IPAddress.Any, _cloud.Blue7.V4)).Dropped(Verdict.SourceCaMacMismatch);
        _cloud.A.FromVm(Vm, Request(_cloud.Blue6.Mac, _cloud.Blue6.V4, _cloud.Blue7.V4)).Dropped(Verdict.SourceRecordMissing);
    }

    [Theory]
    [InlineData(14, 2)] // hardware type (high byte)
    [InlineData(16, 0x86)] // protocol type
    [InlineData(18, 8)] // hardware address length
    [InlineData(19, 16)] // protocol address length
    [InlineData(21, 3)] // operation
    [InlineData(21, 0)]
    public void Packet_OfAnotherKind_IsMalformed(int at, byte value)
    {
        byte[] request = Request(Vm.Mac, Vm.V4, _cloud.Blue7.V4);
        request[at] = value;
        _cloud.A.FromVm(Vm, request).Dropped(Verdict.Malformed);
    }

    [Fact]
    public void Request_OfTheOtherTenant_IsAnsweredFromItsOwnRecords()
    {
        // Red's 10.0.0.8 does not exist; blue's MAC of .7 is given away by nobody but blue.
        _cloud.A.SetRecord(6001, _cloud.Red7.V4, RecordEntry.Remote(MacAddress.Parse("06:06:00:00:66:07"), RecordKind.Static, _cloud.B.Pa));
        byte[] request = Request(_cloud.Red5.Mac, _cloud.Red5.V4, _cloud.Red7.V4);
        _cloud.A.FromVm(_cloud.Red5, request).Went(Verdict.AddressResolutionAnswered)
            .As(Answer(MacAddress.Parse("06:06:00:00:66:07"), _cloud.Red7.V4));
    }

    private static byte[] Request(MacAddress sender, IPAddress address, IPAddress target) =>
        PacketBuilder.Ethernet(sender, s_broadcast).Arp(new ArpPacket(ArpOperation.Request, sender, address, default, target)).ToArray(60);

    private byte[] Unicast(ArpOperation operation, TestVm to) =>
        Vm.To(to).Arp(new ArpPacket(operation, Vm.Mac, Vm.V4, to.Mac, to.V4)).ToArray(60);

    private Passage Ask(IPAddress target) => _cloud.A.FromVm(Vm, Request(Vm.Mac, Vm.V4, target));

    private byte[] Answer(MacAddress mac, IPAddress address) =>
        PacketBuilder.Ethernet(mac, Vm.Mac).Arp(new ArpPacket(ArpOperation.Reply, mac, address, Vm.Mac, Vm.V4)).ToArray(60);
}

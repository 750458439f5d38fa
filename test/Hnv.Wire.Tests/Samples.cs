using System.Net;
using Hnv.Model.Addressing;

namespace Hnv.Wire.Tests;

/// <summary>Addresses and frames that several tests use: Microsoft's sample, VM 10.0.0.5 at host 192.168.4.11 to 10.0.0.7 at 192.168.4.22.</summary>
internal static class Samples
{
    public static readonly MacAddress Vm5 = MacAddress.Parse("06:06:00:00:00:05");
    public static readonly MacAddress Vm7 = MacAddress.Parse("06:06:00:00:00:07");
    public static readonly MacAddress Host11 = MacAddress.Parse("02:00:00:00:04:11");
    public static readonly MacAddress Host22 = MacAddress.Parse("02:00:00:00:04:22");
    public static readonly MacAddress Broadcast = MacAddress.Parse("ff:ff:ff:ff:ff:ff");
    public static readonly IPAddress Ca5 = IPAddress.Parse("10.0.0.5");
    public static readonly IPAddress Ca7 = IPAddress.Parse("10.0.0.7");
    public static readonly IPAddress Ca5V6 = IPAddress.Parse("2001:db8:5001::5");
    public static readonly IPAddress Ca7V6 = IPAddress.Parse("2001:db8:5001::7");
    public static readonly IPAddress Pa11 = IPAddress.Parse("192.168.4.11");
    public static readonly IPAddress Pa22 = IPAddress.Parse("192.168.4.22");
    public static readonly IPAddress Pa11V6 = IPAddress.Parse("2001:db8:4::11");
    public static readonly IPAddress Pa22V6 = IPAddress.Parse("2001:db8:4::22");

    public static PacketBuilder Echo { get; } = PacketBuilder.Ethernet(Vm5, Vm7)
        .IPv4(Ca5, Ca7, h => h with { Identification = 0x1234, Flags = IPv4Flags.DontFragment })
        .Icmp(IcmpV4Type.EchoRequest, 0, IcmpHeader.Echo(0xbeef, 1))
        .Payload(8);

    /// <summary>One frame of each kind that the parsers know.</summary>
    public static IReadOnlyDictionary<string, byte[]> Frames { get; } = new Dictionary<string, byte[]>(StringComparer.Ordinal)
    {
        ["echo"] = Echo.ToArray(60),
        ["vlan echo"] = PacketBuilder.Ethernet(Vm5, Vm7, new VlanTag(EtherType.Vlan, 0x6007)).IPv4(Ca5, Ca7).Icmp(IcmpV4Type.EchoRequest).ToArray(60),
        ["double vlan"] = PacketBuilder.Ethernet(Vm5, Vm7, new VlanTag(EtherType.ServiceVlan, 5)).Vlan(new VlanTag(EtherType.Vlan, 6)).IPv4(Ca5, Ca7).Udp(50001, 50002).ToArray(60),
        ["arp"] = PacketBuilder.Ethernet(Vm5, Broadcast).Arp(new ArpPacket(ArpOperation.Request, Vm5, Ca5, default, Ca7)).ToArray(60),
        ["udp with options"] = PacketBuilder.Ethernet(Vm5, Vm7).IPv4(Ca5, Ca7, options: [0x94, 4, 0, 0]).Udp(5000, 50000).Payload(17).ToArray(),
        ["tcp"] = PacketBuilder.Ethernet(Vm5, Vm7).IPv4(Ca5, Ca7)
            .Tcp(new TcpHeader(40000, 80, 1, 2, TcpFlags.Syn | TcpFlags.Ece | TcpFlags.Cwr) { Window = 64240 }, [2, 4, 5, 0xb4]).ToArray(60),
        ["tcp6"] = PacketBuilder.Ethernet(Vm5, Vm7).IPv6(Ca5V6, Ca7V6, h => h with { FlowLabel = 0xabcde })
            .Tcp(new TcpHeader(40000, 80, 1, 2, TcpFlags.Ack)).Payload(33).ToArray(),
        ["fragment"] = PacketBuilder.Ethernet(Vm5, Vm7)
            .IPv4(Ca5, Ca7, h => h with { Protocol = IpProtocol.Udp, FragmentOffset = 185 }).Payload(100).ToArray(),
        ["fragment6"] = PacketBuilder.Ethernet(Vm5, Vm7).IPv6(Ca5V6, Ca7V6)
            .IPv6Extension(IpProtocol.HopByHopOptions, [5, 2, 0, 0, 1, 0]).IPv6Fragment(new IPv6FragmentHeader(0, true, 77)).Udp(50001, 50002).Payload(64).ToArray(),
        ["ns"] = PacketBuilder.Ethernet(Vm5, IpAddresses.MulticastMac(IpAddresses.SolicitedNode(Ca7V6)))
            .IPv6(Ca5V6, IpAddresses.SolicitedNode(Ca7V6), h => h with { HopLimit = 255 })
            .NeighborSolicitation(Ca7V6, NeighborOptions.LinkLayerAddress(NeighborOptionType.SourceLinkLayerAddress, Vm5)).ToArray(),
        ["na"] = PacketBuilder.Ethernet(Vm7, Vm5).IPv6(Ca7V6, Ca5V6, h => h with { HopLimit = 255 })
            .NeighborAdvertisement(
                Ca7V6,
                NeighborAdvertisementFlags.Solicited | NeighborAdvertisementFlags.Override,
                NeighborOptions.LinkLayerAddress(NeighborOptionType.TargetLinkLayerAddress, Vm7)).ToArray(),
        ["rs"] = PacketBuilder.Ethernet(Vm5, MacAddress.Parse("33:33:00:00:00:02")).IPv6(Ca5V6, IPAddress.Parse("ff02::2"), h => h with { HopLimit = 255 })
            .RouterSolicitation().ToArray(),
        ["ra"] = PacketBuilder.Ethernet(Vm5, MacAddress.Parse("33:33:00:00:00:01")).IPv6(IpAddresses.LinkLocal(Vm5), IPAddress.Parse("ff02::1"), h => h with { HopLimit = 255 })
            .RouterAdvertisement(
                new RouterAdvertisement(64, 0x40, 1800, 30000, 1000),
                NeighborOptions.Mtu(1458),
                NeighborOptions.Prefix(IPNetwork.Parse("2001:db8:5001::/64"), 0xc0, 86400, 14400)).ToArray(),
        ["gre checksum"] = PacketBuilder.Ethernet(Host11, Host22).IPv4(Pa11, Pa22)
            .Gre(new GreHeader(GreFlags.Checksum | GreFlags.Key | GreFlags.Sequence, (EtherType)0x88b5) { Key = 7, Sequence = 8 }).Payload(40).ToArray(),
        ["nvgre"] = PacketBuilder.Ethernet(Host11, Host22).IPv4(Pa11, Pa22, h => h with { Flags = IPv4Flags.DontFragment }).Nvgre(5001, 0x3f).Frame(Echo.ToArray(60)).ToArray(),
        ["nvgre6"] = PacketBuilder.Ethernet(Host11, Host22).IPv6(Pa11V6, Pa22V6).Nvgre(16777214, 0xff).Frame(Echo.ToArray(60)).ToArray(),
        ["vxlan"] = PacketBuilder.Ethernet(Host11, Host22).IPv4(Pa11, Pa22, h => h with { Flags = IPv4Flags.DontFragment }).UdpWithoutChecksum(50001, 4789).Vxlan(5001)
            .Frame(Echo.ToArray(60)).ToArray(),
        ["vxlan6"] = PacketBuilder.Ethernet(Host11, Host22).IPv6(Pa11V6, Pa22V6, h => h with { FlowLabel = 0xabcde }).UdpWithoutChecksum(65535, 4789).Vxlan(16777214)
            .Frame(Echo.ToArray(60)).ToArray(),
        ["nvgre in nvgre"] = PacketBuilder.Ethernet(Host11, Host22).IPv4(Pa11, Pa22).Nvgre(5001)
            .ThenEthernet(Vm5, Vm7).IPv4(Ca5, Ca7).Nvgre(6001).Frame(Echo.ToArray(60)).ToArray(),
    };
}

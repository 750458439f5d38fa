using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Hnv.Model.Addressing;

namespace Hnv.Wire;

/// <summary>
/// Builds frames layer by layer, outermost first, with lengths, type fields and checksums that fit. Immutable: a prefix can be shared.
/// <code>
/// byte[] frame = PacketBuilder.Ethernet(from, to).IPv4(a, b).Udp(5000, 53).Payload(bytes).ToArray();
/// byte[] onWire = PacketBuilder.Ethernet(x, y).IPv4(pa1, pa2).Nvgre(5001).Frame(frame).ToArray();
/// </code>
/// </summary>
public sealed class PacketBuilder
{
    private readonly ImmutableList<PacketLayer> _layers;

    private PacketBuilder(ImmutableList<PacketLayer> layers) => _layers = layers;

    /// <summary>Without any layer: to begin with an IP header or a transport message.</summary>
    public static PacketBuilder Empty { get; } = new([]);

    /// <param name="type">Taken from the next layer when not said.</param>
    public static PacketBuilder Ethernet(MacAddress source, MacAddress destination, VlanTag? tag = null, EtherType type = EtherType.None) =>
        Empty.ThenEthernet(source, destination, tag, type);

    /// <summary>An inner Ethernet header, behind NVGRE.</summary>
    public PacketBuilder ThenEthernet(MacAddress source, MacAddress destination, VlanTag? tag = null, EtherType type = EtherType.None) =>
        Then(new EthernetLayer(new EthernetHeader(destination, source, type, tag)));

    /// <summary>A further VLAN tag between the Ethernet header and what follows.</summary>
    public PacketBuilder Vlan(VlanTag tag) => Then(new VlanLayer(tag));

    public PacketBuilder Arp(ArpPacket packet) => Then(new ArpLayer(packet));

    /// <summary>The IP version is that of the addresses.</summary>
    public PacketBuilder Ip(IPAddress source, IPAddress destination, byte timeToLive = 64, byte trafficClass = 0) =>
        source.AddressFamily == AddressFamily.InterNetwork
            ? IPv4(source, destination, header => header with { TimeToLive = timeToLive, TrafficClass = trafficClass })
            : IPv6(source, destination, header => header with { HopLimit = timeToLive, TrafficClass = trafficClass });

    /// <param name="adjust">Changes the header before lengths, protocol and checksum are filled in.</param>
    /// <param name="options">A multiple of 4 bytes, up to 40.</param>
    public PacketBuilder IPv4(IPAddress source, IPAddress destination, Func<IPv4Header, IPv4Header>? adjust = null, byte[]? options = null)
    {
        var header = new IPv4Header(source, destination, default);
        return Then(new IPv4Layer(adjust?.Invoke(header) ?? header, options ?? []));
    }

    /// <param name="adjust">Changes the header before length and next header are filled in.</param>
    public PacketBuilder IPv6(IPAddress source, IPAddress destination, Func<IPv6Header, IPv6Header>? adjust = null)
    {
        var header = new IPv6Header(source, destination, default);
        return Then(new IPv6Layer(adjust?.Invoke(header) ?? header));
    }

    /// <summary>An IPv6 extension header of options or routing: its next-header and length fields are filled in.</summary>
    /// <param name="data">What follows those two bytes: a multiple of 8, less 2.</param>
    public PacketBuilder IPv6Extension(IpProtocol protocol, byte[] data) => Then(new IPv6ExtensionLayer(protocol, data));

    public PacketBuilder IPv6Fragment(IPv6FragmentHeader fragment) => Then(new IPv6FragmentLayer(fragment));

    /// <summary>ICMP or ICMPv6, by the IP header before; what follows is its payload.</summary>
    public PacketBuilder Icmp(IcmpHeader header) => Then(new IcmpLayer(header));

    public PacketBuilder Icmp(IcmpV4Type type, byte code = 0, uint rest = 0) => Icmp(new IcmpHeader(type, code, rest));

    public PacketBuilder Icmp(IcmpV6Type type, byte code = 0, uint rest = 0) => Icmp(new IcmpHeader(type, code, rest));

    public PacketBuilder NeighborSolicitation(IPAddress target, params byte[][] options)
    {
        byte[] message = new byte[Wire.NeighborSolicitation.Length];
        new NeighborSolicitation(target).Write(message);
        return IcmpMessage(message, options);
    }

    public PacketBuilder NeighborAdvertisement(IPAddress target, NeighborAdvertisementFlags flags, params byte[][] options)
    {
        byte[] message = new byte[Wire.NeighborAdvertisement.Length];
        new NeighborAdvertisement(target, flags).Write(message);
        return IcmpMessage(message, options);
    }

    public PacketBuilder RouterSolicitation(params byte[][] options)
    {
        byte[] message = new byte[Wire.RouterSolicitation.Length];
        Wire.RouterSolicitation.Write(message);
        return IcmpMessage(message, options);
    }

    public PacketBuilder RouterAdvertisement(RouterAdvertisement advertisement, params byte[][] options)
    {
        byte[] message = new byte[Wire.RouterAdvertisement.Length];
        advertisement.Write(message);
        return IcmpMessage(message, options);
    }

    /// <summary>With checksum.</summary>
    public PacketBuilder Udp(ushort sourcePort, ushort destinationPort) => Then(new UdpLayer(sourcePort, destinationPort));

    /// <param name="options">A multiple of 4 bytes, up to 40.</param>
    public PacketBuilder Tcp(TcpHeader header, byte[]? options = null) => Then(new TcpLayer(header, options ?? []));

    /// <summary>GRE; the protocol is taken from the next layer when the header says none. A checksum is filled in where the flag asks for it.</summary>
    public PacketBuilder Gre(GreHeader header) => Then(new GreLayer(header));

    public PacketBuilder Nvgre(uint virtualSubnetId, byte flowId = 0) => Then(new NvgreLayer(new NvgreHeader(virtualSubnetId, flowId)));

    /// <summary>UDP without checksum (RFC 768; over IPv6 RFC 6935), as tunnels send it.</summary>
    public PacketBuilder UdpWithoutChecksum(ushort sourcePort, ushort destinationPort) => Then(new UdpLayer(sourcePort, destinationPort) { Unchecked = true });

    /// <summary>VXLAN, behind UDP.</summary>
    public PacketBuilder Vxlan(uint virtualSubnetId) => Then(new VxlanLayer(new VxlanHeader(virtualSubnetId)));

    /// <summary>A whole Ethernet frame, behind NVGRE or VXLAN.</summary>
    public PacketBuilder Frame(ReadOnlySpan<byte> frame) => Then(new BytesLayer(frame.ToArray(), EtherType.TransparentEthernetBridging));

    public PacketBuilder Payload(ReadOnlySpan<byte> bytes) => Then(new BytesLayer(bytes.ToArray()));

    /// <summary>A payload of the bytes 0, 1, 2 … 255, 0 …</summary>
    public PacketBuilder Payload(int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
        {
            bytes[i] = (byte)i;
        }

        return Then(new BytesLayer(bytes));
    }

    /// <summary>The finished bytes.</summary>
    public byte[] ToArray()
    {
        byte[] packet = [];
        for (int i = _layers.Count - 1; i >= 0; i--)
        {
            packet = _layers[i].Enclose(packet, new PacketNeighbors(_layers.Take(i).LastOrDefault(layer => layer is IPv4Layer or IPv6Layer), i + 1 < _layers.Count ? _layers[i + 1] : null));
        }

        return packet;
    }

    /// <summary>The finished bytes, padded with zero to at least <paramref name="length"/> (60: Ethernet's minimum without checksum).</summary>
    public byte[] ToArray(int length)
    {
        byte[] packet = ToArray();
        Array.Resize(ref packet, Math.Max(length, packet.Length));
        return packet;
    }

    private PacketBuilder IcmpMessage(ReadOnlySpan<byte> message, byte[][] options) =>
        Icmp(new IcmpHeader(message[0], message[1], BinaryPrimitives.ReadUInt32BigEndian(message[4..])))
            .Payload([.. message[IcmpHeader.Length..], .. options.SelectMany(option => option)]);

    private PacketBuilder Then(PacketLayer layer) => new(_layers.Add(layer));
}

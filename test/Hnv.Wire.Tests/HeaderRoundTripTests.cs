using FsCheck.Fluent;

namespace Hnv.Wire.Tests;

/// <summary>What is written is read back, field by field, and what follows the header is its payload.</summary>
public sealed class HeaderRoundTripTests
{
    private static readonly byte[] s_payload = [1, 2, 3, 4, 5];

    [Fact]
    public void Ethernet_Any_RoundTrips() => Generators.ForAll(Generators.Ethernet, header =>
    {
        byte[] frame = Room(header.Length);
        header.Write(frame);
        Assert.True(EthernetHeader.TryParse(frame, out EthernetHeader read, out ReadOnlySpan<byte> payload));
        Assert.Equal(header, read);
        Assert.Equal(s_payload, payload);
    });

    [Fact]
    public void Arp_Any_RoundTrips() => Generators.ForAll(Generators.Arp, packet =>
    {
        byte[] bytes = Room(ArpPacket.Length);
        packet.Write(bytes);
        Assert.True(ArpPacket.TryParse(bytes, out ArpPacket read));
        Assert.Equal(packet, read);
    });

    [Fact]
    public void IPv4_Any_RoundTrips() => Generators.ForAll(Generators.Options.SelectMany(o => Generators.IPv4(o.Length).Select(h => (h, o))), sample =>
    {
        (IPv4Header header, byte[] options) = sample;
        header = header with { TotalLength = (ushort)(header.Length + s_payload.Length) };
        byte[] packet = [.. Room(header.Length), 0, 0]; // padding, not payload
        header.Write(packet, options);
        Assert.True(IPv4Header.TryParse(packet, out IPv4Header read, out ReadOnlySpan<byte> readOptions, out ReadOnlySpan<byte> payload));
        Assert.Equal(header, read with { Checksum = 0 });
        Assert.Equal(options, readOptions);
        Assert.Equal(s_payload, payload);
        Assert.True(InternetChecksum.IsValid(packet.AsSpan(0, header.Length)));
    });

    [Fact]
    public void IPv6_Any_RoundTrips() => Generators.ForAll(Generators.IPv6, header =>
    {
        header = header with { PayloadLength = (ushort)s_payload.Length };
        byte[] packet = [.. Room(IPv6Header.Length), 0, 0];
        header.Write(packet);
        Assert.True(IPv6Header.TryParse(packet, out IPv6Header read, out ReadOnlySpan<byte> payload));
        Assert.Equal(header, read);
        Assert.Equal(s_payload, payload);
    });

    [Fact]
    public void Icmp_Any_RoundTrips() => Generators.ForAll(Generators.Bytes(2).SelectMany(b => Generators.UInt32.Select(r => new IcmpHeader(b[0], b[1], r))), header =>
    {
        byte[] message = Room(IcmpHeader.Length);
        header.Write(message);
        Assert.True(IcmpHeader.TryParse(message, out IcmpHeader read, out ReadOnlySpan<byte> payload));
        Assert.Equal(header, read);
        Assert.Equal(s_payload, payload);
    });

    [Fact]
    public void NeighborSolicitationAndAdvertisement_Any_RoundTrip() => Generators.ForAll(Generators.V6.SelectMany(t => Generators.Byte.Select(f => (t, f))), sample =>
    {
        var solicitation = new NeighborSolicitation(sample.t);
        byte[] message = Room(NeighborSolicitation.Length);
        solicitation.Write(message);
        Assert.True(NeighborSolicitation.TryParse(message, out NeighborSolicitation readSolicitation, out ReadOnlySpan<byte> options));
        Assert.Equal(solicitation, readSolicitation);
        Assert.Equal(s_payload, options);
        Assert.False(NeighborAdvertisement.TryParse(message, out _, out _));

        var advertisement = new NeighborAdvertisement(sample.t, (NeighborAdvertisementFlags)(sample.f & 0xe0));
        advertisement.Write(message);
        Assert.True(NeighborAdvertisement.TryParse(message, out NeighborAdvertisement readAdvertisement, out options));
        Assert.Equal(advertisement, readAdvertisement);
        Assert.Equal(s_payload, options);
        Assert.False(NeighborSolicitation.TryParse(message, out _, out _));
    });

    [Fact]
    public void RouterAdvertisement_Any_RoundTrips() => Generators.ForAll(Generators.Bytes(14), b =>
    {
        var advertisement = new RouterAdvertisement(b[0], b[1], BitConverter.ToUInt16(b, 2), BitConverter.ToUInt32(b, 4), BitConverter.ToUInt32(b, 8));
        byte[] message = Room(RouterAdvertisement.Length);
        advertisement.Write(message);
        Assert.True(RouterAdvertisement.TryParse(message, out RouterAdvertisement read, out ReadOnlySpan<byte> options));
        Assert.Equal(advertisement, read);
        Assert.Equal(s_payload, options);
    });

    [Fact]
    public void Udp_Any_RoundTrips() => Generators.ForAll(Generators.UInt16.Three(), fields =>
    {
        var header = new UdpHeader(fields.Item1, fields.Item2, (ushort)(UdpHeader.Length + s_payload.Length)) { Checksum = fields.Item3 };
        byte[] message = [.. Room(UdpHeader.Length), 9];
        header.Write(message);
        Assert.True(UdpHeader.TryParse(message, out UdpHeader read, out ReadOnlySpan<byte> payload));
        Assert.Equal(header, read);
        Assert.Equal(s_payload, payload);
    });

    [Fact]
    public void Tcp_Any_RoundTrips() => Generators.ForAll(Generators.Options.SelectMany(o => Generators.Tcp(o.Length).Select(h => (h, o))), sample =>
    {
        (TcpHeader header, byte[] options) = sample;
        byte[] segment = Room(header.Length);
        header.Write(segment, options);
        Assert.True(TcpHeader.TryParse(segment, out TcpHeader read, out ReadOnlySpan<byte> readOptions, out ReadOnlySpan<byte> payload));
        Assert.Equal(header, read);
        Assert.Equal(options, readOptions);
        Assert.Equal(s_payload, payload);
    });

    [Fact]
    public void Gre_Any_RoundTrips() => Generators.ForAll(Generators.Gre, header =>
    {
        byte[] packet = Room(header.Length);
        header.Write(packet);
        Assert.True(GreHeader.TryParse(packet, out GreHeader read, out ReadOnlySpan<byte> payload));
        Assert.Equal(header, read);
        Assert.Equal(s_payload, payload);
    });

    [Fact]
    public void Nvgre_Any_RoundTripsAndIsGreWithAKey() => Generators.ForAll(Generators.UInt32, key =>
    {
        var header = new NvgreHeader(key >> 8, (byte)key);
        byte[] packet = Room(NvgreHeader.Length);
        header.Write(packet);
        Assert.True(NvgreHeader.TryParse(packet, out NvgreHeader read, out ReadOnlySpan<byte> frame));
        Assert.Equal(header, read);
        Assert.Equal(s_payload, frame);
        Assert.True(GreHeader.TryParse(packet, out GreHeader gre, out _));
        Assert.Equal(new GreHeader(GreFlags.Key, EtherType.TransparentEthernetBridging) { Key = key }, gre);
    });

    [Fact]
    public void Vxlan_Any_RoundTripsAndIgnoresReservedBits() => Generators.ForAll(Generators.UInt32, bits =>
    {
        var header = new VxlanHeader(bits >> 8);
        byte[] packet = Room(VxlanHeader.Length);
        header.Write(packet);
        Assert.Equal<byte>([0x08, 0, 0, 0, (byte)(bits >> 24), (byte)(bits >> 16), (byte)(bits >> 8), 0], packet[..VxlanHeader.Length]);
        packet[0] |= (byte)bits;
        packet[1] = packet[7] = (byte)bits;
        Assert.True(VxlanHeader.TryParse(packet, out VxlanHeader read, out ReadOnlySpan<byte> frame));
        Assert.Equal(header, read);
        Assert.Equal(s_payload, frame);
        packet[0] &= 0xf7;
        Assert.False(VxlanHeader.TryParse(packet, out _, out _));
        Assert.False(VxlanHeader.TryParse(packet.AsSpan(0, VxlanHeader.Length - 1), out _, out _));
    });

    private static byte[] Room(int header) => [.. new byte[header], .. s_payload];
}

using System.Buffers.Binary;

namespace Hnv.Wire.Tests;

/// <summary>What the parsers refuse, and why.</summary>
public sealed class RefusalTests
{
    [Fact]
    public void Nvgre_FlagsOtherThanExactlyKey_Refused()
    {
        byte[] packet = new byte[NvgreHeader.Length];
        new NvgreHeader(5001).Write(packet);
        for (int flags = 0; flags <= ushort.MaxValue; flags++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(packet, (ushort)flags);
            Assert.Equal(flags == 0x2000, NvgreHeader.TryParse(packet, out _, out _));
        }
    }

    [Theory]
    [InlineData(EtherType.IPv4)]
    [InlineData(EtherType.Arp)]
    [InlineData((EtherType)0x5865)]
    public void Nvgre_OtherProtocolType_Refused(EtherType type)
    {
        byte[] packet = new byte[NvgreHeader.Length];
        new GreHeader(GreFlags.Key, type).Write(packet);
        Assert.False(NvgreHeader.TryParse(packet, out _, out _));
    }

    [Theory]
    [InlineData(0x0001)] // version 1: PPTP
    [InlineData(0x4000)] // source routing
    public void Gre_VersionOrRouting_Refused(ushort flags) => Assert.False(GreHeader.TryParse([(byte)(flags >> 8), (byte)flags, 8, 0, 0, 0, 0, 0], out _, out _));

    [Theory]
    [InlineData(0, 0x00)] // hardware type
    [InlineData(2, 0x86)] // protocol type
    [InlineData(4, 8)] // hardware address length
    [InlineData(5, 16)] // protocol address length
    public void Arp_OtherAddressKinds_Refused(int at, byte value)
    {
        byte[] packet = new byte[ArpPacket.Length];
        new ArpPacket(ArpOperation.Request, Samples.Vm5, Samples.Ca5, default, Samples.Ca7).Write(packet);
        Assert.True(ArpPacket.TryParse(packet, out _));
        packet[at] = value;
        packet[0] |= (byte)(at == 0 ? 1 : 0);
        Assert.False(ArpPacket.TryParse(packet, out _));
    }

    [Theory]
    [InlineData(0, 0x44)] // header shorter than 20 bytes
    [InlineData(0, 0x46)] // header longer than the packet
    [InlineData(0, 0x65)] // version
    [InlineData(3, 19)] // total length shorter than the header
    [InlineData(3, 21)] // total length beyond the bytes
    public void IPv4_ContradictoryLengths_Refused(int at, byte value)
    {
        byte[] packet = PacketBuilder.Empty.IPv4(Samples.Ca5, Samples.Ca7).ToArray();
        Assert.True(IPv4Header.TryParse(packet, out _, out _, out _));
        packet[at] = value;
        Assert.False(IPv4Header.TryParse(packet, out _, out _, out _));
    }

    [Fact]
    public void IPv4_QuotedInAnIcmpError_HeaderIsRead()
    {
        byte[] packet = PacketBuilder.Empty.IPv4(Samples.Ca5, Samples.Ca7).Udp(1, 2).Payload(100).ToArray();
        Assert.False(IPv4Header.TryParse(packet.AsSpan(0, 28), out _, out _, out _));
        Assert.True(IPv4Header.TryParseHeader(packet.AsSpan(0, 28), out IPv4Header header, out _, out ReadOnlySpan<byte> rest));
        Assert.Equal((Samples.Ca7, 8), (header.Destination, rest.Length));
    }

    [Fact]
    public void IPv6_PayloadLengthBeyondTheBytes_Refused()
    {
        byte[] packet = PacketBuilder.Empty.IPv6(Samples.Ca5V6, Samples.Ca7V6).Udp(1, 2).ToArray();
        packet[5]++;
        Assert.False(IPv6Header.TryParse(packet, out _, out _));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(9)]
    public void Udp_LengthContradicts_Refused(byte length) => Assert.False(UdpHeader.TryParse([0, 1, 0, 2, 0, length, 0, 0], out _, out _));

    [Fact]
    public void NeighborOptions_LengthZero_EndsMalformed()
    {
        byte[] options = [.. NeighborOptions.LinkLayerAddress(NeighborOptionType.SourceLinkLayerAddress, Samples.Vm5), 1, 0, 0, 0, 0, 0, 0, 0];
        Assert.Null(NeighborOptions.FindLinkLayerAddress(options, NeighborOptionType.SourceLinkLayerAddress));
        Assert.Equal(Samples.Vm5, NeighborOptions.FindLinkLayerAddress(options.AsSpan(0, 8), NeighborOptionType.SourceLinkLayerAddress));
        Assert.Null(NeighborOptions.FindLinkLayerAddress(options.AsSpan(0, 8), NeighborOptionType.TargetLinkLayerAddress));
    }
}

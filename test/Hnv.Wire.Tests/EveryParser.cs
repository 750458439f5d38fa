using System.Net;

namespace Hnv.Wire.Tests;

/// <summary>All parsers of this library.</summary>
internal static class EveryParser
{
    /// <summary>Gives the bytes to each of them, as if they began there; what a parser understands, it writes as it was.</summary>
    public static void Read(byte[] bytes)
    {
        Assert.NotEmpty(PacketDescriber.Describe(bytes));
        Assert.NotEmpty(PacketDescriber.Summarize(bytes));
        if (EthernetHeader.TryParse(bytes, out EthernetHeader ethernet, out _))
        {
            Same(bytes, ethernet.Length, ethernet.Write);
        }

        if (ArpPacket.TryParse(bytes, out ArpPacket arp))
        {
            Same(bytes, ArpPacket.Length, arp.Write);
        }

        if (IPv4Header.TryParse(bytes, out IPv4Header v4, out ReadOnlySpan<byte> options, out ReadOnlySpan<byte> payload))
        {
            Assert.True(v4.TotalLength <= bytes.Length && options.Length == v4.OptionsLength && payload.Length == v4.TotalLength - v4.Length);
        }

        _ = IPv4Header.TryParseHeader(bytes, out _, out _, out _);
        if (IPv6Header.TryParse(bytes, out IPv6Header v6, out payload))
        {
            Assert.True(v6.PayloadLength == payload.Length && payload.Length + IPv6Header.Length <= bytes.Length);
        }

        _ = IPv6Header.TryParseHeader(bytes, out _, out _);
        for (int protocol = 0; protocol <= byte.MaxValue; protocol += 1)
        {
            _ = IPv6Extensions.TrySkip((IpProtocol)protocol, bytes, out _, out _, out _);
        }

        _ = IcmpHeader.TryParse(bytes, out _, out _);
        _ = NeighborSolicitation.TryParse(bytes, out _, out _);
        _ = NeighborAdvertisement.TryParse(bytes, out _, out _);
        _ = RouterSolicitation.TryParse(bytes, out _);
        _ = RouterAdvertisement.TryParse(bytes, out _, out _);
        var walk = new NeighborOptions(bytes);
        int walked = 0;
        while (walk.MoveNext())
        {
            walked += walk.Data.Length + 2;
        }

        Assert.True(walk.IsMalformed || walked == bytes.Length);
        if (UdpHeader.TryParse(bytes, out UdpHeader udp, out _))
        {
            Same(bytes, UdpHeader.Length, udp.Write);
        }

        _ = TcpHeader.TryParse(bytes, out _, out _, out _);
        _ = GreHeader.TryParse(bytes, out _, out _);
        if (NvgreHeader.TryParse(bytes, out NvgreHeader nvgre, out _))
        {
            Same(bytes, NvgreHeader.Length, nvgre.Write);
        }

        _ = VxlanHeader.TryParse(bytes, out _, out _);
        ReadDhcp(bytes);
        InternetChecksum.IsValid(bytes);
        InternetChecksum.IsValid(IPAddress.Loopback, IPAddress.Loopback, IpProtocol.Udp, bytes);
    }

    private static void ReadDhcp(byte[] bytes)
    {
        if (DhcpMessage.TryParse(bytes, out DhcpMessage message, out ReadOnlySpan<byte> options))
        {
            Span<byte> written = stackalloc byte[DhcpMessage.Length];
            message.Write(written);
            Assert.True(DhcpMessage.TryParse(written, out DhcpMessage again, out _));
            Assert.Equal(message, again);
            Assert.Equal(bytes.Length - DhcpMessage.Length, options.Length);
        }

        var walk = new DhcpOptions(bytes);
        int walked = 0;
        while (walk.MoveNext())
        {
            walked += walk.Data.Length + 2;
        }

        Assert.True(walked <= bytes.Length);
        if (Dhcpv6Message.TryParse(bytes, out Dhcpv6Message six, out _))
        {
            Same(bytes, Dhcpv6Message.Length, six.Write);
        }

        var walk6 = new Dhcpv6Options(bytes);
        walked = 0;
        while (walk6.MoveNext())
        {
            walked += walk6.Data.Length + 4;
        }

        Assert.True(walk6.IsMalformed || walked == bytes.Length);
    }

    private delegate void Writer(Span<byte> destination);

    private static void Same(byte[] bytes, int length, Writer write)
    {
        Span<byte> written = stackalloc byte[length];
        write(written);
        Assert.True(written.SequenceEqual(bytes.AsSpan(0, length)), $"{Convert.ToHexString(bytes.AsSpan(0, length))} is written as {Convert.ToHexString(written)}.");
    }
}

namespace Hnv.Wire.Tests;

public sealed class IPv6ExtensionsTests
{
    private static readonly byte[] s_options = [1, 4, 0, 0, 0, 0]; // PadN

    [Fact]
    public void TrySkip_ChainOfExtensions_FindsTheTransport()
    {
        byte[] packet = PacketBuilder.Empty.IPv6(Samples.Ca5V6, Samples.Ca7V6)
            .IPv6Extension(IpProtocol.HopByHopOptions, s_options)
            .IPv6Extension(IpProtocol.IPv6Routing, [.. s_options, 0, 0, 0, 0, 0, 0, 0, 0])
            .IPv6Extension(IpProtocol.IPv6DestinationOptions, s_options)
            .Udp(7, 9).Payload(3).ToArray();
        Assert.True(IPv6Header.TryParse(packet, out IPv6Header header, out ReadOnlySpan<byte> payload));
        Assert.Equal(IpProtocol.HopByHopOptions, header.NextHeader);
        Assert.True(IPv6Extensions.TrySkip(header.NextHeader, payload, out IpProtocol upper, out ReadOnlySpan<byte> message, out IPv6FragmentHeader? fragment));
        Assert.Equal((IpProtocol.Udp, 11, null), (upper, message.Length, fragment));
        Assert.True(InternetChecksum.IsValid(header.Source, header.Destination, upper, message));
    }

    [Fact]
    public void TrySkip_AuthenticationHeader_CountsWords()
    {
        byte[] header = [(byte)IpProtocol.Tcp, 4, .. new byte[22]]; // (4 + 2) * 4 bytes
        Assert.True(IPv6Extensions.TrySkip(IpProtocol.AuthenticationHeader, [.. header, 1, 2, 3], out IpProtocol upper, out ReadOnlySpan<byte> rest, out _));
        Assert.Equal((IpProtocol.Tcp, 3), (upper, rest.Length));
    }

    [Fact]
    public void TrySkip_LaterFragment_StopsAtItsData()
    {
        byte[] packet = PacketBuilder.Empty.IPv6(Samples.Ca5V6, Samples.Ca7V6)
            .IPv6Fragment(new IPv6FragmentHeader(8, true, 5)).IPv6Extension(IpProtocol.HopByHopOptions, s_options).ToArray();
        Assert.True(IPv6Extensions.TrySkip(IpProtocol.IPv6Fragment, packet.AsSpan(IPv6Header.Length), out IpProtocol upper, out ReadOnlySpan<byte> data, out IPv6FragmentHeader? fragment));
        Assert.Equal((IpProtocol.HopByHopOptions, 8), (upper, data.Length));
        Assert.Equal(new IPv6FragmentHeader(8, true, 5), fragment);
    }

    [Theory]
    [InlineData(IpProtocol.IPv6NoNextHeader)]
    [InlineData(IpProtocol.Esp)]
    [InlineData(IpProtocol.Gre)]
    public void TrySkip_NoExtension_LeavesAllBytes(IpProtocol protocol)
    {
        Assert.True(IPv6Extensions.TrySkip(protocol, [1, 2, 3], out IpProtocol upper, out ReadOnlySpan<byte> payload, out _));
        Assert.Equal((protocol, 3), (upper, payload.Length));
    }

    [Fact]
    public void TrySkip_TruncatedExtension_Fails()
    {
        byte[] longer = [17, 1, 0, 0, 0, 0, 0, 0];
        Assert.False(IPv6Extensions.TrySkip(IpProtocol.HopByHopOptions, longer, out _, out _, out _));
        Assert.False(IPv6Extensions.TrySkip(IpProtocol.HopByHopOptions, longer.AsSpan(0, 7), out _, out _, out _));
    }
}

namespace Hnv.Wire.Tests;

public sealed class InternetChecksumTests
{
    [Theory]
    [InlineData("0001f203f4f5f6f7", 0x220d)] // RFC 1071, section 3
    [InlineData("450000730000400040110000c0a80001c0a800c7", 0xb861)] // a UDP packet's header, worked out in many textbooks
    [InlineData("", 0xffff)]
    [InlineData("ff", 0x00ff)] // odd: as if a zero byte followed
    public void Compute_KnownBytes_KnownChecksum(string hex, int expected) =>
        Assert.Equal(expected, InternetChecksum.Compute(Convert.FromHexString(hex)));

    [Fact]
    public void IsValid_AnyMessageWithItsChecksum_UntilABitFlips() => Generators.ForAll(Generators.Any, data =>
    {
        byte[] message = [0, 0, .. data];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(message, InternetChecksum.Compute(message));
        Assert.True(InternetChecksum.IsValid(message));
        message[message.Length / 2] ^= 1;
        Assert.False(InternetChecksum.IsValid(message));
    });

    [Fact]
    public void Compute_PseudoHeader_CoversAddressesProtocolAndLength()
    {
        byte[] message = [0, 1, 2, 3, 4, 5];
        ushort checksum = InternetChecksum.Compute(Samples.Ca5, Samples.Ca7, IpProtocol.Udp, message);
        Assert.Equal(InternetChecksum.Compute([10, 0, 0, 5, 10, 0, 0, 7, 0, 17, 0, 6, .. message]), checksum);
        Assert.NotEqual(checksum, InternetChecksum.Compute(Samples.Ca5, Samples.Ca7, IpProtocol.Tcp, message));
        Assert.NotEqual(checksum, InternetChecksum.Compute(Samples.Ca5, Samples.Pa22, IpProtocol.Udp, message));
        Assert.NotEqual(checksum, InternetChecksum.Compute(Samples.Ca5, Samples.Ca7, IpProtocol.Udp, [.. message, 0]));
    }
}

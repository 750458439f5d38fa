using System.Net;
using FsCheck.Fluent;

namespace Hnv.Wire.Tests;

/// <summary>No bytes make a parser throw, read outside them, or never end.</summary>
public sealed class HostileBytesTests
{
    public static TheoryData<string> Frames => [.. Samples.Frames.Keys];

    [Fact]
    public void EveryParser_RandomBytes_NeverThrows() => Generators.ForAll(Generators.Any, ParseAll);

    [Theory]
    [MemberData(nameof(Frames))]
    public void EveryParser_TruncatedAtEveryLength_NeverThrows(string name)
    {
        byte[] frame = Samples.Frames[name];
        for (int length = 0; length <= frame.Length; length++)
        {
            ParseAll(frame[..length]);
        }
    }

    [Theory]
    [MemberData(nameof(Frames))]
    public void EveryParser_EachByteReplaced_NeverThrows(string name)
    {
        byte[] frame = Samples.Frames[name];
        for (int i = 0; i < frame.Length; i++)
        {
            foreach (byte value in (ReadOnlySpan<byte>)[0, 1, 0x7f, 0xff, (byte)(frame[i] ^ 0x10), (byte)(frame[i] + 1)])
            {
                byte[] mutated = [.. frame];
                mutated[i] = value;
                ParseAll(mutated);
            }
        }
    }

    [Fact]
    public void Describe_FramesWithSeveralMutations_NeverThrows() => Generators.ForAll(
        from frame in Gen.Elements(Samples.Frames.Values.ToArray())
        from length in Gen.Choose(0, frame.Length)
        from changes in Gen.Choose(0, Math.Max(0, length - 1)).SelectMany(at => Generators.Byte.Select(value => (at, value))).ArrayOf(6)
        select (frame, length, changes),
        sample =>
        {
            byte[] mutated = sample.frame[..sample.length];
            foreach ((int at, byte value) in sample.changes.Where(c => c.at < mutated.Length))
            {
                mutated[at] = value;
            }

            ParseAll(mutated);
        });

    private static void ParseAll(byte[] bytes)
    {
        Assert.NotEmpty(PacketDescriber.Describe(bytes));
        Assert.NotEmpty(PacketDescriber.Summarize(bytes));
        _ = EthernetHeader.TryParse(bytes, out _, out _);
        _ = ArpPacket.TryParse(bytes, out _);
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
        _ = UdpHeader.TryParse(bytes, out _, out _);
        _ = TcpHeader.TryParse(bytes, out _, out _, out _);
        _ = GreHeader.TryParse(bytes, out _, out _);
        _ = NvgreHeader.TryParse(bytes, out _, out _);
        _ = VxlanHeader.TryParse(bytes, out _, out _);
        InternetChecksum.IsValid(bytes);
        InternetChecksum.IsValid(IPAddress.Loopback, IPAddress.Loopback, IpProtocol.Udp, bytes);
    }
}

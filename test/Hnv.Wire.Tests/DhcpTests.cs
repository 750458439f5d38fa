using System.Net;

namespace Hnv.Wire.Tests;

/// <summary>DHCP of both families and the DNS options of router advertisements: what is written is read back, and what is malformed is told.</summary>
public sealed class DhcpTests
{
    [Fact]
    public void Message_IsReadBack()
    {
        var message = new DhcpMessage(true, 0x01020304, DhcpMessage.Broadcast, Samples.Ca5, Samples.Ca7, IPAddress.Parse("10.9.8.7"), Samples.Vm5);
        byte[] bytes = message.ToArray(DhcpOptions.Type(DhcpMessageType.Ack));
        Assert.True(DhcpMessage.TryParse(bytes, out DhcpMessage read, out ReadOnlySpan<byte> options));
        Assert.Equal(message, read);
        Assert.Equal([53, 1, 5, 255], options.ToArray());
    }

    [Theory]
    [InlineData(0)] // operation
    [InlineData(1)] // link
    [InlineData(2)] // length of its addresses
    [InlineData(236)] // cookie
    public void Message_OfAnotherKind_IsRefused(int at)
    {
        byte[] bytes = DhcpMessage.Request(1, Samples.Vm5).ToArray();
        bytes[at] = 9;
        Assert.False(DhcpMessage.TryParse(bytes, out _, out _));
        Assert.False(DhcpMessage.TryParse(bytes.AsSpan(0, DhcpMessage.Length - 1), out _, out _));
    }

    [Fact]
    public void Options_PadsArePassedOver_AndTheEndEndsThem()
    {
        byte[] options = [0, 0, .. DhcpOptions.Number32(DhcpOption.LeaseTime, 3600), 0, 255, 1, 9];
        Assert.Equal([0, 0, 0x0e, 0x10], DhcpOptions.Find(options, DhcpOption.LeaseTime));
        Assert.Null(DhcpOptions.Find(options, DhcpOption.SubnetMask));
    }

    [Theory]
    [InlineData("33040000")] // truncated
    [InlineData("33")]
    [InlineData("330400000e10")] // no end
    [InlineData("")]
    public void Options_Truncated_AreMalformed(string hex)
    {
        var walk = new DhcpOptions(Convert.FromHexString(hex));
        while (walk.MoveNext())
        {
        }

        Assert.True(walk.IsMalformed);
        Assert.False(walk.MoveNext());
    }

    [Theory]
    [InlineData("0.0.0.0/0", "0a000001")]
    [InlineData("10.0.0.0/8", "080a0a000001")]
    [InlineData("10.17.0.0/16", "100a110a000001")]
    [InlineData("10.27.129.0/24", "180a1b810a000001")]
    [InlineData("10.229.0.128/25", "190ae500800a000001")]
    [InlineData("10.198.122.47/32", "200ac67a2f0a000001")]
    public void ClasslessRoutes_AreThoseOfRfc3442(string prefix, string expected)
    {
        byte[] option = DhcpOptions.ClasslessRoutes([(IPNetwork.Parse(prefix), IPAddress.Parse("10.0.0.1"))]);
        string data = prefix == "0.0.0.0/0" ? "00" + expected : expected;
        Assert.Equal($"79{data.Length / 2:x2}{data}", Convert.ToHexStringLower(option));
    }

    [Theory]
    [InlineData("10.0.0.0/24", "ffffff00")]
    [InlineData("10.0.0.0/8", "ff000000")]
    [InlineData("10.0.0.4/30", "fffffffc")]
    [InlineData("0.0.0.0/0", "00000000")]
    public void SubnetMask_IsThePrefixs(string prefix, string mask) => Assert.Equal($"0104{mask}", Convert.ToHexStringLower(DhcpOptions.SubnetMask(IPNetwork.Parse(prefix))));

    [Fact]
    public void Dhcpv6_IsReadBack()
    {
        byte[] inner = Dhcpv6Options.Address(Samples.Ca5V6, 1, 2);
        byte[] bytes = new Dhcpv6Message(Dhcpv6MessageType.Reply, 0x123456).ToArray(Dhcpv6Options.Association(Dhcpv6Option.NonTemporaryAddresses, 7, 8, 9, inner));
        Assert.True(Dhcpv6Message.TryParse(bytes, out Dhcpv6Message message, out ReadOnlySpan<byte> options));
        Assert.Equal(new Dhcpv6Message(Dhcpv6MessageType.Reply, 0x123456), message);
        byte[]? association = Dhcpv6Options.Find(options, Dhcpv6Option.NonTemporaryAddresses);
        Assert.NotNull(association);
        Assert.Equal([0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 9], association[..12]);
        byte[]? address = Dhcpv6Options.Find(association.AsSpan(12), Dhcpv6Option.Address);
        Assert.Equal([.. Samples.Ca5V6.GetAddressBytes(), 0, 0, 0, 1, 0, 0, 0, 2], address);
    }

    [Theory]
    [InlineData("000100")]
    [InlineData("0001000300")]
    [InlineData("0001ffff00")]
    public void Dhcpv6Options_Truncated_AreMalformed(string hex)
    {
        var walk = new Dhcpv6Options(Convert.FromHexString(hex));
        Assert.False(walk.MoveNext());
        Assert.True(walk.IsMalformed);
    }

    [Fact]
    public void UuidIdentifier_IsThatOfRfc6355() => Assert.Equal(
        "00020012" + "0004" + "00112233445566778899aabbccddeeff",
        Convert.ToHexStringLower(Dhcpv6Options.UuidIdentifier(Dhcpv6Option.ServerId, Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"))));

    [Fact]
    public void DnsOptionsOfRouterAdvertisements_AreFilledUpToEightBytes()
    {
        Assert.Equal("19030000" + "0000ffff" + "20010db8500100000000000000000007", Convert.ToHexStringLower(NeighborOptions.RecursiveDnsServers(65535, Samples.Ca7V6)));
        Assert.Equal("1f020000" + "0000ffff" + "04626c7565000000", Convert.ToHexStringLower(NeighborOptions.DnsSearchList(65535, "blue")));
    }

    [Theory]
    [InlineData("a.b", "0161016200")]
    [InlineData("a.b.", "0161016200")]
    public void DomainName_IsThatOfRfc1035(string name, string expected) => Assert.Equal(expected, Convert.ToHexStringLower(DomainName.Encode(name)));

    [Theory]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public void DomainName_ThatIsNone_IsRefused(string name) => Assert.Throws<ArgumentException>(() => DomainName.Encode(name));
}

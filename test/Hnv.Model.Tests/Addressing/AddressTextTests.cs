using System.Net;
using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Hnv.Model.Addressing;

namespace Hnv.Model.Tests.Addressing;

public class AddressTextTests
{
    [Theory]
    [InlineData("10.0.0.5")]
    [InlineData("255.255.255.255")]
    [InlineData("2001:db8::5")]
    [InlineData("::")]
    public void TryParseAddress_Address_True(string text)
    {
        Assert.True(AddressText.TryParseAddress(text, out IPAddress address, out string? problem));
        Assert.Equal(text, address.ToString());
        Assert.Null(problem);
    }

    [Theory]
    [InlineData(null, "is not an IP address")]
    [InlineData("", "is not an IP address")]
    [InlineData("10.1", "is not an IP address")]
    [InlineData("10.0.0.05", "is not an IP address")]
    [InlineData("10.0.0.256", "is not an IP address")]
    [InlineData("10.0.0.5.", "is not an IP address")]
    [InlineData("0x0a.0.0.5", "is not an IP address")]
    [InlineData(" 10.0.0.5", "is not an IP address")]
    [InlineData("[2001:db8::5]", "is not an IP address")]
    [InlineData("2001:db8::5::1", "is not an IP address")]
    [InlineData("fe80::1%eth0", "has a zone (%), which means nothing outside one machine")]
    [InlineData("::ffff:10.0.0.5", "is an IPv4 address in IPv6 form; write 10.0.0.5")]
    public void TryParseAddress_OtherText_SaysWhy(string? text, string expected)
    {
        Assert.False(AddressText.TryParseAddress(text, out _, out string? problem));
        Assert.Equal(expected, problem);
    }

    [Theory]
    [InlineData("10.0.0.0/24")]
    [InlineData("0.0.0.0/0")]
    [InlineData("10.0.0.5/32")]
    [InlineData("2001:db8::/64")]
    [InlineData("::/0")]
    public void TryParsePrefix_Prefix_True(string text)
    {
        Assert.True(AddressText.TryParsePrefix(text, out IPNetwork prefix, out _, out _));
        Assert.Equal(text, prefix.ToString());
    }

    [Theory]
    [InlineData("10.0.0.5/24", "has host bits set", "write 10.0.0.0/24")]
    [InlineData("2001:db8::1/64", "has host bits set", "write 2001:db8::/64")]
    [InlineData("10.0.0.0", "has no length", "write 10.0.0.0/24, or the length you mean")]
    [InlineData("10.0.0.0/33", "has no valid length", "the length is 0 to 32")]
    [InlineData("10.0.0.0/024", "has no valid length", "the length is 0 to 32")]
    [InlineData("10.0.0.0/255.255.255.0", "has no valid length", "the length is 0 to 32")]
    [InlineData("2001:db8::/129", "has no valid length", "the length is 0 to 128")]
    [InlineData("ten/8", "is not a prefix", null)]
    [InlineData("web", "is not a prefix", null)]
    public void TryParsePrefix_OtherText_SaysWhy(string text, string problem, string? remedy)
    {
        Assert.False(AddressText.TryParsePrefix(text, out _, out string? actualProblem, out string? actualRemedy));
        Assert.Equal((problem, remedy), (actualProblem, actualRemedy));
    }

    [Fact]
    public void TryParse_AnyText_NeverThrows() => Prop
        .ForAll<string>(text =>
        {
            _ = AddressText.TryParseAddress(text, out _, out _);
            _ = AddressText.TryParsePrefix(text, out _, out _, out _);
            _ = MacAddress.TryParse(text, out _);
        })
        .Check(FsCheck.Config.QuickThrowOnFailure);

    [Theory]
    [InlineData("10.0.0.0/24", "10.0.0.255")]
    [InlineData("0.0.0.0/0", "255.255.255.255")]
    [InlineData("10.0.0.5/32", "10.0.0.5")]
    [InlineData("2001:db8::/126", "2001:db8::3")]
    [InlineData("::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    public void GetLastAddress_AnyPrefix_HasAllHostBits(string prefix, string last) =>
        Assert.Equal(IPAddress.Parse(last), IPNetwork.Parse(prefix).GetLastAddress());

    [Fact]
    public void ToNumber_ToAddress_AreEachOthersReverse()
    {
        foreach (string text in (string[])["0.0.0.0", "10.0.0.5", "255.255.255.255", "::", "2001:db8::5", "ffff::"])
        {
            IPAddress address = IPAddress.Parse(text);
            Assert.Equal(address, address.ToNumber().ToAddress(address.AddressFamily));
        }

        Assert.Equal((UInt128)0x0a000005, IPAddress.Parse("10.0.0.5").ToNumber());
        Assert.Equal(AddressFamily.InterNetwork, ((UInt128)1).ToAddress(AddressFamily.InterNetwork).AddressFamily);
    }

    [Theory]
    [InlineData("10.0.0.0/24", null, "10.0.0.1")]
    [InlineData("10.0.0.128/25", null, "10.0.0.129")]
    [InlineData("2001:db8::/64", null, "2001:db8::1")]
    [InlineData("10.0.0.0/24", "10.0.0.254", "10.0.0.254")]
    [InlineData("10.0.0.0/24", "10.9.0.254", "10.0.0.1")]
    public void GatewayOf_FirstHostAddressUnlessGiven(string prefix, string? given, string expected) => Assert.Equal(
        IPAddress.Parse(expected),
        SubnetAddressing.GatewayOf(
            Sample.Subnet(5001, prefix) with { Gateways = given is null ? [] : Sample.Addresses(given) }, IPNetwork.Parse(prefix)));
}

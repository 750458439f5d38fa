using System.Net;
using System.Runtime.InteropServices;
using Hnv.Datapath.Layouts;
using Hnv.Model.Addressing;

namespace Hnv.Datapath.Maps.Tests.Layouts;

public sealed class KernelValueTests
{
    [Fact]
    public void RecordKey_LiesInMemoryInNetworkOrder() =>
        Assert.Equal("0000138900000000000000000000FFFF0A000005", Hex(new RecordKey(5001, IPAddress.Parse("10.0.0.5"))));

    [Fact]
    public void RouteKey_OfAnIPv4Prefix_CountsRoutingDomainAndMapping() =>
        Assert.Equal("98000000" + "00000007" + "00000000000000000000FFFF0A000000", Hex(new RouteKey(7, IPNetwork.Parse("10.0.0.0/24"))));

    [Fact]
    public void MacKey_EndsInZeros() =>
        Assert.Equal("0000138906060000000500" + "00", Hex(new MacKey(5001, MacAddress.Parse("06:06:00:00:00:05"))));

    [Theory]
    [InlineData("10.0.0.0/24")]
    [InlineData("0.0.0.0/0")]
    [InlineData("::/0")]
    [InlineData("2001:db8:5001::/64")]
    [InlineData("10.0.0.5/32")]
    public void RouteKey_GivesThePrefixBack(string prefix) =>
        Assert.Equal(IPNetwork.Parse(prefix), new RouteKey(7, IPNetwork.Parse(prefix)).ToIPNetwork());

    [Theory]
    [InlineData("10.0.0.5")]
    [InlineData("2001:db8::5")]
    [InlineData("0.0.0.0")]
    public void KernelAddress_GivesTheAddressBack(string address) =>
        Assert.Equal(IPAddress.Parse(address), KernelAddress.From(IPAddress.Parse(address)).ToIPAddress());

    [Fact]
    public void KernelAddress_None_IsNoAddress() => Assert.Null(KernelAddress.None.ToIPAddress());

    [Fact]
    public void KernelMac_GivesTheAddressBack() =>
        Assert.Equal(MacAddress.Parse("06:06:00:00:00:05"), KernelMac.From(MacAddress.Parse("06:06:00:00:00:05")).ToMacAddress());

    [Fact]
    public void NetworkUInt32_GivesTheNumberBack() => Assert.Equal(0x01020304u, NetworkUInt32.ToNetwork(0x01020304).ToHost());

    private static string Hex<T>(T value)
        where T : unmanaged => Convert.ToHexString(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));
}

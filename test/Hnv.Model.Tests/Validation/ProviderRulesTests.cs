using System.Net;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;
using Hnv.Model.Validation;
using static Hnv.Model.Tests.Sample;

namespace Hnv.Model.Tests.Validation;

public class ProviderRulesTests
{
    private const string OneOwner = "a provider address belongs to one host or endpoint";

    [Fact]
    public void Host_WithoutOrWithSeveralAddresses_IsAccepted()
    {
        Accepts(Host("host9"));
        Accepts(Host("host9", "192.168.4.91", "192.168.4.92", "169.254.1.1"));
    }

    [Theory]
    [InlineData(33u, null, "/providerAddresses/0/prefixLength", "33 is no prefix length of IPv4", "a number from 1 to 32")]
    [InlineData(null, 4095u, "/providerAddresses/0/vlan", "4095 is no VLAN", "a number from 1 to 4094; leave it out where there is none")]
    public void Host_WhatIsSaidOfAnAddress_MustBePossible(uint? length, uint? vlan, string field, string problem, string remedy) =>
        Finds(Saying(new(IPAddress.Parse("192.168.4.90")) { PrefixLength = length, Vlan = vlan }), field, problem, remedy);

    [Fact]
    public void Host_WhatIsSaidOfAnAddress_IsAccepted() =>
        Accepts(Saying(new(IPAddress.Parse("192.168.4.90")) { PrefixLength = 24, Vlan = 100, Mac = MacAddress.Parse("00155D010203"), Uplink = "eth1.100" }));

    [Fact]
    public void Host_RoutesOfBothFamilies_AreAccepted() => Accepts(Host("host9", "192.168.4.90") with
    {
        ProviderRoutes = [Route("0.0.0.0/0", "192.168.4.1"), Route("0.0.0.0/0", "192.168.4.2") with { Metric = 1 }, Route("::/0", "fe80::1") with { Uplink = "eth1" }, Route("10.0.0.0/8", null)],
    });

    [Theory]
    [InlineData("0.0.0.0/0", "fd00::1", "nextHop", "fd00::1 is IPv6, and 0.0.0.0/0 is IPv4", "a next hop is of its prefix's family")]
    [InlineData("::/0", "fe80::1", "nextHop", "fe80::1 is link-local, and means nothing without its link", "name the uplink")]
    [InlineData("10.0.0.0/8", "239.1.1.1", "nextHop", "239.1.1.1 is a multicast address", "give the unicast address of a router, or leave it out for what is on-link")]
    [InlineData("224.0.0.0/8", null, "prefix", "224.0.0.0/8 is multicast and not routed", "use a prefix of unicast addresses")]
    public void Host_RouteThatCannotBe_IsFound(string prefix, string? nextHop, string field, string problem, string remedy) =>
        Finds(Host("host9", "192.168.4.90") with { ProviderRoutes = [Route(prefix, nextHop)] }, $"/providerRoutes/0/{field}", problem, remedy);

    [Fact]
    public void Host_RouteTwiceWithOneMetric_IsFound() => Finds(
        Host("host9", "192.168.4.90") with { ProviderRoutes = [Route("10.0.0.0/8", "192.168.4.1"), Route("10.0.0.0/8", "192.168.4.2")] },
        "/providerRoutes/1", "10.0.0.0/8 with metric 0 is already in /providerRoutes/0", "give it another metric, or remove one of them");

    private static Host Saying(ProviderAddressTerms terms) => Host("host9", "192.168.4.90") with { ProviderAddressTerms = [terms] };

    private static ProviderRoute Route(string prefix, string? nextHop) =>
        new() { Prefix = IPNetwork.Parse(prefix), NextHop = nextHop is null ? null : IPAddress.Parse(nextHop) };

    [Fact]
    public void Host_AddressOfAnotherHost_NamesIt() =>
        Finds(Host("host9", "192.168.4.90", "192.168.4.11"), "/providerAddresses/1", "192.168.4.11 is already used by Host host1", OneOwner);

    [Fact]
    public void Host_AddressOfAnEndpoint_NamesIt() =>
        Finds(Host("host9", "192.168.4.99"), "/providerAddresses/0", "192.168.4.99 is already used by ProviderEndpoint 192.168.4.99", OneOwner);

    [Fact]
    public void Endpoint_AddressOfAHost_NamesIt() => Finds(
        new ProviderEndpoint { Name = "e", ProviderAddress = IPAddress.Parse("192.168.4.22") },
        "/providerAddress", "192.168.4.22 is already used by Host host2", OneOwner);

    [Fact]
    public void Host_AddressTwice_IsFound() =>
        Finds(Host("host9", "192.168.4.90", "192.168.4.90"), "/providerAddresses/1", "192.168.4.90 is there twice", "remove one of them");

    [Fact]
    public void Host_TwoOfOneRequestWithOneAddress_ToldOnceToTheLater() => Finds(
        ChangeSet.Put(Host("host9", "192.168.4.90"), Host("host8", "192.168.4.90")),
        new Finding("Host host8", "/providerAddresses/0", "192.168.4.90 is already used by Host host9", OneOwner, 1));

    [Fact]
    public void Host_AddressesSwappedInOneRequest_IsAccepted() =>
        Commit(Cloud, ChangeSet.Put(Host("host1", "192.168.4.22"), Host("host2", "192.168.4.11")));

    [Theory]
    [InlineData("239.1.1.1", "multicast")]
    [InlineData("127.0.0.1", "loopback")]
    [InlineData("0.0.0.0", "unspecified")]
    [InlineData("255.255.255.255", "broadcast")]
    public void Host_AddressThatIsNotUnicast_IsFound(string address, string what) => Finds(
        Host("host9", address), "/providerAddresses/0", $"{address} is a {what} address", "give a unicast address of the provider network");

    [Fact]
    public void Host_AddressesOfBothFamilies_AreAccepted()
    {
        Accepts(Host("host9", "2001:db8::1", "192.168.4.91"));
        Accepts(Host("host9", "fd00::9"));
    }

    [Theory]
    [InlineData("ff05::1", "ff05::1 is a multicast address", "give a unicast address of the provider network")]
    [InlineData("::1", "::1 is a loopback address", "give a unicast address of the provider network")]
    [InlineData("::ffff:192.168.4.9", "::ffff:192.168.4.9 is a IPv4-mapped address", "give a unicast address of the provider network")]
    [InlineData("fe80::1", "fe80::1 is a link-local address", "give a global or unique local address: a link-local one means nothing without its link")]
    public void Host_Ipv6AddressThatNamesNoHost_IsFound(string address, string what, string remedy) => Finds(Host("host9", address), "/providerAddresses/0", what, remedy);

    [Theory]
    [InlineData("192.168.4.1", "192.168.4.2", "192.168.4.2")]
    [InlineData("192.168.4.1 fd00::1", "192.168.4.2 fd00::2", "192.168.4.2")]
    [InlineData("fd00::1 192.168.4.1", "fd00::2 192.168.4.2", "192.168.4.2")]
    [InlineData("fd00::1 192.168.4.1", "fd00::2", "fd00::2")]
    [InlineData("fd00::1", "fd00::3 192.168.4.2 fd00::2", "fd00::3")]
    [InlineData("fd00::1", "fd00::2", "fd00::2")]
    public void Hosts_WithACommonFamily_ComeToTheSameOne(string from, string to, string reached)
    {
        Host a = Host("a", from.Split(' ')), b = Host("b", to.Split(' '));
        Assert.Equal(IPAddress.Parse(reached), b.AddressFor(a.Family));

        // The one that is sent from is where the other one sends to.
        Assert.Equal(b.AddressFor(a.Family)!.AddressFamily, a.AddressFor(b.Family)!.AddressFamily);
    }

    [Fact]
    public void Host_TooManyAddresses_IsFoundOnce() => Finds(
        Host("host9", [.. Enumerable.Range(1, 17).Select(i => $"192.168.9.{i}")]), "/providerAddresses", "has 17 addresses", "a host has at most 16");
}

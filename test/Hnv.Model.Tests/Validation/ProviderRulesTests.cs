using System.Net;
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
    public void Host_Ipv6Address_IsNotInThisVersion() => Finds(
        Host("host9", "2001:db8::1"), "/providerAddresses/0",
        "2001:db8::1 is an IPv6 address, and provider networks are IPv4 in this version", "give an IPv4 address");

    [Fact]
    public void Host_TooManyAddresses_IsFoundOnce() => Finds(
        Host("host9", [.. Enumerable.Range(1, 17).Select(i => $"192.168.9.{i}")]), "/providerAddresses", "has 17 addresses", "a host has at most 16");
}

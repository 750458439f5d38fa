using System.Net;
using Hnv.Model.Resources;
using Hnv.Model.Validation;
using static Hnv.Model.Tests.Sample;

namespace Hnv.Model.Tests.Validation;

public class VmNetworkRulesTests
{
    private const string UniqueVsid = "a VSID is unique in the cloud; choose another";
    private const string VsidRange = "VSIDs are 4096 to 16777214 (RFC 7637 reserves the others)";
    private const string Unicast = "use a prefix of unicast addresses";

    [Fact]
    public void Network_PrefixesOfAnotherNetwork_AreAccepted() => Accepts(Net(Subnet(7001, "10.0.0.0/24", "2001:db8:5001::/64")));

    [Fact]
    public void Network_WithoutRdid_GetsOneAndKeepsIt()
    {
        Guid made = new("aaaaaaaa-0000-0000-0000-000000000001");
        CloudModel first = ModelValidator.Validate(Cloud, ChangeSet.Put(Net()), default, () => made).Next;
        Assert.Equal(made, first.FindVmNetwork("green-corp", "green")!.RoutingDomainId);

        ValidationOutcome again = ModelValidator.Validate(first, ChangeSet.Put(Net()), default, () => Guid.NewGuid());
        Assert.Equal(ChangeOutcome.Unchanged, Assert.Single(again.Changes).Outcome);
        Assert.Equal(made, again.Next.FindVmNetwork("green-corp", "green")!.RoutingDomainId);
    }

    [Fact]
    public void Network_RdidOfAnother_NamesIt() => Finds(
        Net() with { RoutingDomainId = BlueId }, "/routingDomainId",
        "{11111111-2222-3333-4444-000000005001} is already used by VmNetwork blue-corp/blue", "leave it out and one is made");

    [Fact]
    public void Network_RdidChanged_IsRefused() => Finds(
        Red with { RoutingDomainId = new Guid("aaaaaaaa-0000-0000-0000-000000000001") }, "/routingDomainId",
        "cannot be changed to {aaaaaaaa-0000-0000-0000-000000000001}: the network is {11111111-2222-3333-4444-000000006001}",
        "keep it or leave it out; for another routing domain make another network");

    [Fact]
    public void Subnet_VsidOfAnotherNetwork_NamesIt() =>
        Finds(Net(Subnet(5001, "10.9.0.0/24")), "/subnets/0/vsid", "VSID 5001 is already used by VmNetwork blue-corp/blue", UniqueVsid);

    [Fact]
    public void Subnet_VsidOfAnotherTenant_IsNotNamedToATenant() => Finds(
        Accepts(new Tenant { Name = "green-corp" }), ChangeSet.Put(Net(Subnet(5001, "10.9.0.0/24"))), Viewer.OfTenant("green-corp"),
        new Finding("VmNetwork green-corp/green", "/subnets/0/vsid", "VSID 5001 is already in use", UniqueVsid, 0));

    [Fact]
    public void Subnet_VsidTwiceInOneNetwork_SaysWhere() => Finds(
        Net(Subnet(7001, "10.9.0.0/24"), Subnet(7001, "10.8.0.0/24")), "/subnets/1/vsid",
        "VSID 7001 is already used by /subnets/0 of this network", UniqueVsid);

    [Theory]
    [InlineData(0)]
    [InlineData(4095)]
    [InlineData(16777215)]
    [InlineData(16777216)]
    public void Subnet_ReservedVsid_SaysTheRange(uint vsid) =>
        Finds(Net(Subnet(vsid, "10.9.0.0/24")), "/subnets/0/vsid", $"VSID {vsid} is reserved or too large", VsidRange);

    [Theory]
    [InlineData(4096)]
    [InlineData(16777214)]
    public void Subnet_VsidAtTheEdgeOfTheRange_IsAccepted(uint vsid) => Accepts(Net(Subnet(vsid, "10.9.0.0/24")));

    [Fact]
    public void Subnet_WithoutPrefix_IsFound() =>
        Finds(Net(Subnet(7001)), "/subnets/0/prefixes", "subnet 7001 has no prefix", "give an IPv4 prefix, an IPv6 prefix or both");

    [Fact]
    public void Subnet_TwoPrefixesOfAFamily_IsFound() => Finds(
        Net(Subnet(7001, "10.9.0.0/24", "2001:db8::/64", "10.8.0.0/24")), "/subnets/0/prefixes/2",
        "10.8.0.0/24 is a second IPv4 prefix, after 10.9.0.0/24", "a subnet has at most one prefix of each family; make another subnet");

    [Theory]
    [InlineData("10.9.0.0/31", "IPv4", 30)]
    [InlineData("10.9.0.0/32", "IPv4", 30)]
    [InlineData("2001:db8::/127", "IPv6", 126)]
    [InlineData("2001:db8::/128", "IPv6", 126)]
    public void Subnet_PrefixTooLong_IsFound(string prefix, string family, int longest) => Finds(
        Net(Subnet(7001, prefix)), "/subnets/0/prefixes/0", $"{prefix} has no room for a gateway and a VM",
        $"the length of an {family} prefix is at most {longest}");

    [Theory]
    [InlineData("10.9.0.0/30")]
    [InlineData("2001:db8::/126")]
    public void Subnet_LongestPrefix_IsAccepted(string prefix) => Accepts(Net(Subnet(7001, prefix)));

    [Theory]
    [InlineData("127.0.0.0/24", "127.0.0.0/24 is loopback")]
    [InlineData("169.254.7.0/24", "169.254.7.0/24 is link-local")]
    [InlineData("239.0.0.0/8", "239.0.0.0/8 is multicast")]
    [InlineData("0.0.0.0/8", "0.0.0.0/8 is unspecified")]
    [InlineData("224.0.0.0/3", "224.0.0.0/3 contains 224.0.0.0/4, which is multicast")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0 contains 0.0.0.0/8, which is unspecified")]
    [InlineData("fe80::/64", "fe80::/64 is link-local")]
    [InlineData("ff02::/64", "ff02::/64 is multicast")]
    [InlineData("::/0", "::/0 contains ::/128, which is unspecified")]
    public void Subnet_PrefixThatIsNotUnicast_IsFound(string prefix, string problem) =>
        Finds(Net(Subnet(7001, prefix)), "/subnets/0/prefixes/0", problem, Unicast);

    [Theory]
    [InlineData("10.9.0.0/24", "10.9.0.0/24")]
    [InlineData("10.9.0.0/16", "10.9.7.0/24")]
    [InlineData("10.9.7.0/24", "10.9.0.0/16")]
    [InlineData("2001:db8::/48", "2001:db8:0:7::/64")]
    public void Subnets_ThatOverlap_ToldToTheLater(string first, string second) => Finds(
        Net(Subnet(7001, first), Subnet(7002, second)), "/subnets/1/prefixes/0", $"{second} overlaps {first} of subnet 7001",
        "the subnets of a VM network do not overlap; other VM networks may use the same prefixes");

    [Fact]
    public void Subnets_SideBySide_AreAccepted() =>
        Accepts(Net(Subnet(7001, "10.9.0.0/25"), Subnet(7002, "10.9.0.128/25", "2001:db8::/64"), Subnet(7003, "2001:db8:0:1::/64")));

    [Fact]
    public void Subnet_BadName_IsFound() => Finds(
        Net(Subnet(7001, "10.9.0.0/24") with { Name = "Web!" }), "/subnets/0/name", "'Web!' is not a name", NameRules.Remedy);

    [Fact]
    public void Gateways_InThePrefixes_AreAccepted() =>
        Accepts(Net(Gateways("10.9.0.254", "2001:db8::fe")));

    [Theory]
    [InlineData("10.8.0.1", "10.8.0.1 is outside 10.9.0.0/24 of subnet 7001", "choose an address of 10.9.0.0/24")]
    [InlineData("10.9.0.0", "10.9.0.0 is the network address of 10.9.0.0/24", "choose another address of 10.9.0.0/24")]
    [InlineData("10.9.0.255", "10.9.0.255 is the broadcast address of 10.9.0.0/24", "choose another address of 10.9.0.0/24")]
    [InlineData("2001:db8::", "2001:db8:: is the subnet-router anycast address of 2001:db8::/64", "choose another address of 2001:db8::/64")]
    public void Gateway_ThatCannotBe_IsFound(string gateway, string problem, string remedy) =>
        Finds(Net(Gateways(gateway)), "/subnets/0/gateways/0", problem, remedy);

    [Fact]
    public void Gateway_WithoutPrefixOfItsFamily_IsFound() => Finds(
        Net(Subnet(7001, "10.9.0.0/24") with { Gateways = Addresses("2001:db8::1") }), "/subnets/0/gateways/0",
        "2001:db8::1 is IPv6, and subnet 7001 has no IPv6 prefix", "remove it, or add the prefix");

    [Fact]
    public void Gateway_SecondOfItsFamily_IsFound() => Finds(
        Net(Gateways("10.9.0.254", "10.9.0.253")), "/subnets/0/gateways/1", "10.9.0.253 is a second IPv4 gateway", "a subnet has one gateway of each family");

    [Fact]
    public void Network_TooManySubnets_IsFoundOnce() => Finds(
        Net([.. Enumerable.Range(0, 1025).Select(_ => Subnet(0))]), "/subnets", "has 1025 subnets", "a VM network has at most 1024");

    [Fact]
    public void Network_MostSubnets_AreAccepted() => Accepts(Net(
        [.. Enumerable.Range(0, 1024).Select(i => new VirtualSubnet { Vsid = (uint)(8000 + i), Prefixes = [IPNetwork.Parse($"10.{i / 256}.{i % 256}.0/24")] })]));

    [Fact]
    public void Network_SeveralMistakes_AreAllFound()
    {
        ValidationOutcome outcome = ModelValidator.Validate(
            Cloud, ChangeSet.Put(Net(Subnet(1, "10.9.0.0/32"), Subnet(5001), Subnet(7001, "10.9.0.0/24") with { Gateways = Addresses("10.9.0.0") })));
        Assert.Equal(
            ["/subnets/0/vsid", "/subnets/0/prefixes/0", "/subnets/1/vsid", "/subnets/1/prefixes", "/subnets/2/gateways/0", "/subnets/2/prefixes/0"],
            outcome.Findings.Select(f => f.Field));
    }

    private static VirtualSubnet Gateways(params string[] gateways) =>
        Subnet(7001, "10.9.0.0/24", "2001:db8::/64") with { Gateways = Addresses(gateways) };

    private static VmNetwork Net(params VirtualSubnet[] subnets) => new() { Name = "green", Tenant = "green-corp", Subnets = [.. subnets] };
}

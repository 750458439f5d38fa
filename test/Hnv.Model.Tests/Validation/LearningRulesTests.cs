using System.Net;
using Hnv.Model.Resources;
using Hnv.Model.Validation;
using static Hnv.Model.Tests.Sample;

namespace Hnv.Model.Tests.Validation;

public class LearningRulesTests
{
    private const string Six = "2001:db8:5001::50-2001:db8:5001::99";

    [Fact]
    public void Subnet_WithEverything_IsAccepted() => Accepts(
        BlueWith(s => s with
        {
            Learning = LearningMode.Dynamic,
            LearningAge = 60,
            Flooding = FloodingMode.Multicast,
            MulticastGroup = IPAddress.Parse("239.1.1.1"),
            RouterAdvertisements = RouterAdvertisementMode.Managed,
            Pool = Full,
        }),
        Red with { Subnets = [Red.Subnets[0] with { Flooding = FloodingMode.Multicast, MulticastGroup = IPAddress.Parse("239.1.1.1") }] });

    [Fact]
    public void Subnet_GroupOfAnIpv6ProviderNetwork_IsAccepted() => Accepts(
        BlueWith(s => s with { Flooding = FloodingMode.Multicast, MulticastGroup = IPAddress.Parse("ff05::4e56:1") }));

    [Theory]
    [InlineData(FloodingMode.Multicast, null, "is missing: subnet 5001 floods by multicast", "give a group of the provider network such as 239.1.1.1, or say flooding: unicast")]
    [InlineData(FloodingMode.Unicast, "239.1.1.1", "239.1.1.1 has no use: subnet 5001 does not flood by multicast", "say flooding: multicast, or remove the group")]
    [InlineData(FloodingMode.Multicast, "192.168.4.9", "192.168.4.9 is not a multicast address", "give one of 224.0.1.0 to 239.255.255.255, best of 239.0.0.0/8")]
    [InlineData(FloodingMode.Multicast, "224.0.0.251", "224.0.0.251 is of 224.0.0.0/24, which is for protocols of one link (RFC 5771), which nothing routes", "give a group of 239.0.0.0/8")]
    [InlineData(FloodingMode.Multicast, "232.1.1.1", "232.1.1.1 is of 232.0.0.0/8, which is source-specific (RFC 4607): members would have to name every host", "give a group of 239.0.0.0/8")]
    [InlineData(FloodingMode.Multicast, "2001:db8::1", "2001:db8::1 is not a multicast address of a provider network", "give one of ff05::/16 (site) or ff08::/16 (organisation)")]
    [InlineData(FloodingMode.Multicast, "ff02::1:1", "ff02::1:1 is not a multicast address of a provider network", "give one of ff05::/16 (site) or ff08::/16 (organisation)")]
    public void Subnet_GroupThatDoesNotFit_IsFound(FloodingMode flooding, string? group, string problem, string remedy) => Finds(
        BlueWith(s => s with { Flooding = flooding, MulticastGroup = group is null ? null : IPAddress.Parse(group) }), "/subnets/0/multicastGroup", problem, remedy);

    [Fact]
    public void Subnet_WrittenAnew_StaysInItsEpochAndForgetsNothingOfWhatItForgot()
    {
        VirtualSubnet before = Blue.Subnets[0].Forget(null, "blue-corp/blue1", "admin").Forget(IPAddress.Parse("10.0.0.70"), null, "admin");
        CloudModel cloud = Cloud.With(Blue with { Subnets = [before, Blue.Subnets[1]] });

        ValidationOutcome written = ModelValidator.Validate(cloud, ChangeSet.Put(Blue));
        Assert.Equal(ChangeOutcome.Unchanged, Assert.Single(written.Changes).Outcome);

        // A step further is one.
        VirtualSubnet after = before.Forget(IPAddress.Parse("10.0.0.71"), null, "tenant:blue-corp");
        ValidationOutcome forgotten = ModelValidator.Validate(cloud, ChangeSet.Put(Blue with { Subnets = [after, Blue.Subnets[1]] }));
        Assert.Equal((ChangeOutcome.Changed, after), (Assert.Single(forgotten.Changes).Outcome, forgotten.Next.FindSubnet(5001)!.Subnet));
        Assert.Equal(3u, after.LearningEpoch);
    }

    [Fact]
    public void Forget_OfTheSameOrOfEverything_ReplacesWhatItCoversAndTheListIsBounded()
    {
        VirtualSubnet subnet = Blue.Subnets[0];
        for (int i = 0; i < ModelLimits.ForgottenPerSubnet + 5; i++)
        {
            subnet = subnet.Forget(IPAddress.Parse($"10.0.0.{i + 10}"), null, "admin");
        }

        Assert.Equal((ModelLimits.ForgottenPerSubnet, (uint)ModelLimits.ForgottenPerSubnet + 5), (subnet.Forgotten.Length, subnet.LearningEpoch));
        Assert.Equal(subnet.Forgotten.Length, subnet.Forget(IPAddress.Parse("10.0.0.20"), null, "admin").Forgotten.Length);
        VirtualSubnet all = subnet.Forget(null, null, "admin", known: 500);
        Assert.Equal(new Forgotten(501, null, null, "admin"), Assert.Single(all.Forgotten));
        Assert.True(all.Forgotten[0].Covers(IPAddress.Parse("10.0.0.1"), "a/b", 500));
        Assert.False(all.Forgotten[0].Covers(IPAddress.Parse("10.0.0.1"), "a/b", 501));
    }

    [Fact]
    public void Subnet_AdvertisementsWithoutAPrefix_AreFound() => Finds(
        Red with { Subnets = [Red.Subnets[0] with { RouterAdvertisements = RouterAdvertisementMode.Slaac }] }, "/subnets/0/routerAdvertisements",
        "subnet 6001 has no IPv6 prefix to advertise", "add an IPv6 prefix to the subnet, or remove the field");

    [Fact]
    public void Subnet_SlaacOfAnotherLength_IsFound() => Finds(
        Red with { Subnets = [Subnet(6001, "10.0.0.0/24", "2001:db8::/80") with { RouterAdvertisements = RouterAdvertisementMode.Slaac }] },
        "/subnets/0/routerAdvertisements", "VMs make addresses from prefixes of 64 bits only (RFC 4862), and 2001:db8::/80 is another",
        "give the subnet a prefix of 64 bits, or say managed");

    [Theory]
    [InlineData("10.0.1.5-10.0.1.9", "10.0.1.5 is outside 10.0.0.0/24 of subnet 5001", "give a range of 10.0.0.0/24")]
    [InlineData("10.0.0.5-10.0.1.9", "10.0.1.9 is outside 10.0.0.0/24 of subnet 5001", "give a range of 10.0.0.0/24")]
    [InlineData("10.0.0.9-10.0.0.5", "10.0.0.9-10.0.0.5 runs backwards", "write 10.0.0.5-10.0.0.9")]
    [InlineData("10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.9 contains 10.0.0.1, the distributed gateway of subnet 5001", "begin or end the range elsewhere, or give the gateway another address in the subnet's gateways")]
    [InlineData("10.0.0.200-10.0.0.255", "10.0.0.255 is the broadcast address of 10.0.0.0/24", "leave it out of the range")]
    [InlineData(Six, Six + " is not a range of IPv4 addresses", "IPv6 addresses go into range6")]
    public void Pool_RangeThatDoesNotFit_IsFound(string range, string problem, string remedy) =>
        Finds(BlueWith(s => s with { Pool = Pool(range) }), "/subnets/0/pool/range", problem, remedy);

    [Fact]
    public void Pool_OfAFamilyThatTheSubnetLacks_IsFound() => Finds(
        Red with { Subnets = [Red.Subnets[0] with { Pool = new AddressPool { Range6 = Range(Six) } }] }, "/subnets/0/pool/range6",
        "subnet 6001 has no IPv6 prefix", "add a prefix to the subnet, or remove the range");

    [Fact]
    public void Pool_WithoutARange_IsFound() => Finds(
        BlueWith(s => s with { Pool = new AddressPool() }), "/subnets/0/pool/range", "is missing: the pool has no addresses",
        "give a range such as 10.0.0.50-10.0.0.99, or range6, or both");

    [Fact]
    public void Pool_WithOtherMistakes_FindsAll() => Finds(
        ChangeSet.Put(BlueWith(s => s with
        {
            Pool = Full with
            {
                Dns = Addresses("10.0.0.2", "10.0.0.2", "239.1.1.1"),
                Routes =
                [
                    new(IPNetwork.Parse("172.16.0.0/12"), IPAddress.Parse("10.0.1.9")), new(IPNetwork.Parse("2001:db8::/32"), IPAddress.Parse("10.0.0.9")),
                    new(IPNetwork.Parse("172.16.0.0/12"), IPAddress.Parse("10.0.0.9")),
                ],
                Mtu = 1200,
                Domain = "blue_corp",
                LeaseSeconds = 1,
            },
        })),
        [
            Found("dns/1", "10.0.0.2 is there twice", "remove one of them"),
            Found("dns/2", "239.1.1.1 is a multicast address", "give the unicast address of a server"),
            Found("routes/0/nextHop", "10.0.1.9 is outside 10.0.0.0/24 of subnet 5001", "a VM reaches a next hop directly: choose an address of 10.0.0.0/24"),
            Found("routes/1/prefix", "2001:db8::/32 is IPv6, and routes are given out by DHCPv4 (option 121)", "give an IPv4 prefix"),
            Found("routes/2/prefix", "172.16.0.0/12 is there twice", "remove one of them"),
            Found("mtu", "1200 is out of range", "an MTU of 1280 to 9216 bytes can be given out in a subnet with IPv6"),
            Found("leaseSeconds", "1 s is out of range", "a lease is 60 to 2592000 seconds"),
            Found("domain", "'blue_corp' is not a DNS domain", "use letters, digits and '-' in labels of at most 63 characters with dots between them"),
        ]);

    [Fact]
    public void Port_WithoutAnySource_IsFound() => Finds(
        Blue1 with { LearningSources = LearningSources.None }, "/learningSources", "is empty, so that nothing would ever be learned",
        "leave it out for all sources, or say learning: static");

    [Fact]
    public void Port_AddressThatAnotherOneHasFromThePool_IsFoundWhateverTheOrder()
    {
        CloudModel cloud = Accepts(BlueWith(s => s with { Pool = Pool("10.0.0.50-10.0.0.99") }), Blue1 with { Addresses = [] });
        var finding = new Finding(
            Blue2.Id.ToString(), "/addresses/0", "10.0.0.50 is already used by Port blue-corp/blue1 in subnet 5001, from its pool",
            "choose another address, or give that port an address of its own");
        Port claims = Blue2 with { Addresses = Addresses("10.0.0.50") };

        Finds(cloud, ChangeSet.Put(claims), default, finding with { Document = 0 });
        Finds(cloud, ChangeSet.Put(claims, Blue1 with { Addresses = [] }), default, finding with { Document = 0 });
        Finds(cloud, ChangeSet.Put(Blue1 with { Addresses = [] }, claims), default, finding with { Document = 1 });
        Finds(cloud, ChangeSet.Put(claims, Blue1), default);
    }

    [Theory]
    [InlineData(LearningMode.Static, null, null, RouterAdvertisementMode.Off)]
    [InlineData(LearningMode.Dynamic, null, null, RouterAdvertisementMode.Slaac)]
    [InlineData(LearningMode.Dynamic, Six, null, RouterAdvertisementMode.Managed)]
    [InlineData(LearningMode.Static, Six, null, RouterAdvertisementMode.Managed)]
    [InlineData(LearningMode.Dynamic, Six, RouterAdvertisementMode.Off, RouterAdvertisementMode.Off)]
    public void EffectiveRouterAdvertisements_FollowFromTheSubnet(
        LearningMode learning, string? range6, RouterAdvertisementMode? said, RouterAdvertisementMode effective)
    {
        VirtualSubnet subnet = Blue.Subnets[0] with
        {
            Learning = learning, RouterAdvertisements = said, Pool = range6 is null ? null : new AddressPool { Range6 = Range(range6) },
        };
        Assert.Equal(effective, subnet.EffectiveRouterAdvertisements);
        Assert.Equal(said ?? RouterAdvertisementMode.Off, (subnet with { Prefixes = [], Pool = null }).EffectiveRouterAdvertisements);
    }

    private static AddressPool Full => new()
    {
        Range = Range("10.0.0.50-10.0.0.99"),
        Range6 = Range(Six),
        Gateway = false,
        Dns = Addresses("10.0.0.2", "2001:db8::2"),
        Routes = [new(IPNetwork.Parse("172.16.0.0/12"), IPAddress.Parse("10.0.0.9"))],
        Mtu = 1458,
        Domain = "blue.example",
        LeaseSeconds = 600,
    };

    private static Finding Found(string field, string problem, string remedy) => new("VmNetwork blue-corp/blue", $"/subnets/0/pool/{field}", problem, remedy, 0);
}

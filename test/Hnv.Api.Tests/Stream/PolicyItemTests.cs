using System.Net;
using System.Text.Json;
using Hnv.Api.Stream;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Api.Tests.Stream;

public class PolicyItemTests
{
    private static readonly SubnetItem Subnet = new(5001, "web", IPNetwork.Parse("10.0.0.0/24"), null, IPAddress.Parse("10.0.0.1"), null);
    private static readonly PortItem Port = new("blue/blue1", 7, 5001, "v-blue1", MacAddress.Parse("06:06:00:00:00:05"));

    private static readonly SubnetItem LearningSubnet = Subnet with
    {
        Learning = LearningMode.Dynamic,
        Flooding = FloodingMode.Multicast,
        MulticastGroup = IPAddress.Parse("239.1.1.1"),
        LearningAge = 60,
        LearningEpoch = 2,
        Forgotten = new ForgottenItems([new ForgottenItem(1, IPAddress.Parse("10.0.0.9"), null), new ForgottenItem(2, null, "blue/blue1")]),
        RouterAdvertisements = RouterAdvertisementMode.Managed,
        Pool = new PoolItem(
            true, [IPAddress.Parse("10.0.0.2")], [new PoolRoute(IPNetwork.Parse("172.16.0.0/12"), IPAddress.Parse("10.0.0.9"))], 1458, "blue.example", 3600),
    };

    /// <summary>The digests of hosts' caches are taken over this form: it stays as it is.</summary>
    [Theory]
    [MemberData(nameof(Static))]
    public void Json_WithoutLearning_IsTheFormOfTheFirstVersion(PolicyItem item, string json) =>
        Assert.Equal(json, JsonSerializer.Serialize(item, HnvJson.Options));

    [Theory]
    [MemberData(nameof(Learning))]
    public void Json_WithLearning_IsTheDocumentedForm_AndIsReadBackAsEqual(PolicyItem item, string json)
    {
        Assert.Equal(json, JsonSerializer.Serialize(item, HnvJson.Options));
        PolicyItem back = JsonSerializer.Deserialize<PolicyItem>(json, HnvJson.Options)!;
        Assert.Equal(item, back);
        Assert.Equal(item.GetHashCode(), back.GetHashCode());
        Assert.Equal(PolicyDigest.Of(item), PolicyDigest.Of(back));
    }

    [Fact]
    public void Equals_AnotherPool_False()
    {
        PoolItem pool = LearningSubnet.Pool!;
        Assert.All(
            (PoolItem[])
            [
                pool with { Gateway = false }, pool with { Dns = [] }, pool with { Routes = [] }, pool with { Mtu = null }, pool with { Domain = null },
                pool with { LeaseSeconds = 60 },
            ],
            other => Assert.NotEqual(LearningSubnet, LearningSubnet with { Pool = other }));
    }

    public static TheoryData<PolicyItem, string> Static() => new()
    {
        { Subnet, """{"item":"subnet","vsid":5001,"name":"web","prefix4":"10.0.0.0/24","gateway4":"10.0.0.1","key":"subnet/5001"}""" },
        { Port, """{"item":"port","name":"blue/blue1","number":7,"vsid":5001,"interface":"v-blue1","mac":"06:06:00:00:00:05","key":"port/blue/blue1"}""" },
        { new ProviderAddressItem(IPAddress.Parse("192.168.4.11"), 0), """{"item":"providerAddress","address":"192.168.4.11","preference":0,"key":"pa/192.168.4.11"}""" },
    };

    public static TheoryData<PolicyItem, string> Learning() => new()
    {
        {
            new ProviderAddressItem(IPAddress.Parse("192.168.4.11"), 0) { PrefixLength = 24, Vlan = 100, Mac = MacAddress.Parse("00:15:5d:01:02:03"), Uplink = "eth1.100" },
            """{"item":"providerAddress","address":"192.168.4.11","preference":0,"key":"pa/192.168.4.11","prefixLength":24,"vlan":100,"mac":"00:15:5d:01:02:03","uplink":"eth1.100"}"""
        },
        {
            new ProviderRouteItem(IPNetwork.Parse("0.0.0.0/0"), IPAddress.Parse("192.168.4.1"), null, 5),
            """{"item":"providerRoute","prefix":"0.0.0.0/0","nextHop":"192.168.4.1","metric":5,"key":"proute/0.0.0.0/0/5"}"""
        },
        {
            LearningSubnet,
            """{"item":"subnet","vsid":5001,"name":"web","prefix4":"10.0.0.0/24","gateway4":"10.0.0.1","key":"subnet/5001","learning":"dynamic","flooding":"multicast","multicastGroup":"239.1.1.1","learningAge":60,"learningEpoch":2,"forgotten":{"entries":[{"epoch":1,"address":"10.0.0.9"},{"epoch":2,"port":"blue/blue1"}]},"routerAdvertisements":"managed","pool":{"gateway":true,"dns":["10.0.0.2"],"routes":[{"prefix":"172.16.0.0/12","nextHop":"10.0.0.9"}],"mtu":1458,"domain":"blue.example","leaseSeconds":3600}}"""
        },
        {
            Port with
            {
                LearnLimit = 16, LearnSources = LearningSources.All, DhcpGuard = true, RouterGuard = true, StormLimit = 1000,
                Lease4 = IPAddress.Parse("10.0.0.50"), Lease6 = IPAddress.Parse("2001:db8::50"),
            },
            """{"item":"port","name":"blue/blue1","number":7,"vsid":5001,"interface":"v-blue1","mac":"06:06:00:00:00:05","key":"port/blue/blue1","learnLimit":16,"learnSources":"all","dhcpGuard":true,"routerGuard":true,"stormLimit":1000,"lease4":"10.0.0.50","lease6":"2001:db8::50"}"""
        },
        {
            Port with { LearnLimit = 1, LearnSources = LearningSources.Dhcp | LearningSources.Arp },
            """{"item":"port","name":"blue/blue1","number":7,"vsid":5001,"interface":"v-blue1","mac":"06:06:00:00:00:05","key":"port/blue/blue1","learnLimit":1,"learnSources":"dhcp, arp"}"""
        },
        {
            new MemberItem(5001, Port.Mac, IPAddress.Parse("192.168.4.11"), "blue/blue1", true),
            """{"item":"member","vsid":5001,"mac":"06:06:00:00:00:05","providerAddress":"192.168.4.11","port":"blue/blue1","learns":true,"key":"member/5001/06:06:00:00:00:05"}"""
        },
        {
            new MemberItem(5001, Port.Mac, null, "blue/blue1", false),
            """{"item":"member","vsid":5001,"mac":"06:06:00:00:00:05","port":"blue/blue1","learns":false,"key":"member/5001/06:06:00:00:00:05"}"""
        },
    };
}

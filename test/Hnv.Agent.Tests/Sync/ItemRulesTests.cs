using System.Net;
using Hnv.Agent.Sync;
using Hnv.Api.Stream;
using Hnv.Model.Resources;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Sync;

/// <summary>What a controller may say of learning, flooding and pools.</summary>
public sealed class ItemRulesTests
{
    private static readonly PoolItem s_pool = new(
        true, [IPAddress.Parse("10.0.0.2")], [new PoolRoute(IPNetwork.Parse("172.16.0.0/12"), IPAddress.Parse("10.0.0.9"))], 1458, "blue.example", 3600);

    private static readonly SubnetItem s_subnet = Subnet() with
    {
        Learning = LearningMode.Dynamic, Flooding = FloodingMode.Multicast, MulticastGroup = IPAddress.Parse("239.1.1.1"), LearningAge = 60,
        RouterAdvertisements = RouterAdvertisementMode.Slaac, Pool = s_pool,
    };

    public static TheoryData<PolicyItem> Right() =>
    [
        s_subnet, s_subnet with { Pool = s_pool with { Dns = [], Routes = [], Mtu = null, Domain = null } }, Member(), Member(pa: null),
        Port() with { LearnLimit = 1024, LearnSources = LearningSources.All, Lease4 = IPAddress.Parse("10.0.0.50"), Lease6 = IPAddress.Parse("2001:db8::50") },
    ];

    public static TheoryData<PolicyItem, string> Wrong() => new()
    {
        { s_subnet with { Learning = (LearningMode)2 }, "a mode of it is not known" },
        { s_subnet with { Flooding = FloodingMode.Unicast }, "a multicast group belongs to flooding by multicast" },
        { s_subnet with { MulticastGroup = null }, "a multicast group belongs to flooding by multicast" },
        { s_subnet with { MulticastGroup = IPAddress.Parse("192.168.4.1") }, "is not a multicast group" },
        { s_subnet with { MulticastGroup = IPAddress.Parse("fd05::1") }, "is not a multicast group" },
        { s_subnet with { LearningAge = 1 }, "is not a learning age" },
        { s_subnet with { Pool = s_pool with { Dns = default } }, "is not whole" },
        { s_subnet with { Pool = s_pool with { Dns = [.. Enumerable.Repeat(IPAddress.Loopback, 9)] } }, "hands out too much" },
        { s_subnet with { Pool = s_pool with { Dns = [IPAddress.Parse("::ffff:10.0.0.2")] } }, "DNS servers are not addresses" },
        { s_subnet with { Pool = s_pool with { Routes = [new PoolRoute(IPNetwork.Parse("::/0"), IPAddress.Parse("10.0.0.9"))] } }, "routes are not IPv4" },
        { s_subnet with { Pool = s_pool with { Mtu = 68 } }, "is not an MTU" },
        { s_subnet with { Pool = s_pool with { Domain = new string('a', 254) } }, "domain is not one" },
        { s_subnet with { Pool = s_pool with { LeaseSeconds = 0 } }, "is not the length of a lease" },
        { Port() with { LearnLimit = 1025 }, "more than a port may learn" },
        { Port() with { LearnSources = (LearningSources)32 }, "a source that it learns from" },
        { Port() with { Lease4 = IPAddress.Parse("2001:db8::50") }, "is of the other family" },
        { Port() with { Lease6 = IPAddress.Parse("10.0.0.50") }, "is of the other family" },
        { Member(vsid: 1), "is not a virtual subnet identifier" },
        { Member("ff:ff:ff:ff:ff:ff"), "is not the address of an adapter" },
        { Member(pa: "239.1.1.1"), "is not a provider address" },
        { Member(port: ""), "it has no port" },
    };

    [Theory]
    [MemberData(nameof(Right))]
    public void Check_WhatAControllerSays_IsTaken(PolicyItem item) => ItemRules.Check(Blue, item);

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Check_WhatNoControllerSays_IsRefused(PolicyItem item, string why) =>
        Assert.Contains(why, Assert.Throws<PolicyViolationException>(() => ItemRules.Check(Blue, item)).Message, StringComparison.Ordinal);
}

using Hnv.Model.Resources;
using static Hnv.Model.Tests.Sample;

namespace Hnv.Model.Tests.Validation;

public class RouteRulesTests
{
    private const string NextHopRemedy = "a next hop is the address of a VM in one of the network's subnets";
    private const string OnLinkRemedy = "remove the route: subnets of the network are reached directly";

    [Fact]
    public void Routes_ToVmsOfTheNetwork_AreAccepted() => Accepts(With(
        Route("0.0.0.0/0", "10.0.1.250", 10), Route("0.0.0.0/0", "10.0.0.5", 20), Route("10.0.0.0/8", "10.0.1.250"),
        Route("::/0", "2001:db8:5001::5"), Route("172.16.0.1/32", "10.0.0.7")));

    [Fact]
    public void Routes_WithAnExternalRouter_CountInTheSubnetOfTheirNextHop() => Accepts(With(
        Route("10.0.1.0/24", "10.0.0.5"), Route("10.0.0.0/24", "10.0.1.250"), Route("0.0.0.0/0", "10.0.0.5"), Route("0.0.0.0/0", "10.0.1.250")) with { UseExternalRouter = true });

    [Theory]
    [InlineData("10.0.1.0/25", "10.0.1.250", "/routes/1/prefix", "10.0.1.0/25 lies inside 10.0.1.0/24, which is on-link in subnet 5002", OnLinkRemedy)]
    [InlineData("0.0.0.0/0", "10.0.0.7", "/routes/1", "0.0.0.0/0 with metric 0 is already in /routes/0", "give it another metric, or remove one of them")]
    public void Routes_WithAnExternalRouter_OfOneSubnet_AreJudgedAsEver(string prefix, string nextHop, string field, string problem, string remedy) =>
        Finds(With(Route("0.0.0.0/0", "10.0.0.5"), Route(prefix, nextHop)) with { UseExternalRouter = true }, field, problem, remedy);

    [Theory]
    [InlineData("10.9.0.1", "10.9.0.1 is in no subnet of the network")]
    [InlineData("10.0.0.1", "10.0.0.1 is the distributed gateway of subnet 5001")]
    [InlineData("10.0.1.255", "10.0.1.255 is the broadcast address of 10.0.1.0/24")]
    public void NextHop_ThatIsNoVm_IsFound(string nextHop, string problem) =>
        Finds(With(Route("0.0.0.0/0", nextHop)), "/routes/0/nextHop", problem, NextHopRemedy);

    [Fact]
    public void NextHop_OfTheOtherFamily_IsFound() => Finds(
        With(Route("::/0", "10.0.0.5")), "/routes/0/nextHop", "10.0.0.5 is IPv4, and ::/0 is IPv6", "a next hop is of its prefix's family");

    [Fact]
    public void Route_SamePrefixAndMetric_IsFound() => Finds(
        With(Route("0.0.0.0/0", "10.0.0.5", 5), Route("0.0.0.0/0", "10.0.0.7", 5)), "/routes/1",
        "0.0.0.0/0 with metric 5 is already in /routes/0", "give it another metric, or remove one of them");

    [Fact]
    public void Route_ToAnOnLinkPrefix_IsFound() => Finds(
        With(Route("10.0.1.0/24", "10.0.0.5")), "/routes/0/prefix", "10.0.1.0/24 is on-link in subnet 5002", OnLinkRemedy);

    [Fact]
    public void Route_IntoAnOnLinkPrefix_IsFound() => Finds(
        With(Route("10.0.1.128/25", "10.0.0.5")), "/routes/0/prefix", "10.0.1.128/25 lies inside 10.0.1.0/24, which is on-link in subnet 5002", OnLinkRemedy);

    [Theory]
    [InlineData("239.1.0.0/16", "10.0.0.5", "multicast")]
    [InlineData("127.0.0.0/8", "10.0.0.5", "loopback")]
    [InlineData("fe80::/64", "2001:db8:5001::5", "link-local")]
    public void Route_ToWhatIsNotRouted_IsFound(string prefix, string nextHop, string what) => Finds(
        With(Route(prefix, nextHop)), "/routes/0/prefix", $"{prefix} is {what} and not routed", "use a prefix of unicast addresses");

    [Fact]
    public void Network_TooManyRoutes_IsFoundOnce() => Finds(
        With([.. Enumerable.Range(0, 4097).Select(i => Route("0.0.0.0/0", "10.9.0.1"))]), "/routes", "has 4097 routes", "a VM network has at most 4096");

    private static VmNetwork With(params CustomerRoute[] routes) => Blue with { Routes = [.. routes] };
}

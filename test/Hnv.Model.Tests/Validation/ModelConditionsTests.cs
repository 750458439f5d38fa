using Hnv.Model.Resources;
using Hnv.Model.Validation;
using static Hnv.Model.Tests.Sample;

namespace Hnv.Model.Tests.Validation;

public class ModelConditionsTests
{
    [Fact]
    public void Of_SampleCloud_HasNone() => Assert.Empty(ModelConditions.Of(Cloud));

    [Fact]
    public void Of_RouteToNobody_SaysSo() => Has(
        Accepts(Blue with { Routes = [Route("0.0.0.0/0", "10.0.0.5"), Route("10.0.0.0/8", "10.0.1.250")] }),
        new Condition(Blue.Id, ConditionKind.NextHopUnknown, "/routes/1/nextHop", "nobody has 10.0.1.250 yet; the route to 10.0.0.0/8 leads nowhere"));

    [Fact]
    public void Of_RouteToAnExplicitRecord_HasNone() => Has(Accepts(Blue with { Routes = [Route("0.0.0.0/0", "10.0.0.9")] }));

    [Fact]
    public void Of_PortWithoutPlaceAndAddress_SaysBoth() => Has(
        Accepts(Blue1 with { Host = null, Addresses = [] }),
        new Condition(Blue1.Id, ConditionKind.NotPlaced, "/host", "is on no host yet"),
        new Condition(Blue1.Id, ConditionKind.NoAddresses, "/addresses", "has no address; nothing reaches it"));

    [Fact]
    public void Of_RecordOfAPortsAddress_IsShadowed() => Has(
        Accepts(Appliance with { CustomerAddress = Blue1.Addresses[0] }),
        new Condition(Appliance.Id, ConditionKind.ShadowedByPort, "/customerAddress", "10.0.0.5 is at Port blue-corp/blue1, which takes precedence"));

    [Fact]
    public void Of_HostWithoutProviderAddress_ShowsOnHostAndPort() => Has(
        Accepts(Host("host2")),
        new Condition(Host("host2").Id, ConditionKind.NoProviderAddress, "/providerAddresses", "has no provider address yet; other hosts cannot reach it"),
        new Condition(Blue2.Id, ConditionKind.HostHasNoProviderAddress, "/host", "host2 has no provider address yet; other hosts cannot reach the port"));

    [Fact]
    public void Of_PortWithoutAddressInALearningSubnet_HasNone() => Has(
        Accepts(BlueWith(s => s with { Learning = LearningMode.Dynamic, LearningAge = 60 }), Blue1 with { Addresses = [], DynamicAddressLimit = 3 }));

    [Fact]
    public void Of_PortThatMayBringNothing_HasNoAddress() => Has(
        Accepts(BlueWith(s => s with { Learning = LearningMode.Dynamic }), Blue1 with { Addresses = [], Learning = LearningMode.Static }),
        new Condition(Blue1.Id, ConditionKind.NoAddresses, "/addresses", "has no address; nothing reaches it"));

    [Fact]
    public void Of_LearningFieldsWhereNothingIsLearned_SayThatTheyHaveNoEffect()
    {
        const string why = "has no effect: nothing is learned at this port (learning: dynamic at the subnet or the port would change that)";
        Has(
            Accepts(BlueWith(s => s with { LearningAge = 60 }), Blue1 with { DynamicAddressLimit = 3, LearningSources = LearningSources.Arp }),
            new Condition(Blue.Id, ConditionKind.LearnsNothing, "/subnets/0/learningAge", "has no effect: nothing is learned in subnet 5001 (learning: dynamic would change that)"),
            new Condition(Blue1.Id, ConditionKind.LearnsNothing, "/dynamicAddressLimit", why),
            new Condition(Blue1.Id, ConditionKind.LearnsNothing, "/learningSources", why));
        Has(Accepts(BlueWith(s => s with { LearningAge = 60 }), Blue1 with { DynamicAddressLimit = 3, Learning = LearningMode.Dynamic }));
    }

    [Fact]
    public void Of_ExhaustedPool_SaysSoAtThePortThatWaits() => Has(
        Accepts(BlueWith(s => s with { Pool = Pool("10.0.0.50-10.0.0.50") }), Blue1 with { Addresses = [] }, Blue2 with { Addresses = [] }),
        new Condition(
            Blue2.Id, ConditionKind.PoolExhausted, "/leases", "every address of 10.0.0.50-10.0.0.50 of subnet 5001 is taken; the port gets the first one that is given up"),
        new Condition(Blue2.Id, ConditionKind.NoAddresses, "/addresses", "has no address; nothing reaches it"));

    private static void Has(CloudModel model, params Condition[] expected) => Assert.Equal(expected, ModelConditions.Of(model));
}

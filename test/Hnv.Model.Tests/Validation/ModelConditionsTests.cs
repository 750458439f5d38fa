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

    private static void Has(CloudModel model, params Condition[] expected) => Assert.Equal(expected, ModelConditions.Of(model));
}

using Hnv.Api.Resources;
using Hnv.Model.Resources;

namespace Hnv.Api.Tests.Resources;

public class ResourceKindsTests
{
    [Theory]
    [InlineData("tenant", "Tenant")]
    [InlineData("HOSTS", "Host")]
    [InlineData("vmn", "VmNetwork")]
    [InlineData("VmNetwork", "VmNetwork")]
    [InlineData("vmnetworks", "VmNetwork")]
    [InlineData("port", "Port")]
    [InlineData("lookuprecord", "LookupRecord")]
    [InlineData("providerendpoints", "ProviderEndpoint")]
    [InlineData("vsn", "VirtualSubnet")]
    [InlineData("virtualsubnets", "VirtualSubnet")]
    [InlineData("rec", "Record")]
    [InlineData("record", "Record")]
    [InlineData("records", "Record")]
    [InlineData("route", "CustomerRoute")]
    [InlineData("customerroutes", "CustomerRoute")]
    [InlineData("pa", "ProviderAddress")]
    public void TryFind_SingularPluralShort_AnyCase(string word, string name)
    {
        Assert.True(ResourceKinds.TryFind(word, out KindInfo kind));
        Assert.Equal(name, kind.Name);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("pods")]
    [InlineData("LabVm")]
    public void TryFind_OtherWord_False(string? word) => Assert.False(ResourceKinds.TryFind(word, out _));

    [Fact]
    public void Of_EveryKind_AgreesWithTheModel() => Assert.All(Enum.GetValues<ResourceKind>(), kind =>
    {
        KindInfo info = ResourceKinds.Of(kind);
        Assert.Equal(kind.ToString(), info.Name);
        Assert.Equal(kind, info.Resource);
        Assert.Equal(ResourceId.IsTenantScoped(kind), info.IsTenantScoped);
        Assert.Equal(kind, ResourceKinds.OfManifest(info.Name));
    });

    [Fact]
    public void Nearest_TypingError_IsTheKind() => Assert.Equal("VmNetwork", ResourceKinds.Nearest("VmNetwrok"));
}

using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Hnv.Model.Resources;
using static Hnv.Model.Tests.Sample;

namespace Hnv.Model.Tests;

public class ResourceEqualityTests
{
    [Fact]
    public void Equals_SameContentInOtherArrays_True()
    {
        Resource[] a = [Host("h", "192.168.4.1"), Net(), Port("p", "06:06:00:00:00:01", "10.0.0.1")];
        Resource[] b = [Host("h", "192.168.4.1"), Net(), Port("p", "06:06:00:00:00:01", "10.0.0.1")];
        Assert.Equal(a, b);
        Assert.Equal(a.Select(r => r.GetHashCode()), b.Select(r => r.GetHashCode()));
    }

    [Fact]
    public void Equals_OneElementDiffers_False()
    {
        Assert.NotEqual(Host("h", "192.168.4.1"), Host("h", "192.168.4.2"));
        Assert.NotEqual(Net(), Net() with { Subnets = [Subnet(5001, "10.0.0.0/25")] });
        Assert.NotEqual(Net(), Net() with { Routes = [] });
        Assert.NotEqual(Blue1, Blue1 with { Addresses = Addresses("10.0.0.6") });
        Assert.NotEqual(Subnet(1, "10.0.0.0/24"), Subnet(1, "10.0.0.0/24") with { Gateways = Addresses("10.0.0.2") });
    }

    [Fact]
    public void Equals_OneLearningFieldDiffers_False()
    {
        VirtualSubnet subnet = Subnet(5001, "10.0.0.0/24");
        AddressPool pool = Pool("10.0.0.50-10.0.0.99");
        Assert.All(
            (VirtualSubnet[])
            [
                subnet with { Learning = LearningMode.Dynamic }, subnet with { Flooding = FloodingMode.Unicast }, subnet with { LearningAge = 60 },
                subnet with { MulticastGroup = IPAddress.Parse("239.1.1.1") }, subnet with { RouterAdvertisements = RouterAdvertisementMode.Off },
                subnet with { Pool = pool },
            ],
            other => Assert.NotEqual(subnet, other));
        Assert.Equal(pool with { Dns = Addresses("10.0.0.2") }, pool with { Dns = Addresses("10.0.0.2") });
        Assert.All(
            (AddressPool[])
            [
                pool with { Range6 = Range("::5-::6") }, pool with { Range = null }, pool with { Gateway = false }, pool with { Dns = Addresses("10.0.0.2") },
                pool with { Routes = [new(IPNetwork.Parse("10.0.0.0/8"), IPAddress.Parse("10.0.0.9"))] }, pool with { Mtu = 1400 }, pool with { Domain = "a" },
                pool with { LeaseSeconds = 60 },
            ],
            other => Assert.NotEqual(pool, other));
        Assert.All(
            (Port[])
            [
                Blue1 with { Leases = Addresses("10.0.0.50") }, Blue1 with { Learning = LearningMode.Static }, Blue1 with { DynamicAddressLimit = 1 },
                Blue1 with { LearningSources = LearningSources.Arp }, Blue1 with { DhcpGuard = true }, Blue1 with { RouterGuard = true }, Blue1 with { StormLimit = 1 },
                Blue1 with { MigratingTo = new("host2") },
            ],
            other => Assert.NotEqual(Blue1, other));
    }

    [Fact]
    public void Equals_AnyTwo_AgreesWithTheirText() => Prop
        .ForAll(ResourceGenerators.Resource.ToArbitrary(), r => Assert.True(r.Equals(r with { }) && r.GetHashCode() == (r with { }).GetHashCode()))
        .Check(FsCheck.Config.QuickThrowOnFailure);

    [Theory]
    [InlineData("10.0.0.9", "5001-10.0.0.9")]
    [InlineData("2001:db8::9", "5001-2001-db8--9")]
    [InlineData("::1", "5001-0--1")]
    [InlineData("2001:db8::", "5001-2001-db8--0")]
    [InlineData("::", "5001-0--0")]
    public void OfLookupRecord_AnyAddress_IsAName(string address, string name)
    {
        Assert.Equal(name, DerivedNames.OfLookupRecord(5001, IPAddress.Parse(address)));
        Assert.True(Model.Validation.NameRules.IsValid(name));
    }

    private static VmNetwork Net() =>
        new() { Name = "n", Subnets = [Subnet(5001, "10.0.0.0/24")], Routes = [Route("0.0.0.0/0", "10.0.0.5", 1)] };
}

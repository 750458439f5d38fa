using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Hnv.Api.Resources;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;
using Hnv.Model.Tests;

namespace Hnv.Api.Tests.Resources;

public class ResourceDiffTests
{
    private static readonly Port Before = new()
    {
        Name = "p", VmNetwork = "n", Vsid = 5001, Host = "host1", Mac = new MacAddress(5), Addresses = [IPAddress.Parse("10.0.0.5")],
    };

    [Fact]
    public void Between_Equal_IsEmpty() => Assert.Empty(ResourceDiff.Between(Before, Before with { Addresses = [IPAddress.Parse("10.0.0.5")] }));

    [Fact]
    public void Between_FieldsChangedAddedAndGone_SaysEach() => Assert.Equal(
        ["/host: host1 -> -", "/interface: - -> v", "/vsid: 5001 -> 5002", """/addresses: ["10.0.0.5"] -> ["10.0.0.5","10.0.0.6"]"""],
        Show(Before, Before with { Vsid = 5002, Host = null, Interface = "v", Addresses = [.. Before.Addresses, IPAddress.Parse("10.0.0.6")] }),
        Unordered);

    [Fact]
    public void Between_SubnetPutInFront_ChangesNoneOfTheOthers() => Assert.Equal(
        ["""/subnets/0: - -> {"vsid":5000,"prefixes":["10.9.0.0/24"]}"""],
        Show(Network(Subnet(5001), Subnet(5002)), Network(Subnet(5000), Subnet(5001), Subnet(5002))));

    [Fact]
    public void Between_SubnetGoneAndOneChanged_NamesOldAndNewPlace() => Assert.Equal(
        ["/subnets/0/name: - -> web", """/subnets/0: {"vsid":5001,"prefixes":["10.9.0.0/24"]} -> -"""],
        Show(Network(Subnet(5001), Subnet(5002)), Network(Subnet(5002) with { Name = "web" })));

    [Fact]
    public void Between_SubnetsInAnotherOrder_IsOneChange() => Assert.Equal(
        ["/subnets"], ResourceDiff.Between(Network(Subnet(5001), Subnet(5002)), Network(Subnet(5002), Subnet(5001))).Select(c => c.Pointer));

    [Fact]
    public void Between_LearningFields_NamesEach() => Assert.Equal(
        ["/subnets/0/learning: - -> dynamic", "/subnets/0/pool/mtu: - -> 1400", "/subnets/0/pool/range: 10.9.0.5-10.9.0.6 -> 10.9.0.5-10.9.0.7"],
        Show(
            Network(Subnet(5001) with { Pool = Pool("10.9.0.6") }),
            Network(Subnet(5001) with { Learning = LearningMode.Dynamic, Pool = Pool("10.9.0.7") with { Mtu = 1400 } })),
        Unordered);

    [Fact]
    public void Between_AnyTwo_IsEmptyExactlyWhenEqual() => Prop
        .ForAll(ResourceGenerators.Readable.ToArbitrary(), ResourceGenerators.Readable.ToArbitrary(), (a, b) =>
            a.Equals(b) == ResourceDiff.Between(a, b).IsEmpty && ResourceDiff.Between(a, a with { }).IsEmpty)
        .Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    private static readonly IEqualityComparer<IEnumerable<string>> Unordered =
        EqualityComparer<IEnumerable<string>>.Create((a, b) => a!.Order(StringComparer.Ordinal).SequenceEqual(b!.Order(StringComparer.Ordinal)));

    private static IEnumerable<string> Show(Resource a, Resource b) =>
        ResourceDiff.Between(a, b).Select(c => $"{c.Pointer}: {c.Old?.ToString() ?? "-"} -> {c.New?.ToString() ?? "-"}");

    private static AddressPool Pool(string last) => new() { Range = new AddressRange(IPAddress.Parse("10.9.0.5"), IPAddress.Parse(last)) };

    private static VmNetwork Network(params VirtualSubnet[] subnets) => new() { Name = "n", Subnets = [.. subnets] };

    private static VirtualSubnet Subnet(uint vsid) => new() { Vsid = vsid, Prefixes = [IPNetwork.Parse("10.9.0.0/24")] };
}

using System.Collections.Immutable;
using System.Net;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;
using Hnv.Model.Validation;

namespace Hnv.Model.Tests;

/// <summary>The two tenants of Microsoft's sample, with the same addresses, and assertions on what is found.</summary>
internal static class Sample
{
    public static readonly Guid BlueId = new("11111111-2222-3333-4444-000000005001");
    public static readonly Guid RedId = new("11111111-2222-3333-4444-000000006001");

    public static VmNetwork Blue { get; } = new()
    {
        Name = "blue",
        Tenant = "blue-corp",
        RoutingDomainId = BlueId,
        Subnets = [Subnet(5001, "10.0.0.0/24", "2001:db8:5001::/64"), Subnet(5002, "10.0.1.0/24")],
    };

    public static VmNetwork Red { get; } = new()
    {
        Name = "red",
        Tenant = "red-corp",
        RoutingDomainId = RedId,
        Subnets = [Subnet(6001, "10.0.0.0/24")],
    };

    public static Port Blue1 { get; } = Port("blue1", "06:06:00:00:00:05", "10.0.0.5");

    public static Port Blue2 { get; } = Port("blue2", "06:06:00:00:00:07", "10.0.0.7") with { Host = "host2" };

    public static Port Red1 { get; } = Port("red1", "08:08:00:00:00:05", "10.0.0.5") with { Tenant = "red-corp", VmNetwork = "red", Vsid = 6001 };

    public static LookupRecord Appliance { get; } = new()
    {
        Name = "appliance",
        Tenant = "blue-corp",
        Vsid = 5001,
        CustomerAddress = IPAddress.Parse("10.0.0.9"),
        Mac = MacAddress.Parse("06:06:00:00:00:09"),
        ProviderAddress = IPAddress.Parse("192.168.4.99"),
    };

    public static CloudModel Cloud { get; } = Commit(
        CloudModel.Empty,
        ChangeSet.Put(
            Host("host1", "192.168.4.11"), Host("host2", "192.168.4.22"),
            new ProviderEndpoint { Name = "192.168.4.99", ProviderAddress = IPAddress.Parse("192.168.4.99") },
            Blue, Red, Blue1, Blue2, Red1, Appliance));

    public static Host Host(string name, params string[] addresses) => new() { Name = name, ProviderAddresses = Addresses(addresses) };

    public static VirtualSubnet Subnet(uint vsid, params string[] prefixes) =>
        new() { Vsid = vsid, Prefixes = [.. prefixes.Select(p => IPNetwork.Parse(p))] };

    public static AddressRange Range(string text) => new(IPAddress.Parse(text.Split('-')[0]), IPAddress.Parse(text.Split('-')[1]));

    public static AddressPool Pool(string range) => new() { Range = Range(range) };

    /// <summary>The blue network with its first subnet changed.</summary>
    public static VmNetwork BlueWith(Func<VirtualSubnet, VirtualSubnet> change) => Blue with { Subnets = Blue.Subnets.SetItem(0, change(Blue.Subnets[0])) };

    public static CustomerRoute Route(string prefix, string nextHop, uint metric = 0) =>
        new() { Prefix = IPNetwork.Parse(prefix), NextHop = IPAddress.Parse(nextHop), Metric = metric };

    public static Port Port(string name, string mac, params string[] addresses) => new()
    {
        Name = name,
        Tenant = "blue-corp",
        VmNetwork = "blue",
        Vsid = 5001,
        Host = "host1",
        Interface = "v-" + name,
        Mac = MacAddress.Parse(mac),
        Addresses = Addresses(addresses),
    };

    public static ImmutableArray<IPAddress> Addresses(params string[] addresses) => [.. addresses.Select(IPAddress.Parse)];

    /// <summary>The model after changes that must be right.</summary>
    public static CloudModel Commit(CloudModel model, ChangeSet changes)
    {
        ValidationOutcome outcome = ModelValidator.Validate(model, changes);
        Assert.Empty(outcome.Findings);
        return outcome.Next;
    }

    /// <summary>Putting the resource into the sample cloud finds exactly this.</summary>
    public static void Finds(Resource resource, string field, string problem, string? remedy) =>
        Finds(ChangeSet.Put(resource), new Finding(resource.Id.ToString(), field, problem, remedy, 0));

    /// <summary>The changes of the sample cloud find exactly these.</summary>
    public static void Finds(ChangeSet changes, params Finding[] expected) => Finds(Cloud, changes, default, expected);

    public static void Finds(CloudModel model, ChangeSet changes, Viewer viewer, params Finding[] expected) =>
        Assert.Equal(expected, ModelValidator.Validate(model, changes, viewer).Findings);

    /// <summary>Putting the resources into the sample cloud finds nothing.</summary>
    public static CloudModel Accepts(params Resource[] resources) => Commit(Cloud, ChangeSet.Put(resources));
}

using System.Net;
using Hnv.Model.Resources;
using Hnv.Model.Validation;
using static Hnv.Model.Tests.Sample;

namespace Hnv.Model.Tests.Validation;

public class UseRulesTests
{
    private const string Remedy = "move or remove them first, or in the same request";
    private const string ChangeRemedy = "change or remove them first, or in the same request";

    [Fact]
    public void Host_RemovedWithPorts_NamesThem() => Finds(
        ChangeSet.Delete(Host("host1").Id), new Finding("Host host1", "", "is still used by Port blue-corp/blue1, Port red-corp/red1", Remedy, 0));

    [Fact]
    public void Host_RemovedWithItsPorts_IsAccepted() => Commit(Cloud, ChangeSet.Delete(Host("host1").Id, Blue1.Id, Red1.Id));

    [Fact]
    public void Host_RemovedWhileItsPortMoves_IsAccepted() => Commit(Cloud, ChangeSet.Delete(Host("host2").Id).And(ChangeSet.Put(Blue2 with { Host = "host1" })));

    [Fact]
    public void Host_RemovedWhileAPortOfTheRequestIsOnIt_ToldToThePort() => Finds(
        ChangeSet.Put(Blue2 with { Addresses = [] }).And(ChangeSet.Delete(Host("host2").Id)),
        new Finding("Port blue-corp/blue2", "/host", "there is no Host host2", "did you mean 'host1'?", 0));

    [Fact]
    public void Endpoint_RemovedOrMovedWithRecords_NamesThem()
    {
        var endpoint = new ProviderEndpoint { Name = "192.168.4.99", ProviderAddress = IPAddress.Parse("192.168.4.98") };
        const string Problem = "192.168.4.99 is still used by LookupRecord blue-corp/appliance";
        Finds(ChangeSet.Delete(endpoint.Id), new Finding("ProviderEndpoint 192.168.4.99", "", Problem, ChangeRemedy, 0));
        Finds(ChangeSet.Put(endpoint), new Finding("ProviderEndpoint 192.168.4.99", "/providerAddress", Problem, ChangeRemedy, 0));
        Commit(Cloud, ChangeSet.Put(endpoint, Appliance with { ProviderAddress = endpoint.ProviderAddress }));
    }

    [Fact]
    public void Endpoint_ReplacedByAHostOfItsAddress_IsAccepted() =>
        Commit(Cloud, ChangeSet.Delete(new ResourceId(ResourceKind.ProviderEndpoint, null, "192.168.4.99")).And(ChangeSet.Put(Host("host9", "192.168.4.99"))));

    [Fact]
    public void Host_AddressWithRecordsRemoved_NamesThem()
    {
        CloudModel model = Accepts(Appliance with { ProviderAddress = IPAddress.Parse("192.168.4.22") });
        Finds(
            model, ChangeSet.Put(Host("host2")), default,
            new Finding("Host host2", "/providerAddresses", "192.168.4.22 is still used by LookupRecord blue-corp/appliance", ChangeRemedy, 0));
    }

    [Fact]
    public void Network_RemovedWithPortsAndRecords_NamesThem() => Finds(
        ChangeSet.Delete(Blue.Id),
        new Finding(
            "VmNetwork blue-corp/blue", "", "subnet 5001 is still used by Port blue-corp/blue1, Port blue-corp/blue2, LookupRecord blue-corp/appliance", Remedy, 0));

    [Fact]
    public void Network_RemovedWithAllInIt_IsAccepted() => Commit(Cloud, ChangeSet.Delete(Blue.Id, Blue1.Id, Blue2.Id, Appliance.Id));

    [Fact]
    public void Subnet_RemovedWithPorts_NamesAFewAndCounts()
    {
        CloudModel model = Commit(Cloud, ChangeSet.Put(Enumerable.Range(20, 5).Select(i => Port($"p{i}", $"06:06:00:00:00:{i}", $"10.0.0.{i}"))));
        Finds(
            model, ChangeSet.Put(Blue with { Subnets = [Blue.Subnets[1]] }), default,
            new Finding(
                "VmNetwork blue-corp/blue", "/subnets", "subnet 5001 is still used by Port blue-corp/blue1, Port blue-corp/blue2, Port blue-corp/p20 and 5 more",
                Remedy, 0));
    }

    [Fact]
    public void Subnet_WithoutUsersRemoved_IsAccepted() => Accepts(Blue with { Subnets = [Blue.Subnets[0]] });

    [Fact]
    public void Subnet_PrefixNarrowed_NamesWhoIsLeftOut() => Finds(
        ChangeSet.Put(Blue with { Subnets = [Subnet(5001, "10.0.0.0/29"), Blue.Subnets[1]] }),
        new Finding(
            "VmNetwork blue-corp/blue", "/subnets/0/prefixes", "no longer covers 10.0.0.7 of Port blue-corp/blue2, 10.0.0.9 of LookupRecord blue-corp/appliance",
            ChangeRemedy, 0));

    [Fact]
    public void Subnet_GatewayMovedOntoAPort_NamesIt() => Finds(
        ChangeSet.Put(Blue with { Subnets = [Blue.Subnets[0] with { Gateways = Addresses("10.0.0.5") }, Blue.Subnets[1]] }),
        new Finding("VmNetwork blue-corp/blue", "/subnets/0/gateways", "the gateway would take 10.0.0.5 of Port blue-corp/blue1", ChangeRemedy, 0));

    [Fact]
    public void Subnet_RenumberedWithItsPorts_IsAccepted() => Commit(
        Cloud,
        ChangeSet.Put(
            Blue with { Subnets = [Subnet(5001, "10.7.0.0/24"), Blue.Subnets[1]] },
            Blue1 with { Addresses = Addresses("10.7.0.5") }, Blue2 with { Addresses = Addresses("10.7.0.7") },
            Appliance with { CustomerAddress = IPAddress.Parse("10.7.0.9") }));

    [Fact]
    public void Tenant_RemovedWithObjects_NamesThem() => Finds(
        ChangeSet.Delete(new ResourceId(ResourceKind.Tenant, null, "red-corp")),
        new Finding("Tenant red-corp", "", "is still used by VmNetwork red-corp/red, Port red-corp/red1", Remedy, 0));

    [Fact]
    public void Tenant_RemovedWithAllItHas_IsAccepted() =>
        Commit(Cloud, ChangeSet.Delete(new ResourceId(ResourceKind.Tenant, null, "red-corp"), Red.Id, Red1.Id));
}

using System.Net;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;
using Hnv.Model.Validation;
using static Hnv.Model.Tests.Sample;

namespace Hnv.Model.Tests.Validation;

public class LookupRecordRulesTests
{
    private static LookupRecord New => Appliance with { Name = "new", CustomerAddress = IPAddress.Parse("10.0.0.10") };

    private static LookupRecord Wildcard => New with { Type = LookupRecordType.GatewayWildcard, CustomerAddress = IPAddress.Any };

    [Fact]
    public void Record_AtAnEndpointOrAHost_IsAccepted() =>
        Accepts(New, New with { Name = "b", CustomerAddress = IPAddress.Parse("10.0.0.11"), ProviderAddress = IPAddress.Parse("192.168.4.11") });

    [Fact]
    public void Record_ForAPortsAddress_IsNoError() => Accepts(New with { CustomerAddress = Blue1.Addresses[0] });

    [Fact]
    public void Record_Remarks_AreShortPlainText()
    {
        Accepts(New with { CustomerId = "{11111111-2222-3333-4444-000000005001}", Context = new string('ü', 256), VmName = "Blue 1 \"web\"" });
        Finds(New with { Context = new string('x', 257) }, "/context", "has 257 characters", "it has at most 256");
        Finds(New with { VmName = "a\u001b[31m" }, "/vmName", "has a control character, or one that is not text", "write one line of plain text");
        Finds(New with { CustomerId = "\ud800" }, "/customerId", "has a control character, or one that is not text", "write one line of plain text");
    }

    [Fact]
    public void Record_GatewayWildcards_OneOfEachFamily() =>
        Accepts(Wildcard, Wildcard with { Name = "v6", CustomerAddress = IPAddress.IPv6Any });

    [Fact]
    public void Record_SecondGatewayWildcard_IsFound() => Finds(
        ChangeSet.Put(Wildcard, Wildcard with { Name = "second", Mac = new(0x0606_0000_0001) }),
        new Finding(
            "LookupRecord blue-corp/second", "/customerAddress", "0.0.0.0 is already used by LookupRecord blue-corp/new in subnet 5001",
            "a subnet has one wildcard record of each family", 1));

    [Fact]
    public void Record_GatewayWildcardWithAnAddress_IsFound() => Finds(
        New with { Type = LookupRecordType.GatewayWildcard }, "/customerAddress",
        "10.0.0.10 is one address, and a GatewayWildcard stands for all", "write 0.0.0.0 or \"::\"");

    [Fact]
    public void Record_StaticWithoutAnAddress_IsFound() => Finds(
        New with { CustomerAddress = IPAddress.IPv6Any }, "/customerAddress",
        ":: stands for all addresses, and a Static record is for one", "write the VM's address, or type: GatewayWildcard");

    [Theory]
    [InlineData(LookupRecordType.Dynamic, "10.0.0.10", "Dynamic records are learned by hosts, and not written", "use Static, or let the port learn (learning: dynamic)")]
    [InlineData(LookupRecordType.L2Only, "0.0.0.0", "L2Only records follow from ports, and are not written", "use a port without addresses in a subnet with learning: dynamic")]
    public void Record_OfALearningType_IsNotWritten(LookupRecordType type, string address, string problem, string remedy) => Finds(
        New with { Type = type, CustomerAddress = IPAddress.Parse(address) }, "/type", problem, remedy);

    [Fact]
    public void Record_SecondForAnAddress_NamesTheFirst() => Finds(
        New with { CustomerAddress = Appliance.CustomerAddress }, "/customerAddress",
        "10.0.0.9 is already used by LookupRecord blue-corp/appliance in subnet 5001", "a customer address has one record");

    [Theory]
    [InlineData("10.0.1.9", "10.0.1.9 is outside 10.0.0.0/24 of subnet 5001", "choose an address of 10.0.0.0/24")]
    [InlineData(
        "10.0.0.1", "10.0.0.1 is the distributed gateway of subnet 5001",
        "choose another address of 10.0.0.0/24, or give the gateway another one in the subnet's gateways")]
    public void Record_AddressThatIsNoVms_IsFound(string address, string problem, string remedy) =>
        Finds(New with { CustomerAddress = IPAddress.Parse(address) }, "/customerAddress", problem, remedy);

    [Fact]
    public void Record_GroupMac_IsFound() => Finds(
        New with { Mac = MacAddress.Parse("01:00:00:00:00:00") }, "/mac", "01:00:00:00:00:00 is a group address", "the lowest bit of a VM's first octet is 0");

    [Fact]
    public void Record_UnknownProviderAddress_SaysWhatToAdd() => Finds(
        New with { ProviderAddress = IPAddress.Parse("192.168.4.77") }, "/providerAddress", "no Host and no ProviderEndpoint has 192.168.4.77",
        "add a ProviderEndpoint with providerAddress 192.168.4.77 for a third-party peer");

    [Fact]
    public void Record_UnknownIpv6ProviderAddress_SaysWhatToAdd() => Finds(
        New with { ProviderAddress = IPAddress.Parse("2001:db8::77") }, "/providerAddress", "no Host and no ProviderEndpoint has 2001:db8::77",
        "add a ProviderEndpoint with providerAddress 2001:db8::77 for a third-party peer");

    [Fact]
    public void Record_InAnotherTenantsSubnet_DoesNotSayWhose() => Finds(
        New with { Vsid = 6001 }, "/vsid", "VSID 6001 is in no VM network of tenant blue-corp", "a record belongs to the tenant whose subnet it is in");
}

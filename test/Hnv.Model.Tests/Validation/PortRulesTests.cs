using Hnv.Model.Addressing;
using Hnv.Model.Resources;
using Hnv.Model.Validation;
using static Hnv.Model.Tests.Sample;

namespace Hnv.Model.Tests.Validation;

public class PortRulesTests
{
    private const string GatewayRemedy = "choose another address of 10.0.0.0/24, or give the gateway another one in the subnet's gateways";
    private const string Characters = "has a character that interface names cannot have (white space, '/', ':', '%' or not ASCII)";

    private static Port New => Port("blue9", "06:06:00:00:00:99", "10.0.0.99", "2001:db8:5001::99");

    [Fact]
    public void Port_InItsSubnet_IsAccepted() => Accepts(New);

    [Fact]
    public void Port_AddressAndMacOfAnotherNetworksPort_AreAccepted() =>
        Accepts(New with { Vsid = 5002, Mac = Blue1.Mac, Addresses = Addresses("10.0.1.5") }, Red1 with { Mac = Blue1.Mac });

    [Fact]
    public void Port_OnNoHost_IsAccepted() => Accepts(New with { Host = null, Interface = null }, New with { Name = "b", Host = null, Mac = new(2), Addresses = [] });

    [Fact]
    public void Port_UnknownNetwork_SuggestsTheNearest() => Finds(
        New with { VmNetwork = "blu" }, "/vmNetwork", "there is no VmNetwork blue-corp/blu", "did you mean 'blue'?");

    [Fact]
    public void Port_NetworkOfAnotherTenant_SaysWhereItLooked() => Finds(
        New with { Tenant = "green-corp" }, "/vmNetwork", "there is no VmNetwork green-corp/blue",
        "VM networks are looked up in the port's own tenant, 'green-corp'");

    [Fact]
    public void Port_VsidOfAnotherNetwork_ListsTheNetworks() => Finds(
        New with { Vsid = 6001 }, "/vsid", "VSID 6001 is not a subnet of VmNetwork blue-corp/blue", "its VSIDs are 5001, 5002");

    [Fact]
    public void Port_UnknownHost_SuggestsTheNearest() => Finds(New with { Host = "hots1" }, "/host", "there is no Host hots1", "did you mean 'host1'?");

    [Fact]
    public void Port_UnknownHost_NamesNoHostsToATenant() => Finds(
        Cloud, ChangeSet.Put(New with { Host = "hots1" }), Viewer.OfTenant("blue-corp"),
        new Finding("Port blue-corp/blue9", "/host", "there is no Host hots1", "add it, or leave the host out until the port has a place", 0));

    [Fact]
    public void Port_OnAHostWithoutInterface_IsFound() => Finds(
        New with { Interface = null }, "/interface", "is missing", "name the interface that the port is bound to on its host");

    [Fact]
    public void Port_MovingToAnotherHost_IsAccepted() =>
        Accepts(New with { MigratingTo = new("host2") }, Blue1 with { MigratingTo = new("host2", "v-other") });

    [Fact]
    public void Port_MovingToWhereItIs_IsFound() => Finds(
        New with { MigratingTo = new("host1") }, "/migratingTo/host", "the port is on host1 already", "name another host, or leave migratingTo out");

    [Fact]
    public void Port_MovingFromNowhere_IsFound() => Finds(
        New with { Host = null, MigratingTo = new("host1") }, "/migratingTo", "moves a port that is on no host", "give it a host instead");

    [Fact]
    public void Port_MovingToAnUnknownHost_SuggestsTheNearest() => Finds(
        New with { MigratingTo = new("hots2") }, "/migratingTo/host", "there is no Host hots2", "did you mean 'host2'?");

    [Fact]
    public void Port_MovingToAnInterfaceThatIsTaken_NamesWhoHasIt() => Finds(
        New with { MigratingTo = new("host2", "v-blue2") }, "/migratingTo/interface",
        "v-blue2 of host2 is already used by Port blue-corp/blue2", "an interface carries one port: name another one in migratingTo.interface");

    [Fact]
    public void Port_MovingToAnInterfaceName_ThatCannotBe_IsFound() => Finds(
        New with { MigratingTo = new("host2", "v blue") }, "/migratingTo/interface", $"'v blue' {Characters}",
        "name the interface as `ip link` will show it on that host");

    [Fact]
    public void Port_BadInterfaceName_IsFound() => Finds(
        New with { Interface = "v blue" }, "/interface", $"'v blue' {Characters}", "name the interface as `ip link` shows it on the host");

    [Fact]
    public void Port_InterfaceOfAnotherPort_NamesIt() => Finds(
        New with { Interface = "v-red1" }, "/interface", "v-red1 of host1 is already used by Port red-corp/red1", "an interface carries one port");

    [Fact]
    public void Port_InterfaceOfAnotherTenantsPort_IsNotNamedToATenant() => Finds(
        Cloud, ChangeSet.Put(New with { Interface = "v-red1" }), Viewer.OfTenant("blue-corp"),
        new Finding("Port blue-corp/blue9", "/interface", "v-red1 of host1 is already in use", "an interface carries one port", 0));

    [Fact]
    public void Port_SameInterfaceNameOnAnotherHost_IsAccepted() => Accepts(New with { Host = "host2", Interface = "v-blue1" });

    [Fact]
    public void Port_MacOfAnotherPort_NamesIt() => Finds(
        New with { Mac = Blue1.Mac }, "/mac", "06:06:00:00:00:05 is already used by Port blue-corp/blue1 in subnet 5001", "a MAC address is unique in its subnet");

    [Theory]
    [InlineData("00:00:00:00:00:00", "is no address", "give the VM's own MAC address")]
    [InlineData("ff:ff:ff:ff:ff:ff", "is a group address", "the lowest bit of a VM's first octet is 0")]
    [InlineData("01:00:5e:00:00:01", "is a group address", "the lowest bit of a VM's first octet is 0")]
    [InlineData("02:48:4e:56:00:01", "is the distributed gateway's", "give the VM a MAC address of its own")]
    public void Port_MacThatIsNoVms_IsFound(string mac, string problem, string remedy) =>
        Finds(New with { Mac = MacAddress.Parse(mac) }, "/mac", $"{mac} {problem}", remedy);

    [Fact]
    public void Port_AddressOfAnotherPort_NamesIt() => Finds(
        New with { Addresses = Addresses("10.0.0.99", "10.0.0.5") }, "/addresses/1",
        "10.0.0.5 is already used by Port blue-corp/blue1 in subnet 5001", "a customer address is unique in its subnet");

    [Fact]
    public void Port_TwoOfOneRequestWithOneAddress_ToldOnceToTheLater() => Finds(
        ChangeSet.Put(New, New with { Name = "blue8", Interface = "v-blue8", Mac = new(0x060600000098), Addresses = Addresses("10.0.0.99") }),
        new Finding(
            "Port blue-corp/blue8", "/addresses/0", "10.0.0.99 is already used by Port blue-corp/blue9 in subnet 5001",
            "a customer address is unique in its subnet", 1));

    [Fact]
    public void Port_AddressTwice_IsFound() => Finds(
        New with { Addresses = Addresses("10.0.0.99", "10.0.0.99") }, "/addresses/1", "10.0.0.99 is there twice", "remove one of them");

    [Theory]
    [InlineData("10.0.1.5", "10.0.1.5 is outside 10.0.0.0/24 of subnet 5001", "choose an address of 10.0.0.0/24")]
    [InlineData("10.0.0.0", "10.0.0.0 is the network address of 10.0.0.0/24", "choose another address of 10.0.0.0/24")]
    [InlineData("10.0.0.255", "10.0.0.255 is the broadcast address of 10.0.0.0/24", "choose another address of 10.0.0.0/24")]
    [InlineData("10.0.0.1", "10.0.0.1 is the distributed gateway of subnet 5001", GatewayRemedy)]
    [InlineData("2001:db8:5001::", "2001:db8:5001:: is the subnet-router anycast address of 2001:db8:5001::/64", "choose another address of 2001:db8:5001::/64")]
    [InlineData("fe80::5", "fe80::5 is link-local", "leave it out: link-local addresses need no entry")]
    public void Port_AddressThatIsNoVms_IsFound(string address, string problem, string remedy) =>
        Finds(New with { Addresses = Addresses(address) }, "/addresses/0", problem, remedy);

    [Fact]
    public void Port_AddressWithoutPrefixOfItsFamily_IsFound() => Finds(
        New with { Vsid = 5002, Addresses = Addresses("2001:db8::5") }, "/addresses/0",
        "2001:db8::5 is IPv6, and subnet 5002 has no IPv6 prefix", "add a prefix to the subnet");

    [Fact]
    public void Port_FirstAddressWhereTheGatewayHasAnother_IsAccepted() => Accepts(
        Blue with { Subnets = [Blue.Subnets[0] with { Gateways = Addresses("10.0.0.254") }, Blue.Subnets[1]] },
        New with { Addresses = Addresses("10.0.0.1") });

    [Fact]
    public void Port_SixtyFourAddresses_AreTheMost()
    {
        Accepts(Many(64));
        Finds(Many(65), "/addresses", "has 65 addresses", "a port has at most 64");

        static Port Many(int count) => New with { Addresses = Addresses([.. Enumerable.Range(100, count).Select(i => $"10.0.0.{i}")]) };
    }
}

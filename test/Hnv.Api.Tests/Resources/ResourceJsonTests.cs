using Hnv.Model.Addressing;
using System.Net;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Hnv.Api.Resources;
using Hnv.Model;
using Hnv.Model.Resources;
using Hnv.Model.Tests;

namespace Hnv.Api.Tests.Resources;

public class ResourceJsonTests
{
    private const string PortJson =
        """{"kind":"Port","name":"blue1","tenant":"blue-corp","vmNetwork":"blue","vsid":5001,"host":"host1","interface":"v-blue1","mac":"06:06:00:00:00:05","addresses":["10.0.0.5"]}""";

    private const string LearningJson =
        """{"kind":"VmNetwork","name":"blue","tenant":"t","encapsulation":"nvgre","subnets":[{"vsid":5001,"prefixes":["10.0.0.0/24"],"learning":"dynamic","learningAge":60,"flooding":"multicast","multicastGroup":"239.1.1.1","routerAdvertisements":"off","pool":{"range":"10.0.0.50-10.0.0.99","range6":"2001:db8::50-2001:db8::99","gateway":false,"dns":["10.0.0.2"],"routes":[{"prefix":"172.16.0.0/12","nextHop":"10.0.0.9"}],"mtu":1458,"domain":"blue.example","leaseSeconds":600}}]}""";

    [Theory]
    [InlineData(PortJson)]
    [InlineData("""{"kind":"Port","name":"p","tenant":"default","vmNetwork":"blue","vsid":5001,"mac":"06:06:00:00:00:05"}""")]
    [InlineData("""{"kind":"Tenant","name":"blue-corp"}""")]
    [InlineData("""{"kind":"Host","name":"host1","providerAddresses":["192.168.4.11"]}""")]
    [InlineData("""{"kind":"Host","name":"host1"}""")]
    [InlineData("""{"kind":"ProviderEndpoint","name":"192.168.4.99","providerAddress":"192.168.4.99","flowId":"zero"}""")]
    [InlineData("""{"kind":"VmNetwork","name":"blue","tenant":"t","routingDomainId":"{11111111-2222-3333-4444-000000005001}","encapsulation":"nvgre","subnets":[{"vsid":5001,"name":"web","prefixes":["10.0.0.0/24","2001:db8:5001::/64"],"gateways":["10.0.0.254"]}],"routes":[{"prefix":"0.0.0.0/0","nextHop":"10.0.0.5","metric":10}]}""")]
    [InlineData("""{"kind":"LookupRecord","name":"5001-10.0.0.9","tenant":"t","vsid":5001,"customerAddress":"10.0.0.9","mac":"06:06:00:00:00:09","providerAddress":"192.168.4.99","type":"GatewayWildcard"}""")]
    [InlineData(LearningJson)]
    [InlineData("""{"kind":"Port","name":"p","tenant":"default","vmNetwork":"blue","vsid":5001,"mac":"06:06:00:00:00:05","learning":"dynamic","dynamicAddressLimit":3,"learningSources":["dhcp","arp"],"dhcpGuard":true,"routerGuard":true,"stormLimit":1000}""")]
    [InlineData("""{"kind":"Port","name":"p","tenant":"default","vmNetwork":"blue","vsid":5001,"host":"h1","interface":"v-p","migratingTo":{"host":"h2","interface":"v-q"},"mac":"06:06:00:00:00:05"}""")]
    public void ToUtf8Bytes_WhatWasRead_IsTheDocumentedForm(string json) =>
        Assert.Equal(json, System.Text.Encoding.UTF8.GetString(ResourceJson.ToUtf8Bytes(Read(json))));

    [Fact]
    public void TryRead_OneMistakeManyTimes_TellsTheFirstThousandAndThatThereAreMore()
    {
        string json = PortJson.Replace("[\"10.0.0.5\"]", $"[{string.Join(',', Enumerable.Repeat('1', 5000))}]", StringComparison.Ordinal);
        List<Finding> findings = [];

        Assert.False(ResourceJson.TryRead(JsonElement.Parse(json), "t", out _, findings));

        Assert.Equal(FindingLimit.PerRequest + 1, findings.Count);
        Assert.Equal("/addresses/999", findings[^2].Field);
        Assert.Equal("and more; the first 1000 findings are shown", findings[^1].Problem);
    }

    [Fact]
    public void TryRead_ManyBadObjectsIntoOneList_TellsTheFirstThousandAndFailsForAll()
    {
        List<Finding> findings = [];
        for (int i = 0; i < 3000; i++)
        {
            Assert.False(ResourceJson.TryRead(JsonElement.Parse("""{"kind":"Host","name":"h","adress":1}"""), "t", out _, findings));
        }

        Assert.Equal(FindingLimit.PerRequest + 1, findings.Count);
    }

    [Fact]
    public void TryRead_NothingSaid_TakesTheDefaults()
    {
        Assert.Equal("t", ((VmNetwork)Read("""{"kind":"vmnetwork","name":"n"}""", "t")).Tenant);
        Assert.Equal("192.168.4.99", Read("""{"kind":"ProviderEndpoint","providerAddress":"192.168.4.99"}""").Name);
        Assert.Equal(
            "5001-2001-db8--9",
            Read("""{"kind":"LookupRecord","vsid":5001,"customerAddress":"2001:db8::9","mac":"060600000009","providerAddress":"192.168.4.99"}""").Name);
        Assert.Equal(new Guid("11111111-2222-3333-4444-000000005001"), ((VmNetwork)Read("""{"kind":"VmNetwork","name":"n","routingDomainId":"11111111-2222-3333-4444-000000005001"}""")).RoutingDomainId);
        Assert.Null(((Port)Read("""{"kind":"Port","name":"p","vmNetwork":"n","vsid":5001,"mac":"06-06-00-00-00-05","host":null}""")).Host);
    }

    [Theory]
    [InlineData("""{"name":"p"}""", "document", "/kind", "is missing", null)]
    [InlineData("""[]""", "document", "", "is a list", "an object with named fields is expected")]
    [InlineData("""{"kind":"Prot","name":"p"}""", "Prot p", "/kind", "'Prot' is not a kind", "did you mean 'Port'?")]
    [InlineData("""{"kind":"Qqqqqq"}""", "Qqqqqq", "/kind", "'Qqqqqq' is not a kind", "the kinds are Tenant, Host, ProviderEndpoint, VmNetwork, Port, LookupRecord")]
    [InlineData("""{"kind":"vmn","name":"n"}""", "vmn n", "/kind", "'vmn' is not a kind of manifests", "write VmNetwork")]
    [InlineData("""{"kind":"VirtualSubnet","name":"n"}""", "VirtualSubnet n", "/kind", "'VirtualSubnet' is not a kind of manifests", "a VirtualSubnet is read only: it follows from what owns it")]
    [InlineData("""{"kind":"LabVm","name":"n"}""", "LabVm n", "/kind", "LabVm is for `hnv lab`, not for the controller", "use the file with `hnv lab up FILE`")]
    [InlineData("""{"kind":"Host"}""", "Host", "/name", "is missing", null)]
    [InlineData("""{"kind":"Host","name":5001}""", "Host", "/name", "is the number 5001", "text is expected: put it in quotes")]
    [InlineData("""{"kind":"Host","name":true}""", "Host", "/name", "is the truth value true", "text is expected: put it in quotes")]
    [InlineData("""{"kind":"Host","name":""}""", "Host", "/name", "is empty", "text is expected")]
    [InlineData("""{"kind":"Host","name":"h","providerAdresses":[]}""", "Host h", "/providerAdresses", "'providerAdresses' is not a field here", "did you mean 'providerAddresses'?")]
    [InlineData("""{"kind":"Host","name":"h","tenant":"t"}""", "Host h", "/tenant", "'tenant' is not a field here", "the fields are kind, name, providerAddresses, providerRoutes")]
    [InlineData("""{"kind":"Host","name":"h","providerAddresses":"192.168.4.11"}""", "Host h", "/providerAddresses", "is the text '192.168.4.11'", "a list is expected, such as [a, b]")]
    [InlineData("""{"kind":"Host","name":"h","providerAddresses":["192.168.4"]}""", "Host h", "/providerAddresses/0", "'192.168.4' is not an IP address", "write it such as 10.0.0.5 or \"2001:db8::5\"")]
    [InlineData("""{"kind":"Host","name":"h","providerAddresses":[{"address":"192.168.4.11","vlanId":7}]}""", "Host h", "/providerAddresses/0/vlanId", "'vlanId' is not a field here", "did you mean 'vlan'?")]
    [InlineData("""{"kind":"Host","name":"h","providerAddresses":[{"vlan":7}]}""", "Host h", "/providerAddresses/0/address", "is missing", null)]
    [InlineData("""{"kind":"Host","name":"h","providerRoutes":[{"prefix":"10.0.0.5/8"}]}""", "Host h", "/providerRoutes/0/prefix", "'10.0.0.5/8' has host bits set", "write 10.0.0.0/8")]
    [InlineData("""{"kind":"Host","name":"h","useExternalRouter":true}""", "Host h", "/useExternalRouter", "is a setting of VM networks, not of hosts", "write it at each VM network whose subnets meet in a router VM (docs/design/netwnv.md)")]
    [InlineData("""{"kind":"LookupRecord","vsid":5001,"customerAddress":"10.0.0.9","mac":"060600000009","providerAddress":"192.168.4.99","rule":"nat"}""", "LookupRecord", "/rule", "nat is not carried: it rewrites addresses instead of encapsulating, so no frame says which virtual subnet it belongs to, and each VM takes a provider address", "write encap, or leave it out; the other side has to be set to TranslationMethodEncap, too")]
    [InlineData("""{"kind":"LookupRecord","vsid":5001,"customerAddress":"10.0.0.9","mac":"060600000009","providerAddress":"192.168.4.99","rule":"none"}""", "LookupRecord", "/rule", "none is not carried: it means that no frame is sent there", "leave the record out")]
    [InlineData("""{"kind":"LookupRecord","vsid":5001,"customerAddress":"10.0.0.9","mac":"060600000009","providerAddress":"192.168.4.99","useVmMacAddress":true}""", "LookupRecord", "/useVmMacAddress", "goes with the rule nat only, which is not carried", "remove it")]
    [InlineData("""{"kind":"Host","name":"h","name":"h"}""", "Host h", "/name", "is there twice", "remove one of them")]
    [InlineData("""{"kind":"Host","name":"h","a/b~":1}""", "Host h", "/a~1b~0", "'a/b~' is not a field here", "the fields are kind, name, providerAddresses, providerRoutes")]
    [InlineData("""{"kind":"VmNetwork","name":"n","subnets":[{"vsid":5001,"prefixes":["10.0.0.5/24"]}]}""", "VmNetwork default/n", "/subnets/0/prefixes/0", "'10.0.0.5/24' has host bits set", "write 10.0.0.0/24")]
    [InlineData("""{"kind":"VmNetwork","name":"n","subnets":[{"vsid":4095,"prefixes":[]}]}""", "VmNetwork default/n", "/subnets/0/vsid", "'4095' is out of range", "a whole number from 4096 to 16777214 is expected")]
    [InlineData("""{"kind":"VmNetwork","name":"n","subnets":[{"vsid":"5001","prefixes":[]}]}""", "VmNetwork default/n", "/subnets/0/vsid", "is the text '5001'", "a whole number is expected")]
    [InlineData("""{"kind":"VmNetwork","name":"n","subnets":[{"vsid":5001}]}""", "VmNetwork default/n", "/subnets/0/prefixes", "is missing", null)]
    [InlineData("""{"kind":"VmNetwork","name":"n","subnets":[{"vsid":5001,"prefixes":[],"learning":"dynamc"}]}""", "VmNetwork default/n", "/subnets/0/learning", "'dynamc' is not known", "did you mean 'dynamic'? one of static, dynamic is expected")]
    [InlineData("""{"kind":"VmNetwork","name":"n","subnets":[{"vsid":5001,"prefixes":[],"learningAge":59}]}""", "VmNetwork default/n", "/subnets/0/learningAge", "'59' is out of range", "a whole number from 60 to 86400 is expected")]
    [InlineData("""{"kind":"VmNetwork","name":"n","subnets":[{"vsid":5001,"prefixes":[],"floding":"unicast"}]}""", "VmNetwork default/n", "/subnets/0/floding", "'floding' is not a field here", "did you mean 'flooding'?")]
    [InlineData("""{"kind":"VmNetwork","name":"n","subnets":[{"vsid":5001,"prefixes":[],"pool":{"range":"10.0.0.50"}}]}""", "VmNetwork default/n", "/subnets/0/pool/range", "'10.0.0.50' is not a range of addresses", "write it such as 10.0.0.50-10.0.0.99 or \"2001:db8::50-2001:db8::99\"")]
    [InlineData("""{"kind":"VmNetwork","name":"n","subnets":[{"vsid":5001,"prefixes":[],"pool":{"range":"10.0.0.5-10.0.0.9","gatway":false}}]}""", "VmNetwork default/n", "/subnets/0/pool/gatway", "'gatway' is not a field here", "did you mean 'gateway'?")]
    [InlineData("""{"kind":"VmNetwork","name":"n","subnets":[{"vsid":5001,"prefixes":[],"pool":[]}]}""", "VmNetwork default/n", "/subnets/0/pool", "is a list", "an object with named fields is expected")]
    [InlineData("""{"kind":"Port","name":"p","vmNetwork":"n","vsid":5001,"mac":"060600000005","learningSources":["dhcp","apr"]}""", "Port default/p", "/learningSources/1", "'apr' is not known", "did you mean 'arp'? one of dhcp, arp, nd, dhcpv6, slaac is expected")]
    [InlineData("""{"kind":"Port","name":"p","vmNetwork":"n","vsid":5001,"mac":"060600000005","dynamicAddressLimit":1025}""", "Port default/p", "/dynamicAddressLimit", "'1025' is out of range", "a whole number from 0 to 1024 is expected")]
    [InlineData("""{"kind":"Port","name":"p","vmNetwork":"n","vsid":5001,"mac":"060600000005","dhcpGuard":"yes"}""", "Port default/p", "/dhcpGuard", "is the text 'yes'", "true or false is expected")]
    [InlineData("""{"kind":"Port","name":"p","vmNetwork":"n","vsid":5001,"mac":"060600000005","leases":["10.0.0.50"]}""", "Port default/p", "/leases", "comes from the subnet's pool, and is not written", "remove it; write addresses for those of the VM's own")]
    [InlineData("""{"kind":"Port","name":"p","vmNetwork":"n","vsid":5001,"mac":"060600000005","macSpoofing":true}""", "Port default/p", "/macSpoofing", "is not in this version", "remove it")]
    [InlineData("""{"kind":"VmNetwork","name":"n","routes":[{"prefix":"0.0.0.0/0","nextHop":"10.0.0.5","metric":-1}]}""", "VmNetwork default/n", "/routes/0/metric", "'-1' is out of range", "a whole number from 0 to 4294967295 is expected")]
    [InlineData("""{"kind":"VmNetwork","name":"n","routingDomainId":"00000000-0000-0000-0000-000000000000"}""", "VmNetwork default/n", "/routingDomainId", "'00000000-0000-0000-0000-000000000000' is not a GUID", "write it such as \"{11111111-2222-3333-4444-000000005001}\", or leave it out")]
    [InlineData("""{"kind":"VmNetwork","name":"n","encapsulation":"vlxan"}""", "VmNetwork default/n", "/encapsulation", "'vlxan' is not known", "did you mean 'vxlan'? one of nvgre, vxlan is expected")]
    [InlineData("""{"kind":"ProviderEndpoint","providerAddress":"192.168.4.99","flowId":"zreo"}""", "ProviderEndpoint", "/flowId", "'zreo' is not known", "did you mean 'zero'? one of hash, zero is expected")]
    [InlineData("""{"kind":"Port","name":"p","vmNetwork":"n","vsid":5001,"mac":"06:06"}""", "Port default/p", "/mac", "'06:06' is not a MAC address", "write it such as 06:06:00:00:00:05")]
    [InlineData("""{"kind":"Host","name":"\ud800"}""", "Host", "/name", "is not valid text", "text is expected")]
    [InlineData("""{"kind":"Host","name":"h","\ud800":1}""", "Host h", "", "has a field whose name is not valid text", null)]
    public void TryRead_BadForm_SaysWhatAndWhere(string json, string about, string field, string problem, string? remedy) =>
        Assert.Equal(new Finding(about, field, problem, remedy), FindingsOf(json)[0]);

    [Fact]
    public void TryRead_WhatIsSaidOfAHost_IsKeptAndOnLinkIsNoNextHop()
    {
        var host = (Host)Read("""
            {"kind":"Host","name":"h","providerAddresses":["192.168.4.12",{"address":"192.168.4.11","prefixLength":24,"vlan":100,"mac":"00155D010203","uplink":"eth1.100"}],
             "providerRoutes":[{"prefix":"0.0.0.0/0","nextHop":"0.0.0.0"},{"prefix":"10.0.0.0/8","nextHop":"192.168.4.1","uplink":"eth1.100","metric":5}]}
            """);
        Assert.Equal(["192.168.4.12", "192.168.4.11"], host.ProviderAddresses.Select(static a => a.ToString()));
        Assert.Null(host.TermsOf(IPAddress.Parse("192.168.4.12")));
        Assert.Equal(
            new ProviderAddressTerms(IPAddress.Parse("192.168.4.11")) { PrefixLength = 24, Vlan = 100, Mac = MacAddress.Parse("00:15:5d:01:02:03"), Uplink = "eth1.100" },
            host.TermsOf(IPAddress.Parse("192.168.4.11")));
        Assert.Null(host.ProviderRoutes[0].NextHop);
        Assert.Equal(("192.168.4.1", "eth1.100", 5u), (host.ProviderRoutes[1].NextHop?.ToString(), host.ProviderRoutes[1].Uplink, host.ProviderRoutes[1].Metric));
    }

    [Fact]
    public void TryRead_SeveralMistakes_FindsAll() => Assert.Equal(
        ["/name", "/vmNetwork", "/vsid", "/mac", "/addresses/1", "/dhcpGuard", "/hots"],
        FindingsOf("""{"kind":"Port","name":7,"vsid":1.5,"addresses":["10.0.0.5","10.0.0"],"dhcpGuard":1,"hots":"h"}""").Select(f => f.Field));

    [Theory]
    [InlineData("""{"vmNetwork":"blue","vsid":5001,"mac":"06:06:00:00:00:05"}""", null)]
    [InlineData("""{"kind":"Host","vmNetwork":"blue","vsid":5001,"mac":"06:06:00:00:00:05"}""", "is Host, and the path says Port")]
    [InlineData("""{"name":"other","vmNetwork":"blue","vsid":5001,"mac":"06:06:00:00:00:05"}""", "is 'other', and the path says 'blue1'")]
    [InlineData("""{"tenant":"red","vmNetwork":"blue","vsid":5001,"mac":"06:06:00:00:00:05"}""", "is 'red', and the path says 'blue-corp'")]
    public void TryRead_IdentityFromThePath_MustNotBeContradicted(string json, string? problem)
    {
        List<Finding> findings = [];
        var id = new ResourceId(ResourceKind.Port, "blue-corp", "blue1");
        bool read = ResourceJson.TryRead(JsonElement.Parse(json), new ResourceReadOptions { Id = id }, out Resource? resource, findings);
        Assert.Equal(problem is null, read);
        Assert.Equal(problem, findings.SingleOrDefault()?.Problem);
        Assert.Equal(read ? id : null, resource?.Id);
    }

    [Fact]
    public void ASubnetThatForgot_IsStoredWithThatAndShownWithoutIt()
    {
        var network = new VmNetwork
        {
            Name = "blue",
            Tenant = "t",
            Subnets = [new VirtualSubnet { Vsid = 5001, Prefixes = [IPNetwork.Parse("10.0.0.0/24")] }.Forget(IPAddress.Parse("10.0.0.7"), null, "admin").Forget(null, "t/p", "tenant:t")],
        };

        Assert.Equal(network, ResourceJson.FromUtf8Bytes(ResourceJson.ToUtf8Bytes(network)));
        Assert.Equal(["vsid", "prefixes"], ResourceJson.ToElement(network).GetProperty("subnets")[0].EnumerateObject().Select(static p => p.Name));
    }

    [Fact]
    public void FromUtf8Bytes_WhatIsNoResource_Throws()
    {
        Assert.Throws<FormatException>(() => ResourceJson.FromUtf8Bytes("{"u8.ToArray()));
        Assert.Throws<FormatException>(() => ResourceJson.FromUtf8Bytes("{}"u8.ToArray()));
    }

    [Fact]
    public void FromUtf8Bytes_AnyResource_IsTheSameAgain() => Prop
        .ForAll(ResourceGenerators.Readable.ToArbitrary(), r => Assert.Equal(r, ResourceJson.FromUtf8Bytes(ResourceJson.ToUtf8Bytes(r))))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    private static Resource Read(string json, string tenant = ResourceId.DefaultTenant)
    {
        List<Finding> findings = [];
        bool read = ResourceJson.TryRead(JsonElement.Parse(json), tenant, out Resource? resource, findings);
        Assert.Empty(findings);
        Assert.True(read);
        return resource!;
    }

    private static List<Finding> FindingsOf(string json)
    {
        List<Finding> findings = [];
        Assert.False(ResourceJson.TryRead(JsonElement.Parse(json), ResourceId.DefaultTenant, out Resource? resource, findings));
        Assert.Null(resource);
        return findings;
    }
}

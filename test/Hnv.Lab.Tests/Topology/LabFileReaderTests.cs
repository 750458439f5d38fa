using System.Net;
using System.Text;
using Hnv.Lab.Topology;

namespace Hnv.Lab.Tests.Topology;

public sealed class LabFileReaderTests
{
    [Fact]
    public void Default_IsMicrosoftsSample()
    {
        LabTopology lab = LabTopology.Default;
        Assert.Equal(["192.168.4.11/24", "192.168.4.22/24", "192.168.4.33/24"], lab.Hosts.Select(h => h.Uplinks[0].Addresses[0].ToString()));
        Assert.Equal(["blue1", "blue2", "blue3", "red1", "red2", "red3"], lab.Vms.Select(v => v.Name).Order());
        foreach (int i in new[] { 1, 2, 3 })
        {
            LabVmSpec blue = lab.Vms.Single(v => v.Name == $"blue{i}"), red = lab.Vms.Single(v => v.Name == $"red{i}");
            Assert.Equal(blue.First.Addresses, red.First.Addresses);
            Assert.Equal(blue.First.Mac, red.First.Mac);
            Assert.Equal(blue.Host, red.Host);
            Assert.NotEqual(blue.First.Vsid, red.First.Vsid);
        }
    }

    [Fact]
    public void Parse_Vm_TakesInterfaceAddressesAndGatewayFromPortAndNetwork()
    {
        LabTopology lab = new LabBuilder().Hosts("h1").Network("blue", (5001, ["10.0.0.0/24", "2001:db8::/64"]))
            .Vm("b1", "h1", "blue", 5001, ["10.0.0.5", "2001:db8::5"], mac: "06:06:00:00:00:05").Build();
        LabAdapterSpec adapter = lab.Vms.Single().First;
        Assert.Equal("eth0", adapter.Name);
        Assert.Equal("blue/b1", adapter.Port);
        Assert.Equal("blue/blue", adapter.Network);
        Assert.Equal(["10.0.0.5/24", "2001:db8::5/64"], adapter.Addresses.Select(a => a.ToString()));
        Assert.Equal([IPAddress.Parse("10.0.0.1"), IPAddress.Parse("2001:db8::1")], adapter.Gateways);
        Assert.Equal("06:06:00:00:00:05", adapter.Mac.ToString());
        Assert.Equal(1500, adapter.Mtu);
    }

    [Fact]
    public void Parse_VmWithTwoPorts_HasTwoAdaptersAndOneDefaultRoute()
    {
        LabTopology lab = new LabBuilder().Hosts("h1").Network("blue", (5001, ["10.0.0.0/24"]), (5002, ["10.0.1.0/24"]))
            .Port("left", "h1", "blue", 5001, ["10.0.0.9"]).Port("right", "h1", "blue", 5002, ["10.0.1.9"])
            .Vm("router", "h1", ["blue/left", "blue/right"], LabDevice.Tap).Build();
        LabVmSpec vm = lab.Vms.Single();
        Assert.Equal(["eth0", "eth1"], vm.Adapters.Select(a => a.Name));
        Assert.Equal([1, 0], vm.Adapters.Select(a => a.Gateways.Length));
        Assert.All(vm.Adapters, a => Assert.Equal(LabDevice.Tap, a.Device));
    }

    [Fact]
    public void Parse_Programs_ComeWithTheVm_AndLetItConfigureItself()
    {
        LabTopology lab = new LabBuilder().Hosts("h1").Network("blue", (5001, ["10.0.0.0/24"])).Port("b1", "h1", "blue", 5001, ["10.0.0.5"])
            .Document("""
                kind: LabVm
                name: b1
                host: h1
                port: b1
                addresses: [10.0.0.2/24]
                run: [{name: server, command: "sleep 1"}]
                """)
            .Document("kind: LabFile\nname: server.conf\ntext: hello").Build();
        LabVmSpec vm = lab.Vms.Single();
        Assert.Equal(new LabProgramSpec("server", "sleep 1"), Assert.Single(vm.Programs));
        Assert.Equal(new LabFileSpec("server.conf", "hello"), Assert.Single(lab.Files));
        Assert.True(vm.First.ConfiguresItself);
        Assert.Equal(["10.0.0.5/24", "10.0.0.2/24"], vm.First.Addresses.Select(a => a.ToString()));
    }

    [Fact]
    public void Parse_LabDocuments_DoNotGoToTheController() =>
        Assert.DoesNotContain(LabTopology.Default.Cloud, d => d.IsLab);

    [Theory]
    [InlineData("host: h1\nport: nope", "/port", "no Port 'nope'")]
    [InlineData("host: h9\nport: b1", "/host", "no LabHost 'h9'")]
    [InlineData("host: h2\nport: b1", "/port", "on host 'h1'")]
    [InlineData("host: h1\nport: b1\nconfigure: aut", "/configure", "did you mean 'auto'?")]
    [InlineData("host: h1\nport: b1\naddresses: [10.0.0.2]", "/addresses", "10.0.0.2/24")]
    [InlineData("host: h1\nport: b1\nrun: [{name: ../x, command: y}]", "/run/0/name", "not a plain name")]
    [InlineData("host: h1\nport: b1\nrun: [{name: x, command: y}, {name: x, command: z}]", "/run", "stands twice")]
    [InlineData("host: h1\nport: b1\ndevice: tip", "/device", "did you mean 'tap'?")]
    [InlineData("host: h1\nport: b1\nmtuu: 9000", "/mtuu", "did you mean 'mtu'?")]
    [InlineData("host: h1\nport: b1\nmtu: 12", "/mtu", "out of range")]
    [InlineData("host: h1", "/port", "is missing")]
    public void Parse_WrongVm_SaysWhatAndWhere(string fields, string field, string words)
    {
        string text = new LabBuilder().Hosts("h1", "h2").Network("blue", (5001, ["10.0.0.0/24"])).Port("b1", "h1", "blue", 5001, ["10.0.0.5"])
            .Document($"kind: LabVm\nname: vm\n{fields}").ToString();
        LabFileException e = Assert.Throws<LabFileException>(() => LabFileReader.Parse(text, "my.yaml"));
        Assert.Contains(e.Errors, x => x.Field == field && $"{x.Problem} {x.Remedy}".Contains(words, StringComparison.Ordinal) && x.File == "my.yaml" && x.Line > 0);
    }

    [Fact]
    public void Parse_BytesWithAByteOrderMark_AreTheSameText()
    {
        string text = new LabBuilder().Hosts("h1").Network("blue", (5001, ["10.0.0.0/24"])).Vm("b1", "h1", "blue", 5001, ["10.0.0.5"]).ToString();
        Assert.Equal(text, LabFileReader.Parse([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(text)], "my.yaml").Text);
    }

    [Fact]
    public void Parse_BytesThatAreNotUtf8_AreRefusedAsThat()
    {
        LabFileException e = Assert.Throws<LabFileException>(() => LabFileReader.Parse(Encoding.Unicode.GetBytes("\ufeffkind: LabHost\n"), "my.yaml"));
        Assert.Equal("is not UTF-8 text", Assert.Single(e.Errors).Problem);
    }

    /// <summary>What a document with an error of form would have made is not missing elsewhere: the one error is told, and no other.</summary>
    [Theory]
    [InlineData("kind: VmNetwork")]
    [InlineData("kind: Port")]
    [InlineData("kind: LabHost")]
    [InlineData("kind: Host")]
    public void Parse_FieldTwiceInADocument_IsTheOnlyError(string kind)
    {
        string text = new LabBuilder().Hosts("h1").Network("blue", (5001, ["10.0.0.0/24"])).Vm("b1", "h1", "blue", 5001, ["10.0.0.5"]).ToString();
        int at = text.IndexOf(kind, StringComparison.Ordinal);
        LabFileException e = Assert.Throws<LabFileException>(() => LabFileReader.Parse(text.Insert(at, $"{kind}\n"), "my.yaml"));
        Assert.Equal("'kind' is there twice", Assert.Single(e.Errors).Problem);
    }

    [Fact]
    public void Parse_OneNameForHostAndVm_IsRefused()
    {
        string text = new LabBuilder().Hosts("h1").Network("blue", (5001, ["10.0.0.0/24"])).Vm("h1", "h1", "blue", 5001, ["10.0.0.5"]).ToString();
        LabFileException e = Assert.Throws<LabFileException>(() => LabFileReader.Parse(text, "my.yaml"));
        Assert.Contains(e.Errors, x => x.Field == "/name" && x.Problem.Contains("taken", StringComparison.Ordinal));
    }
}

using Hnv.Api.Manifests;
using Hnv.Api.Resources;
using Hnv.Model;
using Hnv.Model.Resources;
using Hnv.Model.Validation;

namespace Hnv.Api.Tests.Manifests;

public class ManifestBindingTests
{
    [Fact]
    public void Read_FormErrors_HaveFileLineAndField()
    {
        ManifestReadResult file = ManifestReader.Read(
            "kind: Port\nname: blue1\nvmNetwork: blue\nvsid: 5001\nmac: 060600000005\naddresses:\n- 10.0.0.5\n- 10.0.0\n---\nkind: Host\nnmae: h\n", "lab.yaml");
        Assert.Equal(
            [
                "lab.yaml:5: Port default/blue1: mac: is the number 60600000005 (text is expected: put it in quotes)",
                "lab.yaml:8: Port default/blue1: addresses[1]: '10.0.0' is not an IP address (write it such as 10.0.0.5 or \"2001:db8::5\")",
                "lab.yaml:10: Host: name: is missing",
                "lab.yaml:11: Host: nmae: 'nmae' is not a field here (did you mean 'name'?)",
            ],
            ManifestBinding.Read(file.Documents).Errors.Select(e => e.ToString()));
    }

    [Fact]
    public void Locate_FindingsOfTheServer_HaveFileAndLine()
    {
        ManifestReadResult file = ManifestReader.Read(
            "kind: VmNetwork\nname: blue\nsubnets:\n- vsid: 5001\n  prefixes: [10.0.0.0/24]\n---\nkind: Port\nname: a\nvmNetwork: blue\nvsid: 5001\nmac: 06:06:00:00:00:05\naddresses: [10.0.0.1]\n", "f");
        (var resources, var errors) = ManifestBinding.Read(file.Documents);
        Assert.Empty(errors);
        ValidationOutcome outcome = ModelValidator.Validate(CloudModel.Empty, ChangeSet.Put(resources));
        Assert.Equal(
            ["f:12: Port default/a: addresses[0]: 10.0.0.1 is the distributed gateway of subnet 5001 (choose another address of 10.0.0.0/24, or give the gateway another one in the subnet's gateways)"],
            ManifestBinding.Locate(outcome.Findings, file.Documents).Select(e => e.ToString()));
    }

    [Fact]
    public void Locate_FindingOfNoDocument_ComesLastWithoutPlace()
    {
        ManifestReadResult file = ManifestReader.Read("kind: Host\nname: h\n", "f");
        Assert.Equal(
            ["f:2: Host h: name: x", "Tenant t: y"],
            ManifestBinding.Locate([new Finding("Tenant t", "", "y"), new Finding("Host h", "/name", "x", null, 0)], file.Documents).Select(e => e.ToString()));
    }

    [Fact]
    public void Read_DefaultTenant_IsThatOfTheCommand() => Assert.Equal(
        "VmNetwork blue-corp/n",
        Assert.Single(ManifestBinding.Read(ManifestReader.Read("kind: VmNetwork\nname: n\n", "f").Documents, "blue-corp").Resources).Id.ToString());

    [Fact]
    public void Bind_LabDocument_IsReadByItsOwner()
    {
        ManifestDocument document = Assert.Single(ManifestReader.Read("kind: LabHost\nname: h\nuplinks:\n- {name: up0, address: 192.168.4.11/24}\n- {name: up1, adress: x}\n", "f").Documents);
        List<Finding> findings = [];
        StrictObject fields = StrictObject.Open(document.Root, "", document.Bind(findings))!;
        Assert.Equal("LabHost", fields.Text("kind", required: true));
        Assert.Equal("h", fields.Text("name", required: true));
        var uplinks = fields.Objects("uplinks", item =>
        {
            string? name = item.Text("name", required: true);
            (System.Net.IPAddress Address, int Length)? address = item.InterfaceAddress("address", required: true);
            item.Close();
            return address is null ? null : $"{name} {address.Value.Address}/{address.Value.Length}";
        });
        fields.Close();
        Assert.Equal(["up0 192.168.4.11/24"], uplinks);
        Assert.Equal(
            ["f:5: LabHost h: uplinks[1].address: is missing", "f:5: LabHost h: uplinks[1].adress: 'adress' is not a field here (did you mean 'address'?)"],
            findings.Select(f => document.ErrorOf(f).ToString()));
    }
}

using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Lab.Topology;

namespace Hnv.Lab.Tests.Scenarios.Peers;

/// <summary>
/// A provider network of both families with hosts of each kind, and strangers that reach the host with both.
/// <code>
///   h4 192.168.4.11    h6 fd00:4::12    hb 192.168.4.13, fd00:4::13        a VM of each network at each: nvh4, nvh6, nvhb, vxh4 …
///   nv 5001 (NVGRE), vx 6001 (VXLAN): flood by copies                      Open vSwitch: .91 to .94 of nv and vx, over either family
///   m4 7001 (VXLAN, group 239.1.1.1): m4h4, m4hb                           Debian's kernel in QEMU: .95, .96 of nv
///   m6 7002 (VXLAN, group ff05::1:1): m6h6                                 this kernel's vxlan: .97 of m4, .98 of m6; with a list of hosts: .88, .89 of vx
/// </code>
/// </summary>
public sealed class MixedLab : IAsyncLifetime
{
    public const uint Nvgre = 5001, Vxlan = 6001, Group4 = 7001, Group6 = 7002;
    public const string GroupAddress4 = "239.1.1.1", GroupAddress6 = "ff05::1:1";
    public const string Both4 = "192.168.4.13", Both6 = "fd00:4::13";
    public const string Switch4 = "192.168.4.91", Switch6 = "fd00:4::91", Guest4 = "192.168.4.95", Guest6 = "fd00:4::95", Device4 = "192.168.4.97", Device6 = "fd00:4::97";
    public const string HeadEnd4 = "192.168.4.88", HeadEnd6 = "fd00:4::88";

    public NetworkLab Lab { get; private set; } = null!;

    internal static IReadOnlyDictionary<int, Customer> Customers { get; } = new[]
    {
        new Customer("nv", 91, Switch4), new Customer("vx", 92, Switch4), new Customer("nv", 93, Switch6), new Customer("vx", 94, Switch6),
        new Customer("nv", 95, Guest4), new Customer("nv", 96, Guest6), new Customer("m4", 97, Device4), new Customer("m6", 98, Device6),
        new Customer("vx", 88, HeadEnd4), new Customer("vx", 89, HeadEnd6),
    }.ToDictionary(static c => c.Number);

    public async ValueTask InitializeAsync()
    {
        LabBuilder builder = new LabBuilder().Host("h4", "192.168.4.11/24").Host("h6", "fd00:4::12/64")
            .Document($"kind: Host\nname: hb\nproviderAddresses: [\"{Both4}\", \"{Both6}\"]")
            .Document($$"""
                kind: LabHost
                name: hb
                uplinks: [{name: up0, address: "{{Both4}}/24", address6: "{{Both6}}/64"}]
                """);
        foreach ((string name, string encapsulation, uint vsid, string flooding, string[] hosts) in ((string, string, uint, string, string[])[])
            [
                ("nv", "nvgre", Nvgre, "unicast", ["h4", "h6", "hb"]), ("vx", "vxlan", Vxlan, "unicast", ["h4", "h6", "hb"]),
                ("m4", "vxlan", Group4, $"multicast, multicastGroup: {GroupAddress4}", ["h4", "hb"]),
                ("m6", "vxlan", Group6, $"multicast, multicastGroup: \"{GroupAddress6}\"", ["h6"]),
            ])
        {
            builder.Document($$"""
                kind: VmNetwork
                name: {{name}}
                tenant: {{name}}
                encapsulation: {{encapsulation}}
                subnets:
                - {vsid: {{vsid}}, prefixes: [10.0.0.0/24, "2001:db8:1::/64"], flooding: {{flooding}}}
                """);
            foreach (string host in hosts)
            {
                int number = host switch { "h4" => 11, "h6" => 12, _ => 13 };
                builder.Vm(name + host, host, name, vsid, [$"10.0.0.{number}", $"2001:db8:1::{number}"]);
            }

            foreach (string document in Customers.Values.Where(c => c.Network == name).SelectMany(c => c.Documents(vsid)))
            {
                builder.Document(document);
            }
        }

        // Who compares the whole key of GRE gets no FlowID.
        foreach ((string address, string flowId) in ((string, string)[])
            [(Switch4, "zero"), (Switch6, "zero"), (Guest4, "zero"), (Guest6, "zero"), (Device4, "hash"), (Device6, "hash"),
                (HeadEnd4, "hash"), (HeadEnd6, "hash")])
        {
            builder.Document($"kind: ProviderEndpoint\nproviderAddress: \"{address}\"\nflowId: {flowId}");
        }

        Lab = await NetworkLab.StartAsync(builder.Build(), cancellationToken: TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (Lab is not null)
        {
            await Lab.DisposeAsync();
        }
    }
}

/// <summary>The tests that share the lab.</summary>
[CollectionDefinition]
public sealed class MixedCollection : ICollectionFixture<MixedLab>;

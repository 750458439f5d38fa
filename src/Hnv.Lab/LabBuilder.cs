using System.Globalization;
using System.Text;
using Hnv.Lab.Topology;

namespace Hnv.Lab;

/// <summary>
/// Writes a lab file from code: what a test needs, and no more. Hosts get provider addresses 192.168.4.N and interfaces
/// <c>up0</c>, VMs MACs and interfaces of their own, unless said otherwise.
/// <code>
/// new LabBuilder()
///     .Hosts("h1", "h2")
///     .Network("blue", (5001, ["10.0.0.0/24", "2001:db8:1::/64"]), (5002, ["10.0.1.0/24"]))
///     .Vm("b1", "h1", "blue", 5001, ["10.0.0.5", "2001:db8:1::5"])
///     .Vm("b2", "h2", "blue", 5001, ["10.0.0.7", "2001:db8:1::7"])
///     .Build()
/// </code>
/// A network's tenant is its name. What the builder has no word for goes in as text with <see cref="Document"/>.
/// </summary>
public sealed class LabBuilder
{
    private readonly List<string> _documents = [];
    private int _hosts;
    private int _ports;

    /// <summary>Hosts with one uplink each.</summary>
    public LabBuilder Hosts(params string[] names)
    {
        foreach (string name in names)
        {
            Host(name);
        }

        return this;
    }

    /// <summary>A host.</summary>
    /// <param name="address">Its provider address with prefix length; null: the next of 192.168.4.0/24.</param>
    /// <param name="mtu">Of its uplink.</param>
    public LabBuilder Host(string name, string? address = null, int mtu = LabUplinkSpec.DefaultMtu)
    {
        string text = address ?? string.Create(CultureInfo.InvariantCulture, $"192.168.4.{11 + _hosts++}/24");
        return Document($"""
            kind: Host
            name: {name}
            providerAddresses: ["{text.Split('/')[0]}"]
            """)
            .Document($$"""
            kind: LabHost
            name: {{name}}
            uplinks: [{name: up0, address: "{{text}}", mtu: {{mtu}}}]
            """);
    }

    /// <summary>A VM network of the tenant of the same name.</summary>
    public LabBuilder Network(string name, params (uint Vsid, string[] Prefixes)[] subnets) => Network(name, [], subnets);

    /// <summary>A VM network with customer routes.</summary>
    public LabBuilder Network(string name, (string Prefix, string NextHop)[] routes, params (uint Vsid, string[] Prefixes)[] subnets)
    {
        var text = new StringBuilder($"kind: VmNetwork\nname: {name}\ntenant: {name}\nsubnets:\n");
        foreach ((uint vsid, string[] prefixes) in subnets)
        {
            text.Append(CultureInfo.InvariantCulture, $"- {{vsid: {vsid}, prefixes: [{Quoted(prefixes)}]}}\n");
        }

        if (routes.Length > 0)
        {
            text.Append("routes:\n");
            foreach ((string prefix, string nextHop) in routes)
            {
                text.Append(CultureInfo.InvariantCulture, $"- {{prefix: \"{prefix}\", nextHop: \"{nextHop}\"}}\n");
            }
        }

        return Document(text.ToString());
    }

    /// <summary>A port, without a VM.</summary>
    public LabBuilder Port(string name, string host, string network, uint vsid, string[] addresses, string? mac = null, string? interfaceName = null)
    {
        int number = ++_ports;
        return Document($"""
            kind: Port
            name: {name}
            tenant: {network}
            vmNetwork: {network}
            vsid: {vsid}
            host: {host}
            interface: {interfaceName ?? $"p{number}"}
            mac: {mac ?? $"06:06:00:00:{number >> 8:x2}:{number & 255:x2}"}
            addresses: [{Quoted(addresses)}]
            """);
    }

    /// <summary>A VM with one adapter and its port of the same name.</summary>
    public LabBuilder Vm(
        string name, string host, string network, uint vsid, string[] addresses, string? mac = null, LabDevice device = LabDevice.Veth, int mtu = 1500) =>
        Port(name, host, network, vsid, addresses, mac).Vm(name, host, [$"{network}/{name}"], device, mtu);

    /// <summary>A VM with adapters for ports that were added before, as TENANT/PORT.</summary>
    public LabBuilder Vm(string name, string host, string[] ports, LabDevice device = LabDevice.Veth, int mtu = 1500) => Document($"""
        kind: LabVm
        name: {name}
        host: {host}
        ports: [{Quoted(ports)}]
        device: {(device == LabDevice.Tap ? "tap" : "veth")}
        mtu: {mtu}
        """);

    /// <summary>A document as text.</summary>
    public LabBuilder Document(string yaml)
    {
        _documents.Add(yaml.TrimEnd());
        return this;
    }

    /// <summary>The file.</summary>
    public override string ToString() => string.Join("\n---\n", _documents) + "\n";

    /// <summary>The topology.</summary>
    /// <exception cref="LabFileException">What was said does not fit together.</exception>
    public LabTopology Build() => LabFileReader.Parse(ToString(), "built");

    private static string Quoted(IEnumerable<string> texts) => string.Join(", ", texts.Select(t => $"\"{t}\""));
}

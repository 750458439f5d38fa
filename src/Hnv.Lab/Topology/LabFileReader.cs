using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hnv.Api.Manifests;
using Hnv.Api.Resources;
using Hnv.Model;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Lab.Topology;

/// <summary>
/// Reads lab files: manifests with <c>LabHost</c> and <c>LabVm</c> beside the controller's kinds. What a VM's adapter is (interface,
/// MAC, addresses, gateway) comes from its port and its VM network, so that nothing is said twice.
/// </summary>
public static class LabFileReader
{
    /// <summary>Namespaces of machines share one name space with the fabric's.</summary>
    public const string FabricName = "fabric";

    private const int MaxInterfaceName = 15;
    private const uint MinMtu = 576, MaxMtu = 65535;
    private const int DefaultMtu = 1500;

    /// <summary>The words of <see cref="LabDevice"/>, in its order.</summary>
    private static readonly ImmutableArray<string> s_devices = ["veth", "tap"];

    private static readonly ImmutableArray<string> s_configurations = ["static", "auto"];

    /// <summary>Reads the bytes of a file, which are UTF-8, with or without a byte order mark; <paramref name="fileName"/> is for messages.</summary>
    /// <exception cref="LabFileException">It is wrong; all errors.</exception>
    public static LabTopology Parse(ReadOnlySpan<byte> utf8, string fileName)
    {
        ReadOnlySpan<byte> mark = Encoding.UTF8.Preamble;
        return Parse(ManifestReader.Read(utf8, fileName), Encoding.UTF8.GetString(utf8.StartsWith(mark) ? utf8[mark.Length..] : utf8), fileName);
    }

    /// <summary>Reads a text; <paramref name="fileName"/> is for messages.</summary>
    /// <exception cref="LabFileException">It is wrong; all errors.</exception>
    public static LabTopology Parse(string text, string fileName) => Parse(ManifestReader.Read(text, fileName), text, fileName);

    private static LabTopology Parse(ManifestReadResult read, string text, string fileName)
    {
        var errors = read.Errors.ToList();
        ImmutableArray<ManifestDocument> cloud = [.. read.Documents.Where(d => !d.IsLab)];
        (ImmutableArray<Resource> resources, ImmutableArray<ManifestError> found) = ManifestBinding.Read(cloud);
        errors.AddRange(found);
        var hosts = new List<LabHostSpec>();
        var machines = new List<(ManifestDocument Document, VmDocument Vm)>();
        var files = new List<LabFileSpec>();
        var names = new HashSet<string>(StringComparer.Ordinal) { FabricName };
        foreach (ManifestDocument document in read.Documents.Where(d => d.IsLab))
        {
            List<Finding> findings = [];
            StrictObject fields = StrictObject.Open(document.Root, string.Empty, document.Bind(findings))!;
            if (string.Equals(document.KindName, "LabFile", StringComparison.OrdinalIgnoreCase))
            {
                if (ReadFile(fields, files) is { } file)
                {
                    files.Add(file);
                }

                errors.AddRange(findings.Select(document.ErrorOf));
                continue;
            }

            string? name = ReadName(fields, names);
            if (string.Equals(document.KindName, "LabHost", StringComparison.OrdinalIgnoreCase))
            {
                ImmutableArray<LabUplinkSpec> uplinks = fields.Objects("uplinks", ReadUplink, required: true);
                fields.Close();
                hosts.Add(new LabHostSpec(name ?? string.Empty, uplinks));
            }
            else
            {
                machines.Add((document, ReadVm(fields, name)));
                fields.Close();
            }

            errors.AddRange(findings.Select(document.ErrorOf));
        }

        if (hosts.Count == 0 && errors.Count == 0)
        {
            errors.Add(new ManifestError(fileName, null, null, null, string.Empty, "there is no LabHost in this file", "a lab needs hosts: see `hnv lab up --help`"));
        }

        ImmutableArray<LabVmSpec> vms = Resolve(machines, resources, hosts, errors);
        return errors.Count == 0
            ? new LabTopology(text, fileName, cloud, [.. hosts], vms, [.. files])
            : throw new LabFileException([.. errors.OrderBy(e => e.Line)]);
    }

    private sealed record VmDocument(string? Name, string? Host, ImmutableArray<string> Ports, LabDevice Device, int Mtu, bool ConfiguresItself,
        ImmutableArray<LabAddress> Addresses, ImmutableArray<LabProgramSpec> Programs);

    private static string? ReadName(StrictObject fields, HashSet<string> names)
    {
        _ = fields.Text("kind");
        if (fields.Text("name", required: true) is not { } name)
        {
            return null;
        }

        if (name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')) || name.Length > 64 || name[0] is '.' or '-')
        {
            fields.Add("name", $"{BindingContext.Quote(name)} is not a name of a machine", "letters, digits, '-', '_' and '.'");
        }
        else if (!names.Add(name))
        {
            fields.Add("name", $"'{name}' is taken", name == FabricName ? "the fabric has this name" : "hosts and VMs of a lab need different names");
        }

        return name;
    }

    private static LabUplinkSpec? ReadUplink(StrictObject fields)
    {
        string? name = fields.Text("name", required: true);
        (IPAddress Address, int Length)? first = fields.InterfaceAddress("address", required: true);
        (IPAddress Address, int Length)? second = fields.InterfaceAddress("address6");
        uint mtu = fields.Number("mtu", MinMtu, MaxMtu) ?? LabUplinkSpec.DefaultMtu;
        fields.Close();
        if (name?.Length > MaxInterfaceName)
        {
            fields.Add("name", $"'{name}' is too long for an interface", $"at most {MaxInterfaceName} characters");
        }

        return name is null || first is not { } a
            ? null
            : new LabUplinkSpec(name, [new LabAddress(a.Address, a.Length), .. second is { } b ? new[] { new LabAddress(b.Address, b.Length) } : []], (int)mtu);
    }

    private static VmDocument ReadVm(StrictObject fields, string? name)
    {
        string? host = fields.Text("host", required: true);
        bool several = fields.Has("ports");
        string? port = fields.Text("port", required: !several);
        ImmutableArray<string> ports = fields.Texts("ports");
        if (several && port is not null)
        {
            fields.Add("ports", "stands beside port", "one of them: port for one adapter, ports for several");
        }

        var device = (LabDevice)(fields.Word("device", s_devices) ?? 0);
        uint mtu = fields.Number("mtu", MinMtu, MaxMtu) ?? DefaultMtu;
        bool configuresItself = (LabConfiguration)(fields.Word("configure", s_configurations) ?? 0) == LabConfiguration.Auto;
        ImmutableArray<LabAddress> addresses = ReadAddresses(fields);
        ImmutableArray<LabProgramSpec> programs = fields.Objects("run", static p =>
        {
            (string? program, string? command) = (ReadFileName(p, "name"), p.Text("command", required: true));
            p.Close();
            return program is null || command is null ? null : new LabProgramSpec(program, command);
        });
        RefuseTwice(fields, "run", programs.Select(static p => p.Name));
        return new VmDocument(name, host, port is null ? ports : [port], device, (int)mtu, configuresItself, addresses, programs);
    }

    private static ImmutableArray<LabAddress> ReadAddresses(StrictObject fields)
    {
        var addresses = ImmutableArray.CreateBuilder<LabAddress>();
        foreach (string text in fields.Texts("addresses"))
        {
            if (text.Split('/') is [var address, var length] && IPAddress.TryParse(address, out IPAddress? parsed)
                && int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out int bits) && bits <= parsed.GetMaxLength())
            {
                addresses.Add(new LabAddress(parsed, bits));
            }
            else
            {
                fields.Add("addresses", $"{BindingContext.Quote(text)} is not an address with its prefix length", "write it such as 10.0.0.2/24");
            }
        }

        return addresses.ToImmutable();
    }

    private static LabFileSpec? ReadFile(StrictObject fields, List<LabFileSpec> others)
    {
        _ = fields.Text("kind");
        (string? name, string? text) = (ReadFileName(fields, "name"), fields.Text("text", required: true));
        fields.Close();
        if (others.Any(o => o.Name == name))
        {
            fields.Add("name", $"'{name}' is taken", "files of a lab need different names");
        }

        return name is null || text is null ? null : new LabFileSpec(name, text);
    }

    private static string? ReadFileName(StrictObject fields, string field)
    {
        string? name = fields.Text(field, required: true);
        if (name is null || (name.Length is > 0 and <= 64 && name[0] != '.' && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')))
        {
            return name;
        }

        fields.Add(field, $"{BindingContext.Quote(name)} is not a plain name", "letters, digits, '-', '_' and '.'");
        return null;
    }

    private static void RefuseTwice(StrictObject fields, string field, IEnumerable<string> names)
    {
        foreach (string twice in names.GroupBy(static n => n, StringComparer.Ordinal).Where(static g => g.Count() > 1).Select(static g => g.Key))
        {
            fields.Add(field, $"'{twice}' stands twice", "different names");
        }
    }

    /// <summary>Joins VMs with their ports. Problems are said of the VM's document.</summary>
    private static ImmutableArray<LabVmSpec> Resolve(
        List<(ManifestDocument Document, VmDocument Vm)> machines, ImmutableArray<Resource> resources, List<LabHostSpec> hosts, List<ManifestError> errors)
    {
        var vms = ImmutableArray.CreateBuilder<LabVmSpec>();
        var taken = new HashSet<ResourceId>();
        bool sound = errors.Count == 0; // What could not be read is not missing.
        foreach ((ManifestDocument document, VmDocument vm) in machines)
        {
            void Wrong(string field, string problem, string? remedy = null) =>
                errors.Add(document.ErrorOf(new Finding($"LabVm {vm.Name}", field, problem, remedy)));

            if (sound && vm.Host is not null && hosts.All(h => h.Name != vm.Host))
            {
                Wrong("/host", $"there is no LabHost '{vm.Host}'", Near(vm.Host, hosts.Select(h => h.Name)));
            }

            var adapters = ImmutableArray.CreateBuilder<LabAdapterSpec>();
            foreach ((int i, string name) in vm.Ports.Index())
            {
                string field = document.Root.TryGetProperty("ports", out _) ? $"/ports/{i}" : "/port";
                Port[] ports = [.. resources.OfType<Port>().Where(p => name == p.Name || name == $"{p.Tenant}/{p.Name}")];
                if (ports.Length != 1)
                {
                    if (sound)
                    {
                        Wrong(field, ports.Length == 0 ? $"there is no Port '{name}' in this file" : $"several tenants have a Port '{name}'",
                            ports.Length == 0 ? Near(name, resources.OfType<Port>().Select(p => p.Name)) : "write TENANT/PORT");
                    }

                    continue;
                }

                Port port = ports[0];
                if (!taken.Add(port.Id))
                {
                    Wrong(field, $"the port '{name}' is another LabVm's too", "a port is one adapter of one VM");
                }
                else if (port.Host != vm.Host)
                {
                    Wrong(field, $"the port '{name}' is on host '{port.Host}', the VM on '{vm.Host}'", "name the same host in both");
                }
                else if (port.Interface is not { Length: > 0 and <= MaxInterfaceName } hostInterface)
                {
                    Wrong(field, $"the port '{name}' has no interface", "give the Port an interface, e.g. v-" + name);
                }
                else if (FindSubnet(resources, port) is not { } subnet)
                {
                    if (!sound)
                    {
                        continue;
                    }

                    Wrong(field, $"the subnet of port '{name}' is not in this file", $"a VmNetwork '{port.VmNetwork}' with vsid {port.Vsid}");
                }
                else
                {
                    adapters.Add(new LabAdapterSpec(
                        $"eth{i}", $"{port.Tenant}/{port.Name}", $"{port.Tenant}/{port.VmNetwork}", port.Vsid, vm.Device, hostInterface, port.Mac,
                        [
                            .. port.Addresses.Select(a => new LabAddress(a, SubnetAddressing.PrefixOf(subnet, a.AddressFamily)?.PrefixLength ?? a.GetMaxLength())),
                            .. i == 0 ? vm.Addresses : [],
                        ],
                        i == 0 ? [.. Gateways(subnet, port)] : [],
                        vm.Mtu) 
                    {
                        ConfiguresItself = vm.ConfiguresItself || vm.Programs.Length > 0, Families = [.. subnet.Prefixes.Select(static p => p.BaseAddress.AddressFamily)],
                    });
                }
            }

            if (adapters.Count > 0)
            {
                vms.Add(new LabVmSpec(vm.Name ?? string.Empty, vm.Host ?? string.Empty, adapters.ToImmutable())
                {
                    Programs = vm.Programs,
                });
            }
        }

        return vms.ToImmutable();
    }

    /// <summary>Of the families the port has addresses of; a VM that is the subnet's gateway needs none.</summary>
    private static IEnumerable<IPAddress> Gateways(VirtualSubnet subnet, Port port) =>
        new[] { AddressFamily.InterNetwork, AddressFamily.InterNetworkV6 }
            .Where(f => port.Addresses.Any(a => a.AddressFamily == f))
            .Select(f => SubnetAddressing.GatewayOf(subnet, f))
            .OfType<IPAddress>()
            .Where(g => !port.Addresses.Contains(g));

    private static VirtualSubnet? FindSubnet(ImmutableArray<Resource> resources, Port port) => resources
        .OfType<VmNetwork>().FirstOrDefault(n => n.Tenant == port.Tenant && n.Name == port.VmNetwork)?
        .Subnets.FirstOrDefault(s => s.Vsid == port.Vsid);

    private static string? Near(string word, IEnumerable<string> known) => Suggestion.Nearest(word, known) is { } nearest ? $"did you mean '{nearest}'?" : null;
}

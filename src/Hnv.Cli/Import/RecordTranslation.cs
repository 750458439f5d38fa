using System.Diagnostics.CodeAnalysis;
using System.Net;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;
using Hnv.Model.Validation;

namespace Hnv.Cli.Import;

/// <summary>Lookup records as they are, or, of VMs that move to Linux hosts, as ports.</summary>
internal sealed class RecordTranslation(ImportOptions options, NetworkTranslation networks, HostTranslation hosts, ImportFindings findings)
{
    private readonly Dictionary<(uint Vsid, IPAddress Address), LookupRow> _records = [];
    private readonly Dictionary<(uint Vsid, MacAddress Mac), (LookupRow Row, Port Port)> _ports = [];
    private readonly HashSet<string> _portNames = new(StringComparer.Ordinal);
    private readonly HashSet<(string Host, string Interface)> _interfaces = [];
    private readonly HashSet<uint> _unknown = [];

    public List<LookupRecord> Records { get; } = [];

    public IEnumerable<Port> Ports => _ports.Values.Select(static p => p.Port);

    /// <summary>Where each came from.</summary>
    public Dictionary<ResourceId, ExportRow> Sources { get; } = [];

    public void Translate(IReadOnlyList<LookupRow> rows)
    {
        foreach (LookupRow row in rows.TakeWhile(_ => !findings.IsFull))
        {
            if (IsCarried(row) && IsNew(row))
            {
                if (BecomesPort(row, out string? host))
                {
                    AddToPort(row, host);
                }
                else
                {
                    AddRecord(row);
                }
            }
        }
    }

    private bool IsCarried(LookupRow row)
    {
        if (row.Rule != 1)
        {
            findings.LeftOut(
                row.Row, "Rule", row.Rule == 0
                    ? "TranslationMethodNat rewrites addresses instead of encapsulating: no frame says which virtual subnet it belongs to"
                    : "TranslationMethodNone sends no frame",
                row.Rule == 0 ? "set the record to TranslationMethodEncap on the Hyper-V hosts, and export it anew" : "nothing is to do");
            return false;
        }

        if (row.Type == LookupRecordType.Dynamic)
        {
            findings.LeftOut(row.Row, "Type", $"{row.CustomerAddress} was learned by a Hyper-V host", "give the subnet learning: dynamic, and the VM's host learns it again");
            return false;
        }

        if (row.Type == LookupRecordType.L2Only && !(options.AsPorts && hosts.Use(row.ProviderAddress, row.Row) is not null))
        {
            findings.LeftOut(
                row.Row, "Type", "L2Only says that a VM brings its own addresses: here a port without addresses does",
                $"import with --as ports and --host {row.ProviderAddress}=NAME, when its VM moves to a Linux host");
            return false;
        }

        if (!networks.Subnets.TryGetValue(row.Vsid, out var at))
        {
            findings.LeftOut(
                row.Row, "VirtualSubnetID", $"no customer route says in which routing domain VSID {row.Vsid} is", _unknown.Add(row.Vsid) ? "export Get-NetVirtualizationCustomerRoute, too" : null);
            return false;
        }

        if (at.Subnet.Prefixes.Any(p => SubnetAddressing.GatewayOf(at.Subnet, p).Equals(row.CustomerAddress)))
        {
            findings.LeftOut(
                row.Row, "CustomerAddress", $"{row.CustomerAddress} is the distributed gateway of VSID {row.Vsid}, which answers for itself on every host",
                "nothing is to do; if a VM has the address, give the gateway another one in the subnet's gateways");
            return false;
        }

        if (row.UseVmMacAddress)
        {
            findings.Note(row.Row, "UseVmMACAddress", "has an effect with TranslationMethodNat only");
        }

        if (bool.TryParse(row.Row["Unusable"], out bool unusable) && unusable)
        {
            findings.Note(row.Row, "Unusable", "Hyper-V could not use the record; here it counts");
        }

        return true;
    }

    /// <summary>Every host has the same records: told twice is told once, told differently is an error. Of remarks the first counts, and the other is left out by name.</summary>
    private bool IsNew(LookupRow row)
    {
        if (row.Type == LookupRecordType.L2Only || _records.TryAdd((row.Vsid, row.CustomerAddress), row))
        {
            return true;
        }

        LookupRow other = _records[(row.Vsid, row.CustomerAddress)];
        if (other.Mac != row.Mac || !other.ProviderAddress.Equals(row.ProviderAddress) || other.Type != row.Type)
        {
            findings.Error(
                row.Row, "CustomerAddress", $"{row.CustomerAddress} in VSID {row.Vsid} is {row.Mac} at {row.ProviderAddress} here, and {other.Mac} at {other.ProviderAddress} in {other.Row.Where}",
                "find out which host is right, and remove or correct the record on the other");
        }
        else
        {
            CompareRemarks(row, other);
        }

        return false;
    }

    private void CompareRemarks(LookupRow row, LookupRow other)
    {
        // A port has a name and no other remark, which is noted.
        bool port = BecomesPort(row, out _);
        (string Field, string? Here, string? There)[] remarks =
        [
            ("VMName", row.VmName, other.VmName), ("CustomerID", port ? null : row.CustomerId, port ? null : other.CustomerId), ("Context", port ? null : row.Context, port ? null : other.Context),
        ];
        foreach ((string field, string? here, string? there) in remarks.Where(static r => r.Here != r.There))
        {
            findings.LeftOut(row.Row, field, $"is {Quoted(here)} here, and {Quoted(there)} in {other.Row.Where}, which counts", "write the right one on all hosts, and export anew");
        }
    }

    private static string Quoted(string? text) => text is null ? "empty" : $"'{text}'";

    private bool BecomesPort(LookupRow row, [NotNullWhen(true)] out string? host)
    {
        host = options.AsPorts && row.Type is LookupRecordType.Static or LookupRecordType.L2Only ? hosts.Use(row.ProviderAddress, row.Row) : null;
        return host is not null;
    }

    private void AddRecord(LookupRow row)
    {
        _ = hosts.Use(row.ProviderAddress, row.Row);
        var record = new LookupRecord
        {
            Name = DerivedNames.OfLookupRecord(row.Vsid, row.CustomerAddress),
            Tenant = networks.Subnets[row.Vsid].Network.Tenant,
            Vsid = row.Vsid,
            CustomerAddress = row.CustomerAddress,
            Mac = row.Mac,
            ProviderAddress = row.ProviderAddress,
            Type = row.Type,
            CustomerId = row.CustomerId,
            Context = row.Context,
            VmName = row.VmName,
        };
        Records.Add(record);
        Sources[record.Id] = row.Row;
    }

    private void AddToPort(LookupRow row, string host)
    {
        (uint, MacAddress) key = (row.Vsid, row.Mac);
        if (_ports.TryGetValue(key, out var known))
        {
            if (known.Port.Host != host)
            {
                findings.Error(
                    row.Row, "ProviderAddress", $"the VM with {row.Mac} in VSID {row.Vsid} is at {host} here, and at {known.Port.Host} in {known.Row.Row.Where}", "a VM runs on one host");
                return;
            }

            if (row.VmName is not null && known.Row.VmName is { } name && row.VmName != name)
            {
                findings.Note(row.Row, "VMName", $"is '{row.VmName}' here, and '{name}' in {known.Row.Row.Where}, after which the port is named", "write another name where that is wrong");
            }

            _ports[key] = known with { Port = With(known.Port, row) };
        }
        else
        {
            Port port = With(NewPort(row, host), row);
            _ports.Add(key, (row, port));
            Sources[port.Id] = row.Row;
        }

        foreach ((string field, string? remark) in new[] { ("CustomerID", row.CustomerId), ("Context", row.Context) })
        {
            if (remark is not null)
            {
                findings.NoteOnce($"{field} of ports", row.Row, field, "a port has no such remark, and it is not taken over, here and in other rows", $"--as records takes {field} over");
            }
        }
    }

    private static Port With(Port port, LookupRow row) => row.Type == LookupRecordType.L2Only
        ? port with { Learning = LearningMode.Dynamic }
        : port with { Addresses = port.Addresses.Add(row.CustomerAddress) };

    private Port NewPort(LookupRow row, string host)
    {
        string bare = row.Mac.ToString().Replace(":", string.Empty, StringComparison.Ordinal);
        string wanted = NameOf(row.VmName) ?? $"{row.Vsid}-{bare}";
        string name = wanted;
        for (int i = 2; !_portNames.Add(name); i++)
        {
            name = $"{wanted[..Math.Min(wanted.Length, 55)]}-{i}";
        }

        // A MAC may be in use in several networks, so the name gets a letter where it must.
        string nic = $"v-{bare}";
        for (char c = 'b'; !_interfaces.Add((host, nic)) && c <= 'z'; c++)
        {
            nic = $"v-{bare}{c}";
        }

        findings.NoteOnce(
            "names of interfaces", row.Row, "MACAddress", $"interfaces are named after it ({nic}), since Hyper-V has no names for them",
            "name the VMs' interfaces so on their hosts, or write other names");
        return new Port
        {
            Name = name, Tenant = networks.Subnets[row.Vsid].Network.Tenant, VmNetwork = networks.Subnets[row.Vsid].Network.Name, Vsid = row.Vsid, Host = host, Interface = nic, Mac = row.Mac,
        };
    }

    /// <summary>A VM's name as a name here: lower case, other characters as hyphens; null where nothing is left.</summary>
    private static string? NameOf(string? text)
    {
        string plain = string.Concat((text ?? string.Empty).ToLowerInvariant().Select(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' ? c : '-'));
        string name = string.Join('-', plain.Split('-', StringSplitOptions.RemoveEmptyEntries)).Trim('-', '.', '_');
        name = name[..Math.Min(name.Length, 60)].TrimEnd('-', '.', '_');
        return NameRules.IsValid(name) ? name : null;
    }
}

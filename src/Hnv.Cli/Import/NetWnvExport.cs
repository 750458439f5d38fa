using System.Collections.Immutable;
using System.Net;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Cli.Import;

/// <summary>The objects of an export, sorted by the cmdlet that a row's fields give away.</summary>
internal sealed class NetWnvExport
{
    public List<LookupRow> Records { get; } = [];

    public List<CustomerRouteRow> CustomerRoutes { get; } = [];

    public List<ProviderAddressRow> ProviderAddresses { get; } = [];

    public List<ProviderRouteRow> ProviderRoutes { get; } = [];

    public List<GlobalRow> Globals { get; } = [];

    public static NetWnvExport Read(IEnumerable<ExportRow> rows, ImportFindings findings)
    {
        var export = new NetWnvExport();
        foreach (ExportRow row in rows.TakeWhile(_ => !findings.IsFull))
        {
            export.Add(row, findings);
        }

        return export;
    }

    private void Add(ExportRow row, ImportFindings findings)
    {
        var fields = new RowFields(row, findings);
        if (row.Fields.Count == 0)
        {
            return; // Broken, and said.
        }

        if (row.Has("SourceCustomerAddress"))
        {
            findings.LeftOut(row, null, "is an answer of Select-NetVirtualizationNextHop, which is no policy", "ask `hnv next-hop` when the policy is there");
        }
        else if (row.Has("CustomerAddress") && row.Has("VirtualSubnetID"))
        {
            Keep(Records, Record(fields), fields);
        }
        else if (row.Has("RoutingDomainID") && row.Has("DestinationPrefix"))
        {
            Keep(
                CustomerRoutes,
                new CustomerRouteRow(
                    row, fields.Identifier("RoutingDomainID"), fields.Vsid("VirtualSubnetID"), fields.Prefix("DestinationPrefix"),
                    fields.Address("NextHop"), fields.Number("Metric", required: false) ?? 0),
                fields);
        }
        else if (row.Has("ProviderAddress") && row.Has("PrefixLength"))
        {
            Keep(
                ProviderAddresses,
                new ProviderAddressRow(
                    row, Computer(row), fields.Address("ProviderAddress"), fields.Number("InterfaceIndex", required: false),
                    fields.Number("PrefixLength", 1, 128) ?? 0, fields.Number("VlanID", 0, 4094, required: false) ?? 0),
                fields);
        }
        else if (row.Has("DestinationPrefix") && row.Has("NextHop") && row.Has("InterfaceIndex"))
        {
            Keep(
                ProviderRoutes,
                new ProviderRouteRow(
                    row, Computer(row), fields.Number("InterfaceIndex") ?? 0, fields.Prefix("DestinationPrefix"), fields.Address("NextHop"), fields.Number("Metric", required: false) ?? 0),
                fields);
        }
        else if (row.Has("UseExternalRouter"))
        {
            Keep(Globals, new GlobalRow(row, fields.Flag("UseExternalRouter")), fields);
        }
        else
        {
            findings.Error(
                row, null, $"is no object of NetWNV: it has {string.Join(", ", row.Fields.Keys.Take(5).Select(static k => k.Length > 40 ? k[..40] + "…" : k))}",
                "export the objects whole, without Select-Object and Format-…: Get-NetVirtualizationLookupRecord, …CustomerRoute, …ProviderAddress, …ProviderRoute, …Global");
        }
    }

    private static LookupRow Record(RowFields fields)
    {
        ExportRow row = fields.Row;
        IPAddress customer = fields.Address("CustomerAddress");
        bool wildcard = customer.IsUnspecified();

        // Windows Server 2012 knew no Type: a record without an address was a gateway's.
        uint type = fields.Word("Type", string.Empty, Enum.GetNames<LookupRecordType>()) ?? (uint)(wildcard ? LookupRecordType.GatewayWildcard : LookupRecordType.Static);
        return new LookupRow(
            row, customer, fields.Vsid("VirtualSubnetID"), fields.Mac("MACAddress"), fields.Address("ProviderAddress"),
            fields.Word("Rule", "TranslationMethod", "Nat", "Encap", "None") ?? 1, (LookupRecordType)type, row["CustomerID"], row["Context"], row["VMName"],
            fields.Flag("UseVmMACAddress"));
    }

    /// <summary>The host's name as it is known here: the first label, in lower case.</summary>
    private static string? Computer(ExportRow row) =>
        row["PSComputerName"] is { } name && !name.Equals("localhost", StringComparison.OrdinalIgnoreCase) && !IPAddress.TryParse(name, out _)
            ? name.Split('.')[0].ToLowerInvariant()
            : null;

    private static void Keep<T>(List<T> list, T item, RowFields fields)
    {
        if (!fields.IsBroken)
        {
            list.Add(item);
        }
    }
}

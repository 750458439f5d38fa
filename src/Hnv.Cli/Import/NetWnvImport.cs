using System.Collections.Immutable;
using System.Globalization;
using Hnv.Model;
using Hnv.Model.Resources;
using Hnv.Model.Validation;

namespace Hnv.Cli.Import;

/// <summary>An export as resources, in the order in which one reads them: networks, hosts, endpoints, ports, records.</summary>
internal static class NetWnvImport
{
    private const int Rounds = 50;

    /// <summary>In place of the number of a route: the object itself.</summary>
    private const int Whole = -1;

    /// <summary>The resources; none when there is an error among the findings.</summary>
    public static ImmutableArray<Resource> Translate(NetWnvExport export, ImportOptions options, ImportFindings findings)
    {
        var networks = new NetworkTranslation(options, findings, UsesExternalRouter(export, findings));
        var hosts = new HostTranslation(options, findings);
        var records = new RecordTranslation(options, networks, hosts, findings);
        networks.Translate(export.CustomerRoutes);
        hosts.Translate(export.ProviderAddresses, export.ProviderRoutes);
        records.Translate(export.Records);
        List<Resource> resources = [.. networks.Networks, .. hosts.Hosts, .. hosts.Endpoints, .. records.Ports, .. records.Records];
        Dictionary<ResourceId, ExportRow> sources = networks.Sources.Concat(hosts.Sources).Concat(records.Sources).ToDictionary();
        Judge(resources, sources, networks, hosts, findings);
        return findings.Count(ImportSeverity.Error) == 0 ? [.. resources] : [];
    }

    private static bool UsesExternalRouter(NetWnvExport export, ImportFindings findings)
    {
        foreach (GlobalRow row in export.Globals.Where(r => r.UseExternalRouter != export.Globals[0].UseExternalRouter).Take(1))
        {
            findings.Error(
                row.Row, "UseExternalRouter", $"is {row.UseExternalRouter} here, and {export.Globals[0].UseExternalRouter} in {export.Globals[0].Row.Where}",
                "import the hosts that use an external router apart from the others");
        }

        return export.Globals is [{ UseExternalRouter: true }, ..];
    }

    /// <summary>What a controller would refuse of an empty cloud: a record, a port, or a route of a host or network is left out for it, anything else is an error.</summary>
    private static void Judge(
        List<Resource> resources, Dictionary<ResourceId, ExportRow> sources, NetworkTranslation networks, HostTranslation hosts, ImportFindings findings)
    {
        for (int round = 0; findings.Count(ImportSeverity.Error) == 0; round++)
        {
            ImmutableArray<Finding> wrong = ModelValidator.Validate(CloudModel.Empty, ChangeSet.Put(resources)).Findings;
            if (wrong.IsEmpty)
            {
                return;
            }

            HashSet<(int Document, int Route)> drop = [];
            foreach (Finding finding in wrong)
            {
                int at = finding.Document is { } document && document < resources.Count ? document : -1;
                Resource? about = at < 0 ? null : resources[at];
                ExportRow row = about is not null && sources.TryGetValue(about.Id, out ExportRow? source) ? source : new ExportRow(finding.Object, 0, ImmutableDictionary<string, string?>.Empty);
                string what = $"{finding.Object}{finding.Field}: {finding.Problem}";
                int? part = about switch
                {
                    LookupRecord or Port => Whole,
                    VmNetwork network when IndexIn("/routes/", finding.Field) is { } route && route < network.Routes.Length => route,
                    Host host when IndexIn("/providerRoutes/", finding.Field) is { } route && route < host.ProviderRoutes.Length => route,
                    _ => null,
                };
                if (part is not { } dropped || round >= Rounds)
                {
                    findings.Error(row, null, what, finding.Remedy);
                }
                else if (drop.Add((at, dropped)))
                {
                    ExportRow of = about switch
                    {
                        VmNetwork network => networks.RowOf(network, network.Routes[dropped]),
                        Host host => hosts.RowOf(host.Name, host.ProviderRoutes[dropped]),
                        _ => row,
                    };
                    findings.LeftOut(of, null, what, finding.Remedy);
                }
            }

            // From behind, so that the numbers before stay what they are.
            foreach ((int document, int route) in drop.OrderDescending())
            {
                if (route == Whole)
                {
                    resources.RemoveAt(document);
                }
                else
                {
                    resources[document] = resources[document] switch
                    {
                        VmNetwork network => network with { Routes = network.Routes.RemoveAt(route) },
                        Host host => host with { ProviderRoutes = host.ProviderRoutes.RemoveAt(route) },
                        var other => other,
                    };
                }
            }
        }
    }

    /// <summary>The number behind a list's name in a field's path; null: the field is not in that list.</summary>
    private static int? IndexIn(string list, string field) =>
        field.StartsWith(list, StringComparison.Ordinal) && int.TryParse(field[list.Length..].Split('/')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? index : null;
}

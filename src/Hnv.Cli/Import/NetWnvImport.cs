using System.Collections.Immutable;
using Hnv.Model;
using Hnv.Model.Resources;
using Hnv.Model.Validation;

namespace Hnv.Cli.Import;

/// <summary>An export as resources, in the order in which one reads them: networks, hosts, endpoints, ports, records.</summary>
internal static class NetWnvImport
{
    private const int Rounds = 50;

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
        Judge(resources, sources, findings);
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

    /// <summary>What a controller would refuse of an empty cloud: a record or port is left out for it, anything else is an error.</summary>
    private static void Judge(List<Resource> resources, Dictionary<ResourceId, ExportRow> sources, ImportFindings findings)
    {
        for (int round = 0; findings.Count(ImportSeverity.Error) == 0; round++)
        {
            ImmutableArray<Finding> wrong = ModelValidator.Validate(CloudModel.Empty, ChangeSet.Put(resources)).Findings;
            if (wrong.IsEmpty)
            {
                return;
            }

            HashSet<int> drop = [];
            foreach (Finding finding in wrong)
            {
                Resource? about = finding.Document is { } at && at < resources.Count ? resources[at] : null;
                ExportRow row = about is not null && sources.TryGetValue(about.Id, out ExportRow? source) ? source : new ExportRow(finding.Object, 0, ImmutableDictionary<string, string?>.Empty);
                string what = $"{finding.Object}{finding.Field}: {finding.Problem}";
                if (about is LookupRecord or Port && round < Rounds)
                {
                    if (drop.Add(finding.Document!.Value))
                    {
                        findings.LeftOut(row, null, what, finding.Remedy);
                    }
                }
                else
                {
                    findings.Error(row, null, what, finding.Remedy);
                }
            }

            foreach (int at in drop.OrderDescending())
            {
                resources.RemoveAt(at);
            }
        }
    }
}

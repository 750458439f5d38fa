using System.Collections.Immutable;
using System.CommandLine;
using System.Net;
using Hnv.Api.Resources;
using Hnv.Api.Rest;
using Hnv.Cli.Import;
using Hnv.Cli.Input;
using Hnv.Cli.Output;
using Hnv.Model.Resources;
using Hnv.Model.Validation;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv import netwnv FILE… [--host PA=NAME] [--named-hosts] [--network RDID=NAME] [--as records|ports] [--apply [--partial]]</c></summary>
internal static class ImportCommand
{
    private const int Shown = 200;

    public static Command Create(CommandRunner runner) => new Command("import", "Takes policy over from elsewhere").With(CreateNetWnv(runner));

    private static Command CreateNetWnv(CommandRunner runner)
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "Exports of Get-NetVirtualization… (ConvertTo-Json or Export-Csv), of any host; - for standard input",
            Arity = ArgumentArity.OneOrMore,
        };
        var hosts = new Option<string[]>("--host") { Description = "Name of the Linux host that takes the place of the machine with this provider address", HelpName = "PA=NAME" };
        var named = new Option<bool>("--named-hosts") { Description = "Machines that the export names (PSComputerName) become hosts of these names, too" };
        var networks = new Option<string[]>("--network") { Description = "Name of the VM network that a routing domain becomes", HelpName = "RDID=[TENANT/]NAME" };
        var into = new Option<string>("--as")
        {
            Description = "What VMs at named hosts become: records (as they are), or ports (to run there)",
            HelpName = "records|ports",
            DefaultValueFactory = static _ => "records",
        };
        into.AcceptOnlyFromAmong("records", "ports");
        var apply = new Option<bool>("--apply") { Description = "Send it to the controller; else it is only shown" };
        var partial = new Option<bool>("--partial") { Description = "With --apply: also when something is left out" };
        Option<OutputFormat> output = SharedOptions.NewOutput();
        return new Command("netwnv", "Hyper-V's network virtualization policy: shows the manifests, and what they cannot carry")
            .With(files, hosts, named, networks, into, apply, partial, output).WithTenant()
            .Does(runner, async (context, token) =>
            {
                ParseResult a = context.Arguments;
                var findings = new ImportFindings();
                var options = new ImportOptions(
                    context.Tenant ?? ResourceId.DefaultTenant,
                    Names<IPAddress>(a.GetValue(hosts), "--host", "192.168.4.11=host1", IPAddress.TryParse),
                    Names<Guid>(a.GetValue(networks), "--network", "{11111111-2222-3333-4444-000000005001}=blue-corp/blue", Guid.TryParse, withTenant: true)
                        .ToDictionary(static n => n.Key, static n => n.Value.Split('/') is [var tenant, var name] ? (tenant, name) : ((string?)null, n.Value)),
                    a.GetValue(named),
                    a.GetValue(into) == "ports");
                List<ExportRow> rows;
                ImmutableArray<Resource> resources;
                using (context.Log.Begin(() => "Reading the export"))
                {
                    rows = [.. a.GetValue(files)!.SelectMany(f => ExportReader.Read(f == "-" ? "(standard input)" : f, Content(context, f), findings))];
                    NetWnvExport export = NetWnvExport.Read(rows, findings);
                    if (findings.Count(ImportSeverity.Error) == 0)
                    {
                        options.RequireRows(export, findings);
                    }

                    resources = NetWnvImport.Translate(export, options, findings);
                }

                return await ShowAsync(
                    context, resources, findings, rows.Count, a.GetValue(apply), a.GetValue(partial), a.GetResult(output) is null ? OutputFormat.Yaml : a.GetValue(output), token);
            });
    }

    private static async Task<int> ShowAsync(
        CommandContext context, ImmutableArray<Resource> resources, ImportFindings findings, int rows, bool apply, bool partial, OutputFormat format, CancellationToken token)
    {
        int leftOut = findings.Count(ImportSeverity.LeftOut);
        bool send = apply && resources.Length > 0 && (leftOut == 0 || partial);
        if (format == OutputFormat.Json && !send)
        {
            context.Out.Json(new { Resources = resources.Select(ResourceJson.ToElement), Findings = findings.All });
        }
        else if (!apply && resources.Length > 0)
        {
            Write(context, resources, format);
        }

        Tell(context, findings, format);
        if (findings.Count(ImportSeverity.Error) is > 0 and var errors)
        {
            throw CliException.Usage(
                $"Nothing is imported: {errors} {(errors == 1 ? "error" : "errors")} in the files.", "Correct them on the Hyper-V side, export anew, and import all files together.");
        }

        int notes = findings.Count(ImportSeverity.Note);
        context.Log.Line($"{rows} rows: {Sum(resources)}; {leftOut} left out, {notes} {(notes == 1 ? "note" : "notes")}{(apply ? string.Empty : " (nothing was sent: --apply does)")}");
        if (apply && !send)
        {
            throw resources.IsEmpty
                ? CliException.Failed("There is nothing to apply.")
                : CliException.Failed($"Not applied, since {leftOut} {(leftOut == 1 ? "thing" : "things")} would be left out.", "Look at them above; --partial applies the rest.");
        }

        if (send)
        {
            await ApplyAsync(context, resources, format, token);
            return ExitCodes.Done;
        }

        return leftOut == 0 ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static async Task ApplyAsync(CommandContext context, ImmutableArray<Resource> resources, OutputFormat format, CancellationToken token)
    {
        ApplyResponse response = await context.Client.ApplyAsync(resources.Select(ResourceJson.ToElement), cancellationToken: token);
        ApplyCommand.Show(context, response, format == OutputFormat.Yaml ? OutputFormat.Table : format);
    }

    private static void Write(CommandContext context, ImmutableArray<Resource> resources, OutputFormat format)
    {
        if (format == OutputFormat.Yaml)
        {
            context.Out.Manifests(resources.Select(ResourceJson.ToElement));
            return;
        }

        TableColumn<Resource>[] columns =
        [
            new("KIND", static r => r.Id.Kind.ToString()), new("TENANT", static r => r.Id.Tenant), new("NAME", static r => r.Name), new("SAYS", Says),
        ];
        context.Out.List([.. resources], format, columns, string.Empty);
    }

    private static string Says(Resource resource) => resource switch
    {
        VmNetwork n => string.Join(", ", n.Subnets.Select(static s => $"{s.Vsid}: {string.Join(" ", s.Prefixes)}")) + (n.Routes.IsEmpty ? string.Empty : $"; {n.Routes.Length} routes"),
        Host h => string.Join(", ", h.ProviderAddresses) + (h.ProviderRoutes.IsEmpty ? string.Empty : $"; {h.ProviderRoutes.Length} provider routes"),
        Port p => $"{p.Mac} {(p.Addresses.IsEmpty ? "learns" : string.Join(", ", p.Addresses))} at {p.Host}, {p.Interface}",
        LookupRecord r => $"{r.CustomerAddress} {r.Mac} at {r.ProviderAddress}{(r.Type == LookupRecordType.Static ? string.Empty : $", {r.Type}")}",
        _ => string.Empty,
    };

    /// <summary>Errors first, then what is left out, then notes; of each weight the first ones.</summary>
    private static void Tell(CommandContext context, ImportFindings findings, OutputFormat format)
    {
        if (format == OutputFormat.Json && findings.Count(ImportSeverity.Error) == 0)
        {
            return;
        }

        foreach (IGrouping<ImportSeverity, ImportFinding> group in findings.All.GroupBy(static f => f.Severity).OrderByDescending(static g => g.Key))
        {
            string word = group.Key switch { ImportSeverity.Error => "error", ImportSeverity.LeftOut => "left out", _ => "note" };
            foreach (ImportFinding finding in group.Take(Shown))
            {
                context.Log.Line($"{word}: {finding.Where}: {finding.What}");
                if (finding.Remedy is not null)
                {
                    context.Log.Line($"  {finding.Remedy}");
                }
            }

            if (group.Count() is > Shown and var all)
            {
                context.Log.Line($"{word}: and {all - Shown} more{(findings.IsFull ? ", at least" : string.Empty)}; -o json shows them");
            }
        }
    }

    private static string Sum(ImmutableArray<Resource> resources) => resources.IsEmpty
        ? "nothing"
        : string.Join(", ", resources.GroupBy(static r => r.Id.Kind).Select(static g => $"{g.Count()} {g.Key}"));

    private static Dictionary<T, string> Names<T>(string[]? given, string option, string example, TextParser<T> parse, bool withTenant = false)
        where T : notnull
    {
        var names = new Dictionary<T, string>();
        foreach (string text in given ?? [])
        {
            int at = text.IndexOf('=', StringComparison.Ordinal);
            string[] parts = text[(at + 1)..].Split('/');
            if (at <= 0 || !parse(text[..at], out T? key) || parts.Length > (withTenant ? 2 : 1) || !parts.All(NameRules.IsValid))
            {
                throw CliException.Usage($"{option}: '{text}' is wrong.", $"Write it such as {option} {example}; {NameRules.Remedy}");
            }

            if (!names.TryAdd(key, text[(at + 1)..]))
            {
                throw CliException.Usage($"{option}: {text[..at]} is there twice.", "Give each one name.");
            }
        }

        return names;
    }

    private static byte[] Content(CommandContext context, string file)
    {
        const string Expected = "Exports of Get-NetVirtualization… (DIRECTORY/*.json), or - for standard input.";
        const string Apart = "Export the hosts or cmdlets into files of their own.";
        if (file != "-")
        {
            return InputFile.Read(file, ExportReader.MaxBytes, Expected, Apart);
        }

        using Stream input = context.Environment.InputBytes();
        return InputFile.Read(input, ExportReader.MaxBytes, "(standard input)", Apart, Expected);
    }
}

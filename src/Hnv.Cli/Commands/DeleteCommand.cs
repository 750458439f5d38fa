using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Hnv.Api.Manifests;
using Hnv.Api.Rest;
using Hnv.Cli.Completion;
using Hnv.Cli.Input;
using Hnv.Cli.Kinds;
using Hnv.Model.Resources;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv delete KIND NAME</c>, <c>hnv delete -f FILE</c></summary>
internal static class DeleteCommand
{
    public static Command Create(CommandRunner runner)
    {
        Argument<string> kind = Arguments.Kind(viewsToo: false);
        kind.Arity = ArgumentArity.ZeroOrOne;
        var names = new Argument<string[]>("NAME") { Description = "NAME or TENANT/NAME; several may be given", Arity = ArgumentArity.ZeroOrMore }.WithNamesOf(kind, viewsToo: false);
        Option<string[]> files = Arguments.Files(required: false);
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would happen, and do nothing" };
        Option<OutputFormat> output = SharedOptions.NewOutput();
        return new Command("delete", "Deletes objects by name, or those that manifests name").With(kind, names, files, dryRun, output).WithTenant().Does(runner, async (context, token) =>
        {
            ParseResult a = context.Arguments;
            string[] wanted = a.GetValue(names) ?? [];
            string? word = a.GetValue(kind);
            bool byFile = a.GetValue(files) is { Length: > 0 };
            if (byFile == word is not null || (word is not null && wanted.Length == 0))
            {
                throw CliException.Usage("What should be deleted?", "hnv delete KIND NAME, or hnv delete -f FILE.");
            }

            ApplyResponse response;
            if (byFile)
            {
                ImmutableArray<ManifestDocument> documents = ManifestFiles.Read(context, a.GetValue(files)!);
                response = await ManifestFiles.SendAsync(
                    documents, () => context.Client.DeleteManyAsync(documents.Select(d => Tenants.Fill(d, context.Tenant)), a.GetValue(dryRun), token));
            }
            else
            {
                KindTable table = KindTables.Find(word!);
                ResourceKind resource = table.Kind.Resource
                    ?? throw CliException.Usage($"A {table.Kind.Name} cannot be deleted: it follows from what owns it.", "Delete or change the VmNetwork, Port, Host or LookupRecord instead.");
                var found = new List<JsonElement>();
                foreach (string name in wanted)
                {
                    found.Add(await ObjectFinder.FindOneAsync(context, resource, name, token));
                }

                response = await context.Client.DeleteManyAsync(found.Select(f => ToReference(table, f)), a.GetValue(dryRun), token);
            }

            ApplyCommand.Show(context, response, a.GetValue(output));
            return ExitCodes.Done;
        });
    }

    private static JsonElement ToReference(KindTable table, JsonElement found)
    {
        var reference = new Dictionary<string, string>(StringComparer.Ordinal) { ["kind"] = table.Kind.Name, ["name"] = found.Text("name")! };
        if (table.Kind.IsTenantScoped)
        {
            reference["tenant"] = found.Text("tenant")!;
        }

        return JsonSerializer.SerializeToElement(reference);
    }
}

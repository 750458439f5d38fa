using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hnv.Cli.Completion;
using Hnv.Cli.Kinds;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv describe KIND NAME</c>: everything about one object, and what hangs on it.</summary>
internal static class DescribeCommand
{
    public static Command Create(CommandRunner runner)
    {
        Argument<string> kind = Arguments.Kind(viewsToo: true);
        var name = new Argument<string>("NAME") { Description = "NAME or TENANT/NAME" }.WithNamesOf(kind);
        Option<OutputFormat> output = SharedOptions.NewOutput();
        return new Command("describe", "Shows everything about one object")
            .With(kind, name, output).WithTenant()
            .Does(runner, (context, token) => RunAsync(
                context, KindTables.Find(context.Arguments.GetValue(kind)!), context.Arguments.GetValue(name)!, context.Arguments.GetValue(output), token));
    }

    private static async Task<int> RunAsync(CommandContext context, KindTable table, string name, OutputFormat format, CancellationToken cancellationToken)
    {
        IReadOnlyList<JsonElement> all = await ObjectFinder.FindAsync(context, table, name, cancellationToken);
        switch (format)
        {
            case OutputFormat.Json:
                var described = new List<JsonObject>();
                foreach (JsonElement found in all)
                {
                    described.Add(await WithRelatedAsync(context, table, found, cancellationToken));
                }

                context.Out.Json<object>(table.Kind.IsView ? described : described[0]);
                return ExitCodes.Done;
            case OutputFormat.Yaml when !table.Kind.IsView:
                context.Out.Manifests(all);
                return ExitCodes.Done;
            case OutputFormat.Yaml or OutputFormat.Name:
                context.Out.List(all, format, table.Columns, string.Empty);
                return ExitCodes.Done;
        }

        foreach (JsonElement found in all)
        {
            context.Out.Markup($"[bold]{table.Kind.Name} {found.Text("tenant") switch { { } t when table.Kind.Resource is not null => t + "/", _ => string.Empty }}{table.Key(found)}[/]");
            context.Out.Yaml(found);
            foreach ((string title, KindTable related, Func<JsonElement, bool> belongs) in Related(table, found))
            {
                (_, IReadOnlyList<JsonElement> others) = await ObjectFinder.ListAsync(context, related, found.Text("tenant"), cancellationToken);
                JsonElement[] rows = [.. others.Where(belongs)];
                if (rows.Length > 0)
                {
                    context.Out.Line();
                    context.Out.Markup($"[bold]{title}[/]");
                    context.Out.List(rows, format, related.Columns, string.Empty);
                }
            }
        }

        return ExitCodes.Done;
    }

    /// <summary>The object as GET shows it, with the lists below <c>related</c>, by kind.</summary>
    private static async Task<JsonObject> WithRelatedAsync(CommandContext context, KindTable table, JsonElement found, CancellationToken cancellationToken)
    {
        JsonObject described = JsonObject.Create(found)!;
        var lists = new JsonObject();
        foreach ((_, KindTable related, Func<JsonElement, bool> belongs) in Related(table, found))
        {
            (_, IReadOnlyList<JsonElement> others) = await ObjectFinder.ListAsync(context, related, found.Text("tenant"), cancellationToken);
            lists[related.Kind.Collection] = new JsonArray([.. others.Where(belongs).Select(static e => JsonNode.Parse(e.GetRawText()))]);
        }

        described["related"] = lists;
        return described;
    }

    /// <summary>The lists that make an object understandable.</summary>
    private static IEnumerable<(string Title, KindTable Table, Func<JsonElement, bool> Belongs)> Related(KindTable table, JsonElement of)
    {
        string? name = table.Key(of);
        switch (table.Kind.Name)
        {
            case "VmNetwork":
                yield return ("Subnets", KindTables.Find("virtualsubnet"), e => e.Text("vmNetwork") == name);
                yield return ("Routes", KindTables.Find("route"), e => e.Text("vmNetwork") == name);
                yield return ("Ports", KindTables.Find("port"), e => e.Text("vmNetwork") == name);
                break;
            case "VirtualSubnet":
                yield return ("Ports", KindTables.Find("port"), e => e.Text("vsid") == name);
                yield return ("Records", KindTables.Find("record"), e => e.Text("vsid") == name);
                break;
            case "Port":
                yield return ("Records", KindTables.Find("record"), e => e.Text("port") == $"{of.Text("tenant")}/{name}");
                break;
            case "Host":
                yield return ("Provider addresses", KindTables.Find("pa"), e => e.Text("host") == name);
                yield return ("Provider routes", KindTables.Find("proute"), e => e.Text("host") == name);
                yield return ("Ports", KindTables.Find("port"), e => e.Text("host") == name);
                break;
            case "Tenant":
                yield return ("VM networks", KindTables.Find("vmnetwork"), e => e.Text("tenant") == name);
                yield return ("Ports", KindTables.Find("port"), e => e.Text("tenant") == name);
                break;
        }
    }
}

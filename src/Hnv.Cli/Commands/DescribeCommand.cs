using System.CommandLine;
using System.Text.Json;
using Hnv.Cli.Kinds;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv describe KIND NAME</c>: everything about one object, and what hangs on it.</summary>
internal static class DescribeCommand
{
    public static Command Create(CommandRunner runner)
    {
        Argument<string> kind = Arguments.Kind(viewsToo: true);
        var name = new Argument<string>("NAME") { Description = "NAME or TENANT/NAME" };
        return new Command("describe", "Shows everything about one object")
            .With(kind, name).WithTenant()
            .Does(runner, (context, token) => RunAsync(context, KindTables.Find(context.Arguments.GetValue(kind)!), context.Arguments.GetValue(name)!, token));
    }

    private static async Task<int> RunAsync(CommandContext context, KindTable table, string name, CancellationToken cancellationToken)
    {
        foreach (JsonElement found in await ObjectFinder.FindAsync(context, table, name, cancellationToken))
        {
            context.Out.Markup($"[bold]{table.Kind.Name} {found.Text("tenant") switch { { } t when table.Kind.Resource is not null => t + "/", _ => string.Empty }}{table.Key(found)}[/]");
            context.Out.Yaml(found);
            foreach ((string title, KindTable related, Func<JsonElement, bool> belongs) in Related(table, found))
            {
                (_, IReadOnlyList<JsonElement> all) = await ObjectFinder.ListAsync(context, related, found.Text("tenant"), cancellationToken);
                JsonElement[] rows = [.. all.Where(belongs)];
                if (rows.Length > 0)
                {
                    context.Out.Line();
                    context.Out.Markup($"[bold]{title}[/]");
                    context.Out.List(rows, OutputFormat.Table, related.Columns, string.Empty);
                }
            }
        }

        return ExitCodes.Done;
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
                yield return ("Ports", KindTables.Find("port"), e => e.Text("host") == name);
                break;
            case "Tenant":
                yield return ("VM networks", KindTables.Find("vmnetwork"), e => e.Text("tenant") == name);
                yield return ("Ports", KindTables.Find("port"), e => e.Text("tenant") == name);
                break;
        }
    }
}

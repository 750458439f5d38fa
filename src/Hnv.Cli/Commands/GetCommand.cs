using System.CommandLine;
using System.Net;
using System.Text.Json;
using Hnv.Api.Resources;
using Hnv.Api.Rest;
using Hnv.Cli.Completion;
using Hnv.Cli.Kinds;
using Hnv.Cli.Watching;
using Hnv.Cli.Output;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv get KIND [NAME] [--watch] [-o FORMAT]</c></summary>
internal static class GetCommand
{
    public static Command Create(CommandRunner runner)
    {
        Argument<string> kind = Arguments.Kind(viewsToo: true);
        var name = new Argument<string?>("NAME") { Description = "One of them: NAME or TENANT/NAME; of records the address, of subnets the VSID", Arity = ArgumentArity.ZeroOrOne }.WithNamesOf(kind);
        Option<bool> watch = SharedOptions.NewWatch();
        Option<OutputFormat> output = SharedOptions.NewOutput();
        return new Command("get", "Shows objects: hosts, networks, ports, records, routes …")
            .With(kind, name, watch, output).WithTenant()
            .Does(runner, (context, token) =>
            {
                ParseResult a = context.Arguments;
                KindTable info = KindTables.Find(a.GetValue(kind)!);
                return a.GetValue(watch)
                    ? WatchAsync(context, info, a.GetValue(name), a.GetValue(output), token)
                    : ShowAsync(context, info, a.GetValue(name), a.GetValue(output), token);
            });
    }

    private static async Task<int> ShowAsync(CommandContext context, KindTable table, string? name, OutputFormat format, CancellationToken cancellationToken)
    {
        if (name is null)
        {
            (_, IReadOnlyList<JsonElement> items) = await ObjectFinder.ListAsync(context, table, context.Tenant, cancellationToken);
            if (format == OutputFormat.Yaml && !table.Kind.IsView)
            {
                context.Out.Manifests(items);
            }
            else
            {
                context.Out.List(items, format, table.Columns, $"No {table.Kind.Collection} yet.");
            }

            return ExitCodes.Done;
        }

        IReadOnlyList<JsonElement> found = await ObjectFinder.FindAsync(context, table, name, cancellationToken);
        if (table.Kind.Resource is not null && format == OutputFormat.Json)
        {
            context.Out.Json(found[0]);
        }
        else if (format == OutputFormat.Yaml && !table.Kind.IsView)
        {
            context.Out.Manifests(found);
        }
        else
        {
            context.Out.List(found, format, table.Columns, string.Empty);
        }

        return ExitCodes.Done;
    }

    /// <summary>Shows what is there, then every change.</summary>
    private static Task<int> WatchAsync(CommandContext context, KindTable table, string? name, OutputFormat format, CancellationToken cancellationToken)
    {
        if (table.Kind == ResourceKinds.Event)
        {
            return WatchEventsAsync(context, table, name, format, cancellationToken);
        }

        string whenEmpty = $"No {table.Kind.Collection} yet; waiting.";
        if (table.Kind.Resource is { } resource)
        {
            (string? tenant, string? bare) = name is null ? (context.Tenant, null) : ObjectFinder.Split(context, name);
            return new ResourceWatch(context, table, resource, tenant, e => bare is null || table.Key(e) == bare, format, whenEmpty).RunAsync(cancellationToken);
        }

        // Views follow from what others wrote and what hosts learned: there is no log of them.
        return Watcher.PollAsync(
            context,
            format,
            table.Columns,
            whenEmpty,
            table.Identity,
            async token =>
            {
                (long revision, IReadOnlyList<JsonElement> items) = await ObjectFinder.ListAsync(context, table, context.Tenant, token);
                return ((long?)revision, [.. items.Where(e => name is null || table.Key(e) == name)]);
            },
            cancellationToken);
    }

    /// <summary>Shows what happened lately, then what happens, a line each.</summary>
    private static Task<int> WatchEventsAsync(CommandContext context, KindTable table, string? address, OutputFormat format, CancellationToken cancellationToken)
    {
        // Numbers of a controller that starts anew are greater: from the last one on nothing is missed, and nothing comes twice.
        long? last = null;
        return Watcher.RunAsync(context, format, RoundAsync, cancellationToken);

        async Task RoundAsync(Watcher watcher, CancellationToken token)
        {
            last ??= await BeginAsync(watcher, token);
            await foreach (RecordEvent e in context.Client.WatchEventsAsync(last.Value, context.Tenant, token))
            {
                watcher.Came();
                last = e.Number;
                Show(JsonSerializer.SerializeToElement(e, Api.HnvJson.Options));
            }

            watcher.Lost("The controller ended the watch: it is stopping.");
        }

        async Task<long> BeginAsync(Watcher watcher, CancellationToken token)
        {
            (long number, IReadOnlyList<JsonElement> items) = await ObjectFinder.ListAsync(context, table, context.Tenant, token);
            if (format is OutputFormat.Table or OutputFormat.Wide)
            {
                context.Out.Line(EventLine("TIME", "EVENT", "VSID", "CUSTOMER ADDRESS", "MAC", "HOST", "PORT", "SOURCE", "NOTE"));
            }

            foreach (JsonElement item in items)
            {
                Show(item);
            }

            watcher.Came();
            return number;
        }

        void Show(JsonElement item)
        {
            if (address is null || table.Key(item) == address)
            {
                context.Out.Line(format switch
                {
                    OutputFormat.Json => item.GetRawText(),
                    OutputFormat.Name => table.Columns.NameOf(item),
                    _ => EventLine([.. table.Columns.Columns.Select(c => c.Value(item) ?? "-")]),
                });
            }
        }
    }

    /// <summary>Rows come one by one: their columns cannot be as wide as their content.</summary>
    private static string EventLine(params ReadOnlySpan<string> cells) =>
        $"{cells[0],-12}  {cells[1],-18}  {cells[2],-8}  {cells[3],-16}  {cells[4],-17}  {cells[5],-10}  {cells[6],-20}  {cells[7],-6}  {cells[8]}".TrimEnd();
}

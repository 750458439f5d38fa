using System.CommandLine;
using System.Net;
using System.Text.Json;
using Hnv.Api.Client;
using Hnv.Api.Resources;
using Hnv.Api.Rest;
using Hnv.Cli.Kinds;
using Hnv.Cli.Output;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv get KIND [NAME] [--watch] [-o FORMAT]</c></summary>
internal static class GetCommand
{
    /// <summary>Between two tries to go on with a watch.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    public static Command Create(CommandRunner runner)
    {
        Argument<string> kind = Arguments.Kind(viewsToo: true);
        var name = new Argument<string?>("NAME") { Description = "One of them: NAME or TENANT/NAME; of records the address, of subnets the VSID", Arity = ArgumentArity.ZeroOrOne };
        var watch = new Option<bool>("--watch", "-w") { Description = "Go on and show every change" };
        Option<OutputFormat> output = SharedOptions.NewOutput();
        return new Command("get", "Shows objects: hosts, networks, ports, records, routes …")
            .With(kind, name, watch, output).WithTenant()
            .Does(runner, (context, token) =>
            {
                ParseResult a = context.Arguments;
                KindTable info = KindTables.Find(a.GetValue(kind)!);
                return a.GetValue(watch)
                    ? UntilStoppedAsync(WatchAsync(context, info, a.GetValue(name), a.GetValue(output), token), token)
                    : ShowAsync(context, info, a.GetValue(name), a.GetValue(output), token);
            });
    }

    /// <summary>Ctrl-C is how a watch ends.</summary>
    private static async Task<int> UntilStoppedAsync(Task<int> watch, CancellationToken cancellationToken)
    {
        try
        {
            return await watch;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Done;
        }
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

    /// <summary>Shows what is there, then every change. When the controller has forgotten the revision, everything is shown again.</summary>
    private static async Task<int> WatchAsync(CommandContext context, KindTable table, string? name, OutputFormat format, CancellationToken cancellationToken)
    {
        if (table.Kind == ResourceKinds.Event)
        {
            return await WatchEventsAsync(context, table, name, format, cancellationToken);
        }

        if (table.Kind.Resource is not { } resource)
        {
            throw CliException.Usage($"{table.Kind.Collection} cannot be watched; they are computed from ports, networks and hosts.", "Watch ports, vmnetworks, hosts or events instead.");
        }

        (string? tenant, string? bare) = name is null ? (context.Tenant, null) : ObjectFinder.Split(context, name);
        while (true)
        {
            (long revision, IReadOnlyList<JsonElement> items) = await ObjectFinder.ListAsync(context, table, tenant, cancellationToken);
            Show([.. items.Where(e => bare is null || table.Key(e) == bare)]);
            try
            {
                await foreach (WatchEvent change in context.Client.WatchAsync(resource, revision, tenant, cancellationToken))
                {
                    revision = change.Revision;
                    if (change.Object is { } o && (bare is null || table.Key(o) == bare))
                    {
                        ShowChange(change, o);
                    }
                }
            }
            catch (HnvApiException e) when (e.Status == HttpStatusCode.Gone)
            {
                context.Log.Line("The controller no longer knows this revision; listing again.");
                continue;
            }

            throw CliException.Failed("The controller ended the watch: it is stopping.", "Run the command again when it is back.");
        }

        void Show(IReadOnlyList<JsonElement> items)
        {
            if (format is OutputFormat.Json)
            {
                foreach (JsonElement item in items)
                {
                    context.Out.Line(JsonSerializer.Serialize(new WatchEvent(WatchEventType.Put, 0, item), Api.HnvJson.Options));
                }
            }
            else
            {
                context.Out.List(items, format, table.Columns, $"No {table.Kind.Collection} yet; waiting.");
            }
        }

        void ShowChange(WatchEvent change, JsonElement item)
        {
            if (format is OutputFormat.Json)
            {
                context.Out.Line(JsonSerializer.Serialize(change, Api.HnvJson.Options));
            }
            else
            {
                context.Out.Markup($"[dim]{context.Environment.Time.GetLocalNow():HH:mm:ss}[/]  r{change.Revision}  {(change.Type == WatchEventType.Put ? "put" : "deleted")}");
                context.Out.List([item], format, table.Columns, string.Empty);
            }
        }
    }

    /// <summary>Shows what happened lately, then what happens, a line each.</summary>
    private static async Task<int> WatchEventsAsync(CommandContext context, KindTable table, string? address, OutputFormat format, CancellationToken cancellationToken)
    {
        (long last, IReadOnlyList<JsonElement> items) = await ObjectFinder.ListAsync(context, table, context.Tenant, cancellationToken);
        if (format is not OutputFormat.Json)
        {
            context.Out.Line(EventLine("TIME", "EVENT", "VSID", "CUSTOMER ADDRESS", "MAC", "HOST", "PORT", "SOURCE", "NOTE"));
        }

        foreach (JsonElement item in items)
        {
            Show(item);
        }

        bool isTold = false;

        // Numbers of a controller that starts anew are greater: from the last one on nothing is missed, and nothing comes twice.
        while (true)
        {
            string why;
            try
            {
                await foreach (RecordEvent e in context.Client.WatchEventsAsync(last, context.Tenant, cancellationToken))
                {
                    isTold = false;
                    last = e.Number;
                    Show(JsonSerializer.SerializeToElement(e, Api.HnvJson.Options));
                }

                why = "The controller ended the watch: it is stopping.";
            }
            catch (HnvApiException e) when (e.IsUnreachable)
            {
                why = e.Message;
            }

            if (!isTold)
            {
                context.Log.Line($"{why} Going on when it is back.");
                isTold = true;
            }

            await Task.Delay(s_pause, context.Environment.Time, cancellationToken);
        }

        void Show(JsonElement item)
        {
            if (address is null || table.Key(item) == address)
            {
                context.Out.Line(format is OutputFormat.Json ? item.GetRawText() : EventLine([.. table.Columns.Columns.Select(c => c.Value(item) ?? "-")]));
            }
        }
    }

    /// <summary>Rows come one by one: their columns cannot be as wide as their content.</summary>
    private static string EventLine(params ReadOnlySpan<string> cells) =>
        $"{cells[0],-12}  {cells[1],-18}  {cells[2],-8}  {cells[3],-16}  {cells[4],-17}  {cells[5],-10}  {cells[6],-20}  {cells[7],-6}  {cells[8]}".TrimEnd();
}

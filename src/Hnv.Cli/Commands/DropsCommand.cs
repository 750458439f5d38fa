using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Answers;
using Hnv.Api.Client;
using Hnv.Api.Stream;
using Hnv.Cli.Kinds;
using Hnv.Cli.Output;
using Hnv.Model.Resources;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv drops [HOST] [--watch]</c>: what was dropped where, and why, by verdict.</summary>
internal static class DropsCommand
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private sealed record Row(string Host, string? Port, string Verdict, ulong Packets, ulong Bytes);

    private static readonly TableColumns<Row> s_columns = new TableColumn<Row>[]
    {
        new("HOST", r => r.Host), new("PORT", r => r.Port ?? "(uplinks)"), new("VERDICT", r => r.Verdict), new("PACKETS", r => r.Packets.ToString(), Right: true), new("BYTES", r => r.Bytes.ToString(), Right: true),
    };

    public static Command Create(CommandRunner runner)
    {
        var host = new Argument<string?>("HOST") { Description = "Only this host", Arity = ArgumentArity.ZeroOrOne };
        var watch = new Option<bool>("--watch", "-w") { Description = "Go on and show what is added" };
        var all = new Option<bool>("--all") { Description = "Every verdict, not only drops" };
        Option<OutputFormat> output = SharedOptions.NewOutput();
        return new Command("drops", "Counters by verdict: what was dropped, and why").With(host, watch, all, output).WithController().Does(runner, async (context, token) =>
        {
            ParseResult a = context.Arguments;
            OutputFormat format = a.GetValue(output);
            ImmutableArray<Row> before = await ReadAsync(context, a.GetValue(host), a.GetValue(all), token);
            context.Out.List(before, format, s_columns, "Nothing was dropped.");
            if (!a.GetValue(watch))
            {
                return ExitCodes.Done;
            }

            using var timer = new PeriodicTimer(s_interval, context.Environment.Time);
            while (await timer.WaitForNextTickAsync(token))
            {
                ImmutableArray<Row> now = await ReadAsync(context, a.GetValue(host), a.GetValue(all), token);
                Row[] added = [.. Difference(before, now)];
                before = now;
                if (format == OutputFormat.Json)
                {
                    foreach (Row row in added)
                    {
                        context.Out.Line(JsonSerializer.Serialize(row, HnvJson.Options));
                    }
                }
                else if (added.Length > 0)
                {
                    context.Out.Markup($"[dim]{context.Environment.Time.GetLocalNow():HH:mm:ss}[/]");
                    context.Out.List(added, format, s_columns, string.Empty);
                }
            }

            return ExitCodes.Done;
        });
    }

    private static async Task<ImmutableArray<Row>> ReadAsync(CommandContext context, string? host, bool all, CancellationToken cancellationToken)
    {
        string[] hosts = host is not null
            ? [host]
            : [.. (await context.Client.ListAsync(ResourceKind.Host, null, cancellationToken)).Items.Select(h => h.Text("name")!)];
        var rows = ImmutableArray.CreateBuilder<Row>();
        foreach (string name in hosts)
        {
            ImmutableArray<VerdictCount> counts;
            try
            {
                counts = await context.Client.KernelAsync<ImmutableArray<VerdictCount>>(name, HostQueries.Verdicts, cancellationToken);
            }
            catch (HnvApiException e) when (host is null && !e.IsUnreachable)
            {
                context.Log.Line($"{name}: {e.Message}");
                continue;
            }

            rows.AddRange(counts.Where(c => (all || c.Drop) && c.Packets > 0).Select(c => new Row(name, c.Port, c.Verdict, c.Packets, c.Bytes)));
        }

        return rows.ToImmutable();
    }

    private static IEnumerable<Row> Difference(ImmutableArray<Row> before, ImmutableArray<Row> now)
    {
        var old = before.ToDictionary(r => (r.Host, r.Port, r.Verdict));
        foreach (Row row in now)
        {
            if (!old.TryGetValue((row.Host, row.Port, row.Verdict), out Row? was) || was.Packets > row.Packets)
            {
                yield return row; // New, or the counters began again.
            }
            else if (row.Packets > was.Packets)
            {
                yield return row with { Packets = row.Packets - was.Packets, Bytes = row.Bytes - was.Bytes };
            }
        }
    }
}

using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Answers;
using Hnv.Api.Client;
using Hnv.Api.Stream;
using Hnv.Cli.Completion;
using Hnv.Cli.Kinds;
using Hnv.Cli.Output;
using Hnv.Cli.Watching;
using Hnv.Model.Resources;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv drops [HOST] [--watch]</c>: what was dropped where, and why, by verdict.</summary>
internal static class DropsCommand
{
    private const string NothingDropped = "Nothing was dropped.";

    private sealed record Row(string Host, string? Port, string Verdict, ulong Packets, ulong Bytes);

    private static readonly TableColumns<Row> s_columns = new TableColumns<Row>(
    [
        new("HOST", r => r.Host), new("PORT", r => r.Port ?? "(uplinks)"), new("VERDICT", r => r.Verdict),
        new("PACKETS", r => r.Packets.ToString(), Right: true), new("BYTES", r => r.Bytes.ToString(), Right: true),
    ])
    {
        Name = static r => r.Verdict,
    };

    public static Command Create(CommandRunner runner)
    {
        var host = new Argument<string?>("HOST") { Description = "Only this host", Arity = ArgumentArity.ZeroOrOne }.WithNames("host");
        var watch = new Option<bool>("--watch", "-w") { Description = "Go on and show what is added, until Ctrl-C" };
        var all = new Option<bool>("--all") { Description = "Every verdict, not only drops" };
        Option<OutputFormat> output = SharedOptions.NewOutput();
        return new Command("drops", "Counters by verdict: what was dropped, and why").With(host, watch, all, output).WithController().Does(runner, async (context, token) =>
        {
            ParseResult a = context.Arguments;
            OutputFormat format = a.GetValue(output);
            (string? which, bool every) = (a.GetValue(host), a.GetValue(all));
            if (a.GetValue(watch))
            {
                return await WatchAsync(context, which, every, format, token);
            }

            context.Out.List((await ReadAsync(context, which, every, isFirst: true, token)).Rows, format, s_columns, NothingDropped);
            return ExitCodes.Done;
        });
    }

    /// <summary>
    /// Shows what is added to the counters since a host answered first, also where that is later than the others. What is counted while one that did answer does not is shown
    /// together when it does again.
    /// </summary>
    private static Task<int> WatchAsync(CommandContext context, string? host, bool all, OutputFormat format, CancellationToken cancellationToken)
    {
        ImmutableArray<Row>? before = null;
        HashSet<string> heard = new(StringComparer.Ordinal);
        return Watcher.RunAsync(context, format, RoundAsync, cancellationToken);

        async Task RoundAsync(Watcher watcher, CancellationToken token)
        {
            (ImmutableArray<Row> now, ImmutableArray<string> answered) = await ReadAsync(context, host, all, isFirst: before is null, token);
            watcher.Came();
            HashSet<string> first = [.. answered.Where(heard.Add)];
            if (before is not { } old)
            {
                before = now;
                Show(now);
                return;
            }

            // A host that does not answer has counted on: it is not forgotten.
            before = [.. now, .. old.Where(r => !answered.Contains(r.Host, StringComparer.Ordinal))];
            Row[] added = [.. Difference(old, [.. now.Where(r => !first.Contains(r.Host))])];
            if (added.Length > 0)
            {
                if (format is OutputFormat.Table or OutputFormat.Wide)
                {
                    context.Out.Markup($"[dim]{context.Environment.Time.GetLocalNow():HH:mm:ss}[/]");
                }

                Show(added);
            }
        }

        void Show(IReadOnlyList<Row> rows)
        {
            if (format != OutputFormat.Json)
            {
                context.Out.List(rows, format, s_columns, NothingDropped);
                return;
            }

            foreach (Row row in rows)
            {
                context.Out.Line(JsonSerializer.Serialize(row, HnvJson.Options));
            }
        }
    }

    private static async Task<(ImmutableArray<Row> Rows, ImmutableArray<string> Answered)> ReadAsync(CommandContext context, string? host, bool all, bool isFirst, CancellationToken cancellationToken)
    {
        string[] hosts = host is not null
            ? [host]
            : [.. (await context.Client.ListAsync(ResourceKind.Host, null, cancellationToken)).Items.Select(h => h.Text("name")!)];
        var rows = ImmutableArray.CreateBuilder<Row>();
        var answered = ImmutableArray.CreateBuilder<string>();
        foreach (string name in hosts)
        {
            ImmutableArray<VerdictCount> counts;
            try
            {
                counts = await context.Client.KernelAsync<ImmutableArray<VerdictCount>>(name, HostQueries.Verdicts, cancellationToken);
            }
            catch (HnvApiException e) when (host is null && !e.IsUnreachable)
            {
                if (isFirst)
                {
                    context.Log.Line($"{name}: {e.Message}");
                }

                continue;
            }

            answered.Add(name);
            rows.AddRange(counts.Where(c => (all || c.Drop) && c.Packets > 0).Select(c => new Row(name, c.Port, c.Verdict, c.Packets, c.Bytes)));
        }

        return (rows.ToImmutable(), answered.ToImmutable());
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

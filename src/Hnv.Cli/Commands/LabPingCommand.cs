using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Hnv.Cli.Completion;
using Hnv.Cli.Output;
using Hnv.Lab;
using Hnv.Lab.Machine;
using Hnv.Lab.Reachability;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv lab ping [FROM TO]</c>: all pairs as a matrix, or one pair.</summary>
internal static partial class LabPingCommand
{
    public static Command Create(CommandRunner runner)
    {
        var from = new Argument<string?>("FROM") { Description = "A VM", Arity = ArgumentArity.ZeroOrOne }.WithMachines(static lab => lab.Topology.Vms.Select(static v => v.Name));
        var to = new Argument<string?>("TO") { Description = "A VM or an address", Arity = ArgumentArity.ZeroOrOne }.WithMachines(static lab => lab.Topology.Vms.Select(static v => v.Name));
        Option<OutputFormat> output = SharedOptions.NewOutput();
        return new Command("ping", "Tries who reaches whom; exit 1 when something does not, or does and should not").With(from, to, output)
            .Does(runner, (context, token) =>
                RunAsync(context, context.Arguments.GetValue(from), context.Arguments.GetValue(to), context.Arguments.GetValue(output), token));
    }

    private static async Task<int> RunAsync(CommandContext context, string? from, string? to, OutputFormat format, CancellationToken cancellationToken)
    {
        await using NetworkLab lab = LabCommand.OpenRunning(context);
        if (from is not null && to is null)
        {
            throw CliException.Usage("Where to?", "hnv lab ping FROM TO, or hnv lab ping for all pairs.");
        }

        ImmutableArray<PingResult> results;
        if (to is not null && IPAddress.TryParse(to, out IPAddress? address))
        {
            results = [await context.Log.DuringAsync($"{from} pings {to}", () => PingAsync(lab.Vm(from!), address))];
        }
        else
        {
            _ = from is null ? null : lab.Vm(from);
            _ = to is null ? null : lab.Vm(to);
            results = await context.Log.DuringAsync("Pings between VMs", () => ReachabilityProbe.RunAsync(lab, from, to, cancellationToken));
        }

        context.Out.One(results, format, results.Select(static r => $"{r.From} {r.To} {r.Address}"), () =>
        {
            if (from is null)
            {
                ReachabilityView.Write(context.Out, lab, results);
            }
            else
            {
                context.Out.List(results, format, s_columns, "The VM has no address.");
            }
        });

        return results.All(r => from is null ? r.AsExpected : r.Ok) ? ExitCodes.Done : ExitCodes.Failed;
    }

    /// <summary>An address need not be a VM's: then only the answer counts.</summary>
    private static async Task<PingResult> PingAsync(LabVm from, IPAddress to)
    {
        CommandResult ping = await from.ExecAsync("ping", "-n", "-c", "1", "-W", "2", to.ToString());
        Match rtt = RttPattern().Match(ping.Output);
        return new PingResult(
            from.Name, to.ToString(), to, ping.ExitCode == 0, rtt.Success ? double.Parse(rtt.Groups["ms"].Value, CultureInfo.InvariantCulture) : null, null, false);
    }

    private static readonly TableColumns<PingResult> s_columns = new TableColumn<PingResult>[]
    {
        new("FROM", p => p.From), new("TO", p => p.To), new("ADDRESS", p => p.Address.ToString()), new("OK", p => p.Ok ? "yes" : "no", Style: Styles.State),
        new("RTT MS", p => p.RttMs?.ToString("0.00", CultureInfo.InvariantCulture), Right: true), new("ARRIVED AT", p => p.ArrivedAt),
    };

    [GeneratedRegex(@"time=(?<ms>[0-9.]+) ms", RegexOptions.CultureInvariant)]
    private static partial Regex RttPattern();
}

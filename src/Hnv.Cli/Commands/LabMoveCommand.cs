using System.CommandLine;
using System.Globalization;
using Hnv.Cli.Completion;
using Hnv.Cli.Output;
using Hnv.Lab;
using Hnv.Lab.Reachability;
using Hnv.Lab.Topology;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv lab move VM HOST</c>: a live migration under traffic.</summary>
internal static class LabMoveCommand
{
    private static readonly TableColumns<MoveRow> s_columns = new TableColumn<MoveRow>[]
    {
        new("VM", r => r.Vm), new("FROM", r => r.From), new("TO", r => r.To),
        new("OUTAGE MS", r => Text(r.OutageMs), Right: true), new("SILENCE MS", r => Text(r.BlackOutMs), Right: true), new("BEFORE MS", r => Text(r.BackgroundMs), Right: true),
        new("LOST", r => r.Lost.ToString(CultureInfo.InvariantCulture), Right: true), new("LAST LOST AT MS", r => r.LastLostMs is { } at ? Text(at) : "-", Right: true),
        new("PREPARED MS", r => Text(r.PreparedMs), Right: true), new("COMPLETED MS", r => Text(r.CompletedMs), Right: true),
    };

    public static Command Create(CommandRunner runner)
    {
        var vm = new Argument<string>("VM") { Description = "A VM of the lab" }.WithMachines(static lab => lab.Topology.Vms.Select(static v => v.Name));
        var host = new Argument<string>("HOST") { Description = "The host that it moves to" }.WithMachines(static lab => lab.Topology.Hosts.Select(static v => v.Name));
        var count = new Option<int>("--count") { Description = "How many moves, to and fro", HelpName = "N", DefaultValueFactory = static _ => 1 };
        var peer = new Option<string?>("--peer") { Description = "The VM that it talks to meanwhile; one of its network when not said", HelpName = "VM" };
        Option<OutputFormat> output = SharedOptions.NewOutput();
        return new Command("move", "Moves a running VM to another host, and measures what its traffic sees of it").With(vm, host, count, peer, output)
            .Does(runner, (context, token) => RunAsync(
                context, context.Arguments.GetValue(vm)!, context.Arguments.GetValue(host)!, context.Arguments.GetValue(count), context.Arguments.GetValue(peer),
                context.Arguments.GetValue(output), token));
    }

    private static async Task<int> RunAsync(
        CommandContext context, string name, string host, int count, string? peer, OutputFormat format, CancellationToken cancellationToken)
    {
        if (count < 1)
        {
            throw CliException.Usage($"--count: {count} moves are none.", "A number from 1 on.");
        }

        await using NetworkLab lab = LabCommand.OpenRunning(context);
        string home = lab.Vm(name).Spec.Host;
        string with = peer ?? MoveMeasurement.PeerOf(lab, lab.Vm(name), host)?.Name
            ?? throw CliException.Failed($"{name} has nobody to talk to: no other VM of its network has an address.");
        _ = lab.Vm(with);
        var rows = new List<MoveRow>();
        for (int i = 0; i < count; i++)
        {
            string to = i % 2 == 0 ? host : home;
            MoveMeasurement measured = await context.Log.DuringAsync(
                $"{name} moves to {to}", () => MoveMeasurement.RunAsync(lab, name, with, to, cancellationToken: cancellationToken));
            rows.Add(new MoveRow(
                name, measured.Move.From, measured.Move.To, measured.OutageMs, measured.BlackOutMs, measured.BackgroundMs, measured.Lost, measured.LastLostMs,
                measured.Move.Prepared.TotalMilliseconds, measured.Move.Completed.TotalMilliseconds));
            context.Log.Step($"{name} moved from {measured.Move.From} to {to}, talking to {with} 1 000 times a second each way", measured.Move.Prepared + measured.Move.Completed);
        }

        if (format == OutputFormat.Json)
        {
            context.Out.Json(rows);
            return ExitCodes.Done;
        }

        context.Out.List(rows, format, s_columns, string.Empty);
        if (lab.Vm(name).Spec.Adapters.Any(static a => a.Device == LabDevice.Veth))
        {
            context.Log.Line($"{name} hangs on a veth and loses the carrier: what its kernel asks its neighbours meanwhile, it asks again after a second, which the silence may hold. On a tap it does not.");
        }

        if (count > 1 && format is OutputFormat.Table or OutputFormat.Wide)
        {
            double outage = Median(rows.Select(static r => r.OutageMs)), silence = Median(rows.Select(static r => r.BlackOutMs));
            double lost = Median(rows.Select(static r => (double)r.Lost));
            context.Out.Line($"Median: outage {Text(outage)} ms, silence {Text(silence)} ms, {lost:0} lost");
        }

        return ExitCodes.Done;
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static string Text(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    /// <param name="OutageMs">By when datagrams were sent: how long none arrived.</param>
    /// <param name="BlackOutMs">The longest silence of either direction since the switch.</param>
    /// <param name="BackgroundMs">The same before it: what the machine itself does.</param>
    /// <param name="LastLostMs">When the last lost datagram was sent, after the switch.</param>
    private sealed record MoveRow(
        string Vm, string From, string To, double OutageMs, double BlackOutMs, double BackgroundMs, int Lost, double? LastLostMs, double PreparedMs, double CompletedMs);
}

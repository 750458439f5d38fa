using System.Collections.Immutable;
using System.CommandLine;
using System.Diagnostics;
using System.Net;
using Hnv.Api.Manifests;
using Hnv.Cli.Input;
using Hnv.Cli.Output;
using Hnv.Lab;
using Hnv.Lab.Capture;
using Hnv.Lab.Reachability;
using Hnv.Lab.Topology;
using Hnv.Wire;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv lab up [FILE]</c>: starts or mends the lab and proves that it works.</summary>
internal static class LabUpCommand
{
    public static Command Create(CommandRunner runner)
    {
        var file = new Argument<string?>("FILE")
        {
            Description = "A lab file. Without it: the running lab's own, else two tenants with equal addresses on three hosts. With it a running lab is changed to the file",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var quick = new Option<bool>("--no-proof") { Description = "Only start; do not ping and capture" };
        return new Command("up", "Starts the lab, or mends it, and shows that it works").With(file, quick)
            .Does(runner, (context, token) => RunAsync(context, context.Arguments.GetValue(file), context.Arguments.GetValue(quick), token));
    }

    private static async Task<int> RunAsync(CommandContext context, string? file, bool quick, CancellationToken cancellationToken)
    {
        LabCommand.RequireRoot();
        long since = Stopwatch.GetTimestamp();
        await using NetworkLab lab = LabCommand.Open(context);
        LabTopology topology = Read(lab, file);
        using (var progress = new StepProgress(context.Log))
        {
            await lab.UpAsync(topology, progress, cancellationToken);
        }

        if (quick)
        {
            return ExitCodes.Done;
        }

        ImmutableArray<PingResult> pings = await TimedAsync(
            context, "pings between all VMs, each followed to where it comes out", () => ReachabilityProbe.RunAsync(lab, cancellationToken: cancellationToken));
        context.Out.Line();
        ReachabilityView.Write(context.Out, lab, pings);
        bool captured = await ShowPacketAsync(context, lab);
        WhereNext(context, lab, Stopwatch.GetElapsedTime(since));
        return captured && pings.All(p => p.AsExpected) ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static LabTopology Read(NetworkLab lab, string? file)
    {
        if (file is null)
        {
            return lab.Exists ? lab.Topology : LabTopology.Default;
        }

        try
        {
            return LabFileReader.Parse(
                InputFile.Read(file, ManifestReader.MaxBytes, "hnv lab up FILE, or hnv lab up for the default lab.", "A lab of so many machines is none for one machine."),
                file);
        }
        catch (LabFileException e)
        {
            throw ManifestFiles.Wrong(e.Errors);
        }
    }

    /// <summary>One packet between hosts, as it crosses the provider network, field by field.</summary>
    private static async Task<bool> ShowPacketAsync(CommandContext context, NetworkLab lab)
    {
        (LabVm From, LabVm To)[] pairs =
        [
            .. from a in lab.Vms from b in lab.Vms
               where a.Spec.Host != b.Spec.Host && a.Spec.First.Network == b.Spec.First.Network && b.Spec.First.Addresses.Length > 0
               select (a, b),
        ];
        if (pairs.Length == 0)
        {
            return true; // Nothing in this lab crosses the provider network.
        }

        (LabVm from, LabVm to) = pairs[0];
        IPAddress address = to.Spec.First.Addresses[0].Address;
        context.Out.Line();
        byte[]? frame = await FabricCapture.PingAsync(lab, from, address, TimeSpan.FromSeconds(4));
        if (frame is null)
        {
            context.Out.Markup($"[red]No encapsulated frame was seen on the provider network when {from.Name} pinged {address}.[/]");
            return false;
        }

        context.Out.Markup($"[bold]On the wire[/] when {from.Name} on {from.Spec.Host} pings {address}, {frame.Length} bytes:");
        foreach (string line in PacketDescriber.Describe(frame).TrimEnd().Split('\n'))
        {
            context.Out.Line("  " + line);
        }

        return true;
    }

    private static void WhereNext(CommandContext context, NetworkLab lab, TimeSpan took)
    {
        LabVm? vm = lab.Vms.FirstOrDefault();
        string name = lab.Options.Name;
        string other = name == LabOptions.DefaultName ? string.Empty : $" --name {name}";
        string address = name == LabOptions.DefaultName ? string.Empty : $" --controller {lab.ControllerAddress}";

        // The checkout's script says what it was called by, so that the lines can be copied.
        string hnv = Spectre.Console.Markup.Escape(context.Environment.Variable("HNV_COMMAND") ?? "hnv");
        context.Out.Line();
        context.Out.Markup($"[green]The lab is up[/] after {took.TotalSeconds:0.0} s. Three things to try:");
        if (vm is not null)
        {
            LabVm? peer = lab.Vms.FirstOrDefault(v => v.Name != vm.Name && v.Spec.First.Network == vm.Spec.First.Network && v.Spec.First.Addresses.Length > 0);
            string target = peer?.Spec.First.Addresses[0].Address.ToString() ?? "ADDRESS";
            context.Out.Markup($"  [bold]{hnv} lab{other} exec {vm.Name} -- ping -c 3 {target}[/]   as the VM; or: ip netns exec {vm.Namespace} …");
            context.Out.Markup($"  [bold]{hnv} host records {vm.Spec.Host}{address}[/]   what that host's kernel knows");
        }

        context.Out.Markup($"  [bold]{hnv} drops{address} --watch[/]   what is refused, and why; in another terminal, try to break in");
    }

    private static async Task<T> TimedAsync<T>(CommandContext context, string what, Func<Task<T>> step)
    {
        long since = Stopwatch.GetTimestamp();
        using IDisposable? work = context.Log.Begin(() => what);
        T result = await step();
        context.Log.Step(what, Stopwatch.GetElapsedTime(since));
        return result;
    }
}

/// <summary>Shows the steps of the lab as they are done.</summary>
internal sealed class StepProgress(ProgressWriter log) : IProgress<LabStep>, IDisposable
{
    private IDisposable? _work;

    public void Dispose() => _work?.Dispose();

    public void Report(LabStep value)
    {
        _work?.Dispose();
        _work = null;
        if (value.Took is { } took)
        {
            log.Step(value.What, took);
        }
        else
        {
            _work = log.Begin(() => value.What);
        }
    }
}

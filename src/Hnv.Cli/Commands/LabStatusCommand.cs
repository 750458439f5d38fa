using System.Collections.Immutable;
using System.CommandLine;
using Hnv.Cli.Output;
using Hnv.Cli.Watching;
using Hnv.Lab;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv lab status</c></summary>
internal static class LabStatusCommand
{
    private static readonly TableColumns<LabPartStatus> s_parts = new TableColumn<LabPartStatus>[]
    {
        new("PROCESS", p => p.Name), new("NAMESPACE", p => p.Namespace), new("STATE", p => p.State, Style: Styles.State), new("PID", p => p.Pid?.ToString(), Right: true), new("LOG", p => p.Log),
    };

    private static readonly TableColumns<LabVmStatus> s_vms = new TableColumn<LabVmStatus>[]
    {
        new("VM", v => v.Name), new("NAMESPACE", v => v.Namespace), new("HOST", v => v.Host), new("PORT", v => v.Port), new("VSID", v => v.Vsid.ToString()),
        new("ADDRESSES", v => string.Join(", ", v.Addresses)), new("STATE", v => v.State, Style: Styles.State),
    };

    private static readonly TableColumns<LabMachine> s_machines = new TableColumn<LabMachine>[]
    {
        new("NAME", m => m.Name), new("NAMESPACE", m => m.Namespace), new("STATE", m => m.State, Style: Styles.State), new("PID", m => m.Pid?.ToString(), Right: true),
    };

    public static Command Create(CommandRunner runner)
    {
        Option<bool> watch = SharedOptions.NewWatch();
        Option<OutputFormat> output = SharedOptions.NewOutput();
        return new Command("status", "What runs and where its files are; exit 1 when something is missing").With(watch, output).Does(runner, async (context, token) =>
        {
            await using NetworkLab lab = LabCommand.OpenRunning(context);
            OutputFormat format = context.Arguments.GetValue(output);
            if (context.Arguments.GetValue(watch))
            {
                return await Watcher.PollAsync(context, format, s_machines, string.Empty, static m => m.Name, async t => Machines(await lab.StatusAsync(t)), token);
            }

            LabStatus status = await lab.StatusAsync(token);
            context.Out.One(status, format, Machines(status).Select(static m => m.Name), () =>
            {
                context.Out.Line($"lab         {status.Name}, from {status.File}");
                context.Out.Line($"directory   {status.Directory}");
                context.Out.Line($"controller  {status.ControllerAddress}{(status.ControllerUrl is { } url ? $", {url}" : string.Empty)}");
                context.Out.Line();
                context.Out.List(status.Parts, format, s_parts, string.Empty);
                context.Out.Line();
                context.Out.List(status.Vms, format, s_vms, "No VMs.");
                if (!status.Ok)
                {
                    context.Log.Line("Something is missing: 'hnv lab up' mends it.");
                }
            });
            return status.Ok ? ExitCodes.Done : ExitCodes.Failed;
        });
    }

    /// <summary>Processes and VMs alike, for a watch.</summary>
    private static ImmutableArray<LabMachine> Machines(LabStatus status) =>
        [.. status.Parts.Select(static p => new LabMachine(p.Name, p.Namespace, p.State, p.Pid)), .. status.Vms.Select(static v => new LabMachine(v.Name, v.Namespace, v.State, null))];

    private sealed record LabMachine(string Name, string? Namespace, string State, int? Pid);
}

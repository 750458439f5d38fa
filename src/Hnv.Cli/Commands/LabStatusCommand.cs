using System.CommandLine;
using Hnv.Cli.Output;
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

    public static Command Create(CommandRunner runner)
    {
        Option<OutputFormat> output = SharedOptions.NewOutput();
        return new Command("status", "What runs and where its files are; exit 1 when something is missing").With(output).Does(runner, async (context, token) =>
        {
            await using NetworkLab lab = LabCommand.OpenRunning(context);
            LabStatus status = await lab.StatusAsync(token);
            switch (context.Arguments.GetValue(output))
            {
                case OutputFormat.Json:
                    context.Out.Json(status);
                    break;
                case OutputFormat.Yaml:
                    context.Out.Yaml(status);
                    break;
                default:
                    context.Out.Line($"lab         {status.Name}, from {status.File}");
                    context.Out.Line($"directory   {status.Directory}");
                    context.Out.Line($"controller  {status.ControllerAddress}{(status.ControllerUrl is { } url ? $", {url}" : string.Empty)}");
                    context.Out.Line();
                    context.Out.List(status.Parts, OutputFormat.Table, s_parts, string.Empty);
                    context.Out.Line();
                    context.Out.List(status.Vms, OutputFormat.Table, s_vms, "No VMs.");
                    if (!status.Ok)
                    {
                        context.Log.Line("Something is missing: 'hnv lab up' mends it.");
                    }

                    break;
            }

            return status.Ok ? ExitCodes.Done : ExitCodes.Failed;
        });
    }
}

using System.CommandLine;
using Hnv.Lab;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv lab …</c>: hosts and VMs as network namespaces on this machine.</summary>
internal static class LabCommand
{
    private const string DefaultUrl = "http://127.0.0.1:8640";

    /// <summary>Which lab; several may run side by side.</summary>
    private static readonly Option<string> s_name = new("--name")
    {
        Description = "Another lab beside the default one: its namespaces begin with NAME-",
        HelpName = "NAME",
        Recursive = true,
        DefaultValueFactory = static _ => LabOptions.DefaultName,
    };

    public static Command Create(CommandRunner runner) => new Command("lab", "A lab on this machine: hosts and VMs as network namespaces, with a real controller and real agents").With(
        s_name,
        LabUpCommand.Create(runner),
        LabDownCommand.Create(runner),
        LabStatusCommand.Create(runner),
        LabPingCommand.Create(runner),
        LabMoveCommand.Create(runner),
        LabExecCommand.Create(runner),
        LabExecCommand.CreateShell(runner),
        LabRelayCommand.Create(runner));

    /// <summary>The lab that the command line means.</summary>
    public static NetworkLab Open(CommandContext context)
    {
        string name = context.Arguments.GetValue(s_name)!;
        if (name.Length is 0 or > 15 || !name.All(char.IsAsciiLetterOrDigit))
        {
            throw CliException.Usage($"--name: '{name}' is no name for a lab.", "At most 15 letters and digits.");
        }

        return NetworkLab.Open(new LabOptions { Name = name, ControllerUrl = name == LabOptions.DefaultName ? DefaultUrl : null });
    }

    /// <summary>The same, which must exist.</summary>
    public static NetworkLab OpenRunning(CommandContext context)
    {
        RequireRoot();
        NetworkLab lab = Open(context);
        return lab.Exists ? lab : throw CliException.Failed("No lab runs.", "'hnv lab up' starts one.");
    }

    /// <summary>Namespaces and eBPF are root's.</summary>
    public static void RequireRoot()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw CliException.Failed("The lab needs root: it makes network namespaces and loads eBPF programs.", "Run it with sudo.");
        }
    }
}

using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using Hnv.Cli.Completion;
using Hnv.Lab;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv lab exec NAME -- CMD…</c> and <c>hnv lab shell NAME</c>: a program in a VM, a host or the fabric, on this terminal.</summary>
internal static class LabExecCommand
{
    public static Command Create(CommandRunner runner)
    {
        var name = new Argument<string>("NAME") { Description = "A VM, a host, or fabric" }
            .WithMachines(static lab => [.. lab.Topology.Vms.Select(static v => v.Name), .. lab.Topology.Hosts.Select(static h => h.Name), "fabric"]);
        var command = new Argument<string[]>("CMD") { Description = "The program and its arguments, after --", Arity = ArgumentArity.OneOrMore };
        return new Command("exec", "Runs a program in a VM or on a host; its exit code is this one's").With(name, command)
            .Does(runner, (context, token) => RunAsync(context, context.Arguments.GetValue(name)!, context.Arguments.GetValue(command)!, token));
    }

    public static Command CreateShell(CommandRunner runner)
    {
        var name = new Argument<string>("NAME") { Description = "A VM, a host, or fabric" }
            .WithMachines(static lab => [.. lab.Topology.Vms.Select(static v => v.Name), .. lab.Topology.Hosts.Select(static h => h.Name), "fabric"]);
        return new Command("shell", "A shell in a VM or on a host").With(name).Does(runner, (context, token) =>
        {
            string machine = context.Arguments.GetValue(name)!;
            string shell = context.Environment.Variable("SHELL") is { Length: > 0 } own && File.Exists(own) ? own : "/bin/bash";
            return RunAsync(context, machine, shell.EndsWith("bash", StringComparison.Ordinal) ? ["env", $"PS1={machine}# ", shell, "--norc"] : ["env", $"PS1={machine}# ", shell], token);
        });
    }

    private static async Task<int> RunAsync(CommandContext context, string machine, string[] command, CancellationToken cancellationToken)
    {
        await using NetworkLab lab = LabCommand.OpenRunning(context);
        IReadOnlyList<string> inside = lab.CommandInside(machine, command);
        // Ctrl-C is for the program; this one waits for its end.
        Console.CancelKeyPress += static (_, e) => e.Cancel = true;
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(inside[0], inside.Skip(1)) { UseShellExecute = false })!;
            await process.WaitForExitAsync(CancellationToken.None);
            return process.ExitCode;
        }
        catch (Win32Exception e)
        {
            throw CliException.Failed($"'{inside[0]}' cannot be started: {e.Message}");
        }
    }
}

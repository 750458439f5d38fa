using System.ComponentModel;
using System.Diagnostics;

namespace Hnv.Lab.Machine;

/// <summary>What a program left: exit code and both outputs.</summary>
public sealed record CommandResult(string CommandLine, int ExitCode, string Output, string Error)
{
    /// <summary>Itself when the exit code is 0.</summary>
    /// <exception cref="LabException">The exit code is another; the message holds the command and what it said.</exception>
    public CommandResult EnsureSuccess()
    {
        if (ExitCode == 0)
        {
            return this;
        }

        string said = string.Join('\n', new[] { Error.Trim(), Output.Trim() }.Where(t => t.Length > 0));
        throw new LabException($"'{CommandLine}' ended with {ExitCode}{(said.Length > 0 ? ": " + said : string.Empty)}");
    }
}

/// <summary>Runs programs to their end.</summary>
internal static class Command
{
    /// <summary>Runs a program and waits for it; on cancellation it is killed with its children.</summary>
    /// <exception cref="LabException">The program cannot be started.</exception>
    public static async Task<CommandResult> RunAsync(IReadOnlyList<string> command, string? input = null, CancellationToken cancellationToken = default)
    {
        var info = new ProcessStartInfo(command[0], command.Skip(1))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Start(info);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            Task<string> error = process.StandardError.ReadToEndAsync(cancellationToken);
            if (input is not null)
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
            }

            process.StandardInput.Close();
            await process.WaitForExitAsync(cancellationToken);
            return new CommandResult(string.Join(' ', command), process.ExitCode, await output, await error);
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Starts a program that goes on by itself; the caller ends it.</summary>
    /// <exception cref="LabException">The program cannot be started.</exception>
    public static Process Start(ProcessStartInfo info)
    {
        try
        {
            return Process.Start(info) ?? throw new LabException($"'{info.FileName}' did not start.");
        }
        catch (Win32Exception e)
        {
            throw new LabException($"'{info.FileName}' cannot be started: {e.Message}", e);
        }
    }
}

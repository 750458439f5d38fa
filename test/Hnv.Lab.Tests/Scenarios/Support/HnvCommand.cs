using System.Diagnostics;
using Hnv.Lab.Machine;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>The <c>hnv</c> program, as people and scripts run it, against a lab's controller.</summary>
internal static class HnvCommand
{
    /// <param name="input">What it reads from standard input; null: nothing.</param>
    public static Task<CommandResult> RunAsync(NetworkLab lab, string? input, params string[] arguments) => RunProgramAsync(input, [.. arguments, "--controller", lab.ControllerAddress]);

    /// <summary>A command that needs no controller.</summary>
    public static Task<CommandResult> RunAsync(params string[] arguments) => RunProgramAsync(null, arguments);

    /// <summary>A command that goes on until it is ended.</summary>
    public static Process Start(params string[] arguments)
    {
        var info = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "hnv"), arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment["NO_COLOR"] = "1";
        return Process.Start(info)!;
    }

    private static async Task<CommandResult> RunProgramAsync(string? input, string[] arguments)
    {
        using Process process = Start(arguments);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return new CommandResult(string.Join(' ', arguments), process.ExitCode, await output, await error);
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}

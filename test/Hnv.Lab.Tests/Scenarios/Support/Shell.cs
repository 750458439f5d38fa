using System.Diagnostics;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>Lines for the shell, on the test machine itself.</summary>
internal static class Shell
{
    /// <summary>Runs lines to their end, each of which must be a good one unless <paramref name="whatever"/>.</summary>
    /// <returns>What they wrote.</returns>
    public static async Task<string> RunAsync(string script, bool whatever = false)
    {
        using Process process = Start("bash", whatever ? "-c" : "-ec", script);
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(whatever || process.ExitCode == 0, $"{script}\n{await error}{output}");
        return output;
    }

    /// <summary>Starts a program that goes on; the caller reads what it writes, and ends it.</summary>
    public static Process Start(params string[] command) => Process.Start(new ProcessStartInfo(command[0], command[1..])
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}

using System.Diagnostics;

namespace Hnv.Packages.Tests;

/// <summary>Runs commands of this machine.</summary>
internal static class Shell
{
    /// <summary>Runs one to its end and gives its standard output; fails the test when it fails.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        (int exitCode, string output, string error) = await TryAsync(program, arguments);
        Assert.True(exitCode == 0, $"{program} {string.Join(' ', arguments)}: {exitCode}\n{output}\n{error}");
        return output;
    }

    public static async Task<(int ExitCode, string Output, string Error)> TryAsync(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }

    public static Process Start(string program, params string[] arguments) => Process.Start(
        new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = false, UseShellExecute = false })!;

    /// <summary>Waits for what another process is about to do; fails after two minutes, with the last answer.</summary>
    public static async Task UntilAsync(string what, Func<Task<(bool Done, string Found)>> look)
    {
        string found = string.Empty;
        for (long end = Environment.TickCount64 + 120_000; Environment.TickCount64 < end;)
        {
            (bool done, found) = await look();
            if (done)
            {
                return;
            }

            await Task.Delay(200, TestContext.Current.CancellationToken);
        }

        Assert.Fail($"It did not happen: {what}. Last found:\n{found}");
    }
}

using System.Diagnostics;

namespace Hnv.Datapath.Maps.Tests.Support;

/// <summary>Runs programs and waits for their end.</summary>
internal static class Command
{
    /// <returns>What it wrote to stdout.</returns>
    public static string Run(string file, params string[] arguments)
    {
        using Process process = Process.Start(Quiet(file, arguments))!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} answered {process.ExitCode}: {output}{errors.GetAwaiter().GetResult()}");
    }

    public static ProcessStartInfo Quiet(string file, params string[] arguments) =>
        new(file, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
}

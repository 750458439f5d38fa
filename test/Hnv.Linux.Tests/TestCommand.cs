using System.Diagnostics;
using Hnv.Linux.Namespaces;

namespace Hnv.Linux.Tests;

/// <summary>Runs a program to its end and returns what it printed.</summary>
internal static class TestCommand
{
    public static string Run(NetworkNamespace networkNamespace, string program, params string[] arguments)
    {
        using var process = networkNamespace.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true });
        var output = process.StandardOutput.ReadToEnd();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: exit code {process.ExitCode}: {errors}");
        return output;
    }
}

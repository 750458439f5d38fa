using System.Diagnostics;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>Commands in the namespace of the provider network.</summary>
internal static class FabricCommand
{
    /// <summary>Runs one to its end, which must be a good one.</summary>
    public static async Task RunAsync(NetworkLab lab, params string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo("ip", ["netns", "exec", lab.FabricNamespace, .. command]) { UseShellExecute = false, RedirectStandardError = true })!;
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)}: {error}");
    }
}

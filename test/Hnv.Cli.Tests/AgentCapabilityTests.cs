using System.Diagnostics;

namespace Hnv.Cli.Tests;

/// <summary>The agent as a process that is not all of root. In namespaces of its own: where it does start, it touches nothing of this machine.</summary>
public sealed class AgentCapabilityTests
{
    [Theory]
    [InlineData("-net_admin", "CAP_NET_ADMIN")]
    [InlineData("-bpf,-sys_admin", "CAP_BPF and CAP_SYS_ADMIN")]
    [InlineData("-all", "CAP_NET_ADMIN and CAP_BPF and CAP_SYS_ADMIN")]
    public async Task Agent_WithoutACapability_EndsWithOneLineThatNamesItAndTheRemedy(string taken, string missing)
    {
        string state = Path.Combine(Path.GetTempPath(), $"hnv-capabilities-{Guid.NewGuid():n}");
        using Process process = Process.Start(new ProcessStartInfo(
            "unshare",
            [
                "--mount", "--net", "timeout", "60", "setpriv", "--bounding-set", taken, Path.Combine(AppContext.BaseDirectory, "hnv"),
                "agent", "--host", "host1", "--controller", "http://127.0.0.1:1", "--uplink", "up0", "--state", state,
            ]) { UseShellExecute = false, RedirectStandardError = true })!;

        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(process.ExitCode == 1, error);
        string line = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"error: The agent lacks {missing}. ", line, StringComparison.Ordinal);
        Assert.Contains("CapabilityBoundingSet=", line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(state));
    }
}

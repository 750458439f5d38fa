using System.Diagnostics;

namespace Hnv.Cli.Tests;

/// <summary>What takes longer than a second is shown on a terminal (of <c>script</c>), and nowhere else.</summary>
public sealed class ProgressTests(CloudFixture cloud) : IClassFixture<CloudFixture>
{
    private const string Waiting = "Waiting for 2 of 2 hosts to realise revision ";

    [Fact]
    public async Task Apply_WaitOnATerminal_ShowsForWhomAndErasesItAgain()
    {
        (string shown, int exitCode) = await RunAsync("");
        Assert.Equal(1, exitCode);
        Assert.Contains(Waiting, shown, StringComparison.Ordinal);
        Assert.Contains("host1, host2 … ", shown, StringComparison.Ordinal);
        Assert.True(shown.LastIndexOf("\r\e[K", StringComparison.Ordinal) > shown.LastIndexOf(Waiting, StringComparison.Ordinal), shown);
    }

    [Theory]
    [InlineData("2>\"$HNV_ERROR\"", "")]
    [InlineData("", "TERM=dumb ")]
    public async Task Apply_WaitElsewhere_ShowsNothing(string redirection, string variable)
    {
        (string shown, int exitCode) = await RunAsync(redirection, variable);
        Assert.Equal(1, exitCode);
        Assert.DoesNotContain("Waiting for", shown, StringComparison.Ordinal);
        Assert.Contains("nothing was heard of it", shown, StringComparison.Ordinal);
    }

    private async Task<(string Shown, int ExitCode)> RunAsync(string redirection, string variable = "")
    {
        string directory = Directory.CreateTempSubdirectory("hnv-progress-").FullName;
        try
        {
            await File.WriteAllTextAsync($"{directory}/cloud.yaml", CloudFixture.Manifest, TestContext.Current.CancellationToken);
            string program = Path.Combine(AppContext.BaseDirectory, "hnv");
            using Process process = Process.Start(new ProcessStartInfo("script", ["-q", "-e", "-c", $"{variable}{program} apply -f {directory}/cloud.yaml --wait 5 {redirection}", "/dev/null"])
            {
                RedirectStandardOutput = true,
                RedirectStandardInput = true,
                UseShellExecute = false,
                Environment = { ["HNV_CONTROLLER"] = cloud.Address, ["TERM"] = "xterm", ["HNV_ERROR"] = $"{directory}/error" },
            })!;
            string shown = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            string error = File.Exists($"{directory}/error") ? await File.ReadAllTextAsync($"{directory}/error", TestContext.Current.CancellationToken) : string.Empty;
            return (shown + error, process.ExitCode);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}

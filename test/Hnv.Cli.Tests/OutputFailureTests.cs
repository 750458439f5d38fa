using System.Diagnostics;
using System.Text;
using Hnv.Api.Client;

namespace Hnv.Cli.Tests;

/// <summary>Results that cannot be written are an error in words.</summary>
public sealed class OutputFailureTests(CloudFixture cloud) : IClassFixture<CloudFixture>
{
    [Theory]
    [InlineData("version")]
    [InlineData("--help")]
    [InlineData("get ports")]
    [InlineData("get ports -o json")]
    [InlineData("get ports -o yaml")]
    [InlineData("get ports --watch")]
    public async Task Output_ThatIsFull_IsAnErrorAndExitsOne(string line)
    {
        using var full = new FullWriter();
        using var error = new StringWriter { NewLine = "\n" };
        Assert.Equal(1, await RunAsync(line, full, error));
        Assert.StartsWith("error: The result cannot be written: No space left on device.", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Error_ThatIsFull_StillExitsAsItShould()
    {
        using var full = new FullWriter();
        Assert.Equal(1, await RunAsync("get port nobody", TextWriter.Null, full));
        Assert.Equal(2, await RunAsync("gte ports", TextWriter.Null, full));
    }

    /// <summary>Full, and open for reading alone.</summary>
    [Theory]
    [InlineData("> /dev/full")]
    [InlineData("1< /dev/null")]
    public async Task Process_WhoseOutputTakesNothing_ExitsOneWithoutAStackTrace(string redirection)
    {
        using Process bash = Process.Start(new ProcessStartInfo("bash", ["-c", $"\"$HNV\" version {redirection}"])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
            Environment = { ["HNV"] = Path.Combine(AppContext.BaseDirectory, "hnv") },
        })!;
        Assert.StartsWith("error: The result cannot be written:", await bash.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, bash.ExitCode);
    }

    private Task<int> RunAsync(string line, TextWriter output, TextWriter error)
    {
        var environment = new CliEnvironment(
            output, error, false, false, TextReader.Null, static _ => null, () => cloud.Address, static o => new HnvClient(o), TimeProvider.System) { ClientConfiguration = CliRun.NoConfiguration };
        return CliApplication.RunAsync(line.Split(' '), environment, TestContext.Current.CancellationToken);
    }

    /// <summary>/dev/full.</summary>
    private sealed class FullWriter : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => throw new IOException("No space left on device");
    }
}

namespace Hnv.Cli.Tests;

public sealed class ControllerAddressTests
{
    // Port 1 on loopback: nobody listens there.
    private const string Nobody = "http://127.0.0.1:1";

    private static readonly Dictionary<string, string> s_variable = new(StringComparer.Ordinal) { ["HNV_CONTROLLER"] = Nobody };

    [Fact]
    public async Task Get_OptionGiven_WinsOverAllElse()
    {
        CliRun run = await CliRun.RunAsync("get ports --controller unix:/nonexistent/option.sock", s_variable, lab: "unix:/nonexistent/lab.sock");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("/nonexistent/option.sock", run.Error, StringComparison.Ordinal);
        Assert.Contains("from --controller", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_VariableSet_WinsOverTheRunningLab()
    {
        CliRun run = await CliRun.RunAsync("get ports", s_variable, lab: "unix:/nonexistent/lab.sock");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(Nobody, run.Error, StringComparison.Ordinal);
        Assert.Contains("from HNV_CONTROLLER", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_LabRuns_AsksItsController()
    {
        CliRun run = await CliRun.RunAsync("get ports", lab: "unix:/nonexistent/lab.sock");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("/nonexistent/lab.sock", run.Error, StringComparison.Ordinal);
        Assert.Contains("hnv lab up", run.Error, StringComparison.Ordinal);
    }
}

namespace Hnv.Cli.Tests;

public sealed class CompletionTests
{
    [Theory]
    [InlineData("hnv ge", "get")]
    [InlineData("hnv get po", "ports")]
    [InlineData("hnv get ports -o ", "yaml")]
    [InlineData("hnv lab pi", "ping")]
    [InlineData("hnv host re", "records")]
    public async Task Suggest_BeginningOfALine_OffersTheWord(string line, string expected)
    {
        CliRun run = await CliRun.RunAsync([$"[suggest:{line.Length}]", line]);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains(expected, run.Output.Split('\n'));
    }

    [Theory]
    [InlineData("bash", "complete ")]
    [InlineData("zsh", "compdef ")]
    public async Task Completion_Shell_PrintsAScriptThatAsksHnv(string shell, string registers)
    {
        CliRun run = await CliRun.RunAsync($"completion {shell}");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains(registers, run.Output, StringComparison.Ordinal);
        Assert.Contains("[suggest:", run.Output, StringComparison.Ordinal);
    }
}

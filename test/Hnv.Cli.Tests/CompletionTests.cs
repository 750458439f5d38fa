using System.Diagnostics;

namespace Hnv.Cli.Tests;

public sealed class CompletionTests(CloudFixture cloud) : IClassFixture<CloudFixture>
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
    [InlineData("fish", "complete -c hnv ")]
    public async Task Completion_Shell_PrintsAScriptThatAsksHnv(string shell, string registers)
    {
        CliRun run = await CliRun.RunAsync($"completion {shell}");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains(registers, run.Output, StringComparison.Ordinal);
        Assert.Contains("[suggest:", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hnv get port ", "blue-corp/vm1 red-corp/vm1 vm2")]
    [InlineData("hnv get port blue-corp/", "blue-corp/vm1 blue-corp/vm2")]
    [InlineData("hnv get ports --tenant red-corp v", "vm1")]
    [InlineData("hnv describe host ", "host1 host2")]
    [InlineData("hnv delete vmn bl", "blue")]
    [InlineData("hnv drops h", "host1 host2")]
    [InlineData("hnv host records ", "host1 host2")]
    [InlineData("hnv stats vm", "blue-corp/vm1 red-corp/vm1 vm2")]
    [InlineData("hnv next-hop --vsid ", "5001 5002 6001")]
    [InlineData("hnv get ports --tenant ", "blue-corp red-corp")]
    [InlineData("hnv get records 2001:", "2001:db8:1::5")]
    public async Task Suggest_ANameOfTheCloud_OffersWhatThereIs(string line, string expected)
    {
        CliRun run = await CliRun.RunAsync([$"[suggest:{line.Length}]", line], new Dictionary<string, string> { ["HNV_COMPLETION_TIMEOUT"] = "50" }, lab: cloud.Address);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(expected, string.Join(' ', run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Theory]
    [InlineData("unix:/nonexistent/c.sock")]
    [InlineData("nonsense")]
    public async Task Suggest_NobodyAnswers_SaysNothing(string address)
    {
        string line = $"hnv get port --controller {address} ";
        CliRun run = await CliRun.RunAsync([$"[suggest:{line.Length}]", line]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
    }

    /// <summary>bash itself, as it completes: from the words and the place of the cursor.</summary>
    [Theory]
    [InlineData("hnv ge", "get")]
    [InlineData("hnv get port b", "blue-corp/vm1")]
    [InlineData("hnv describe host h", "host1 host2")]
    [InlineData("hnv get records 2001:db", "db8:1::5")]
    [InlineData("hnv get nothing-of-this ", "")]
    public async Task Bash_WithTheScript_CompletesTheWord(string line, string expected)
    {
        const string Complete = """
            source <("$HNV" completion bash)
            hnv() { "$HNV" "$@"; }
            COMP_LINE=$1 COMP_POINT=${#1}
            # As readline cuts it: at blanks and at colons.
            read -ra COMP_WORDS <<<"${COMP_LINE//:/ : }"
            if [[ $COMP_LINE == *' ' ]]; then COMP_WORDS+=(''); fi
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _hnv
            printf '%s\n' "${COMPREPLY[@]}"
            """;
        using Process bash = Process.Start(new ProcessStartInfo("bash", ["-c", Complete, "bash", line])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            Environment = { ["HNV"] = Path.Combine(AppContext.BaseDirectory, "hnv"), ["HNV_CONTROLLER"] = cloud.Address, ["HNV_COMPLETION_TIMEOUT"] = "50" },
        })!;
        Task<string> error = bash.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string[] words = (await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("", await error);
        Assert.Equal(expected, string.Join(' ', words));
    }
}

namespace Hnv.Cli.Tests;

public sealed class UsageTests
{
    [Fact]
    public async Task Run_NoArguments_ShowsHelpAndSucceeds()
    {
        CliRun run = await CliRun.RunAsync([]);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("lab", run.Output, StringComparison.Ordinal);
        Assert.Contains("apply", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("aply -f x", "There is no command 'aply'", "'apply'")]
    [InlineData("lab pign", "There is no command 'pign'", "'ping'")]
    [InlineData("get prots", "There is no kind 'prots'", "'ports'")]
    [InlineData("get ports --outptu json", "There is no option '--outptu'", "'--output'")]
    [InlineData("next-hop --vsid 5001 --ot 10.0.0.7", "There is no option '--ot'", "'--to'")]
    public async Task Run_MistypedWord_ExitsTwoAndNamesTheNearest(string line, string problem, string nearest)
    {
        CliRun run = await CliRun.RunAsync(line);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
        Assert.Contains($"Did you mean {nearest}", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("get")]
    [InlineData("get ports -o xml")]
    [InlineData("apply")]
    [InlineData("apply -f /nonexistent/net.yaml")]
    [InlineData("apply -f - --prune")]
    [InlineData("apply -f - --wait soon")]
    [InlineData("delete port")]
    [InlineData("delete records x")]
    [InlineData("next-hop --to here --vsid 5001")]
    [InlineData("next-hop --to 10.0.0.7")]
    [InlineData("get ports --watch -o yaml")]
    [InlineData("get ports --config /nonexistent/client.yaml")]
    [InlineData("get ports --controller carrier-pigeon")]
    [InlineData("agent")]
    [InlineData("completion tcsh")]
    [InlineData("lab --name no/good status")]
    public async Task Run_WrongUsage_ExitsTwoAndSaysSoOnStandardErrorOnly(string line)
    {
        CliRun run = await CliRun.RunAsync(line);
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("--controller unix:/x get ports", "hnv get: '--controller' stands in front of its command.", "'hnv get … --controller'")]
    [InlineData("-o json get ports", "hnv get: '-o' stands in front of its command.", "'hnv get … -o'")]
    [InlineData("--controller unix:/x --tenat blue get ports", "hnv get: '--controller' stands in front of its command.", "Did you mean '--tenant'?")]
    [InlineData("--tenant=blue describe port p1", "hnv describe: '--tenant' stands in front of its command.", "'hnv describe … --tenant'")]
    public async Task Run_OptionInFrontOfItsCommand_ExitsTwoAndSaysWhereItBelongs(string line, string what, string remedy)
    {
        CliRun run = await CliRun.RunAsync(line);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(what, run.Error, StringComparison.Ordinal);
        Assert.Contains(remedy, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("version --tenant blue", "--tenant")]
    [InlineData("completion bash --controller http://127.0.0.1:1", "--controller")]
    [InlineData("controller --ca ca.crt", "--ca")]
    [InlineData("agent --tenant blue", "--tenant")]
    [InlineData("agent --key k", "--key")]
    [InlineData("agent join --token t --cert c", "--cert")]
    [InlineData("lab status --tenant blue", "--tenant")]
    [InlineData("lab ping --controller http://127.0.0.1:1", "--controller")]
    [InlineData("bench --list --cert c", "--cert")]
    [InlineData("drops --tenant blue", "--tenant")]
    [InlineData("host records h1 --tenant blue", "--tenant")]
    public async Task Run_OptionThatDoesNotActHere_ExitsTwoAndIsNotHelped(string line, string option)
    {
        CliRun run = await CliRun.RunAsync(line);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"There is no option '{option}'", run.Error, StringComparison.Ordinal);
        CliRun help = await CliRun.RunAsync([.. line.Split(' ').TakeWhile(w => w[0] != '-'), "--help"]);
        Assert.Equal(0, help.ExitCode);
        Assert.DoesNotContain($"  {option} ", help.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("get", true)]
    [InlineData("apply", true)]
    [InlineData("next-hop", true)]
    [InlineData("stats", true)]
    [InlineData("drops", false)]
    [InlineData("host records", false)]
    public async Task Help_CommandThatAsksTheController_ShowsHowItIsReached(string command, bool scoped)
    {
        CliRun help = await CliRun.RunAsync($"{command} --help");
        Assert.All(["--controller", "--ca", "--cert", "--key"], option => Assert.Contains(option, help.Output, StringComparison.Ordinal));
        Assert.Equal(scoped, help.Output.Contains("--tenant", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Agent_SeveralOptionsWrong_SaysAllAtOnce()
    {
        CliRun run = await CliRun.RunAsync("agent --host a/b --controller nowhere --uplink much-too-long-for-an-interface");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--host", run.Error, StringComparison.Ordinal);
        Assert.Contains("--controller", run.Error, StringComparison.Ordinal);
        Assert.Contains("--uplink", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_SeveralErrorsInAFile_SaysAllWithFileAndLine()
    {
        const string Manifest = """
            kind: Host
            name: host1
            providerAddresses: [192.168.4.300]
            ---
            kind: Port
            name: blue1
            vmNetwork: blue
            vsid: 5001
            mca: 06:06:00:00:00:05
            """;
        CliRun run = await CliRun.RunAsync("apply -f -", input: Manifest);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("(standard input):3: Host host1", run.Error, StringComparison.Ordinal);
        Assert.Contains("192.168.4.300", run.Error, StringComparison.Ordinal);
        Assert.Contains("(standard input):9: Port default/blue1", run.Error, StringComparison.Ordinal);
        Assert.Contains("'mac'", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_LabDocuments_SaysThatTheyAreForTheLab()
    {
        CliRun run = await CliRun.RunAsync("apply -f -", input: "kind: LabHost\nname: host1\nuplinks: []\n");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("hnv lab up", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_Prints()
    {
        CliRun run = await CliRun.RunAsync("version");
        Assert.Equal(0, run.ExitCode);
        Assert.Matches(@"^hnv \d+\.\d+\.\d+", run.Output);
    }
}

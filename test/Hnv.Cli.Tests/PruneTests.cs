namespace Hnv.Cli.Tests;

public sealed class PruneTests(CloudFixture cloud) : IClassFixture<CloudFixture>
{
    private const string Two = "kind: VmNetwork\nname: n1\nsubnets: [{vsid: 9001, prefixes: [10.9.1.0/24]}]\n---\nkind: VmNetwork\nname: n2\nsubnets: [{vsid: 9002, prefixes: [10.9.2.0/24]}]\n";

    private static readonly string s_one = Two.Split("---\n")[0];

    [Fact]
    public async Task Apply_Prune_SaysWhatGoesAndThenTakesItAway_OfOneTenantAlone()
    {
        foreach (string tenant in new[] { "t1", "t2" })
        {
            string vsids = tenant == "t1" ? Two : Two.Replace("900", "910", StringComparison.Ordinal);
            Assert.Equal(0, (await cloud.RunAsync($"apply -f - --set web --tenant {tenant}", vsids)).ExitCode);
        }

        CliRun dry = await cloud.RunAsync("apply -f - --set web --prune --tenant t1 --dry-run", s_one);
        Assert.Equal((0, "unchanged VmNetwork t1/n1\ndeleted   VmNetwork t1/n2\n"), (dry.ExitCode, dry.Output));
        Assert.Equal("1 unchanged, 1 to be deleted (dry run)\n", dry.Error);
        Assert.Equal(4, Names(await cloud.RunAsync("get vmn -o name")).Count(static n => n[0] == 't'));

        CliRun run = await cloud.RunAsync("apply -f - --set web --prune --tenant t1", s_one);
        Assert.Equal((0, dry.Output), (run.ExitCode, run.Output));
        Assert.StartsWith("No longer in set web: VmNetwork t1/n2\n", run.Error, StringComparison.Ordinal);
        Assert.Equal(["t1/n1", "t2/n1", "t2/n2"], Names(await cloud.RunAsync("get vmn -o name")).Where(static n => n[0] == 't'));
    }

    [Theory]
    [InlineData("apply -f - --prune", "--prune needs --set NAME.")]
    [InlineData("apply -f - --prune --set no/name", "is not a name of a set")]
    [InlineData("diff -f - --prune", "--prune needs --set NAME.")]
    public async Task Apply_PruneUsedWrongly_ExitsTwoAndChangesNothing(string line, string problem)
    {
        CliRun run = await cloud.RunAsync(line, "kind: Host\nname: never\n");
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
        Assert.Equal(1, (await cloud.RunAsync("get host never")).ExitCode);
    }

    private static string[] Names(CliRun run) => run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

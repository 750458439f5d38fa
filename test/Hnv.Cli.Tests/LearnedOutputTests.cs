using System.Text.Json;
using System.Text.RegularExpressions;
using Hnv.Api.Client;
using Hnv.Api.Rest;
using static Hnv.Cli.Tests.LearnedCloud;

namespace Hnv.Cli.Tests;

/// <summary>What the commands show of learned addresses, and of what happened to them.</summary>
public sealed partial class LearnedOutputTests
{
    [Theory]
    [InlineData("get events", "learned.events.txt")]
    [InlineData("get events --tenant green-corp -o json", "learned.events.json")]
    [InlineData("get events 10.0.0.80 -o wide", "learned.events.one.txt")]
    [InlineData("get records", "learned.records.txt")]
    [InlineData("next-hop --vsid 7001 --to 10.0.0.80", "learned.nexthop.txt")]
    [InlineData("next-hop --from web --to 10.0.0.80", "learned.nexthop.port.txt")]
    [InlineData("next-hop --from web --to 10.0.0.80 -o json", "learned.nexthop.json")]
    [InlineData("forget address 7001 10.0.0.71", "learned.forget.txt")]
    [InlineData("forget port web", "learned.forget.port.txt")]
    [InlineData("forget subnet 7001 -o json", "learned.forget.json")]
    public async Task Show_WhatWasLearned_LooksAsItAlwaysDid(string line, string golden)
    {
        await using LearnedCloud cloud = await CloudAsync();

        CliRun run = await cloud.RunAsync(line);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Golden.Check(golden, Stable(run.Output));
    }

    [Theory]
    [InlineData("forget address 7001 10.0.0.300", 2, "'10.0.0.300' is not an address")]
    [InlineData("forget address 7001 10.0.0.99", 1, "There is no learned address 10.0.0.99")]
    [InlineData("forget address 7001 10.9.0.1", 2, "not in virtual subnet 7001")]
    [InlineData("forget subnet 7002", 1, "There is no VirtualSubnet '7002'")]
    [InlineData("forget port nobody", 1, "There is no Port 'nobody'")]
    public async Task Forget_WhatIsNot_SaysWhy(string line, int exitCode, string error)
    {
        await using LearnedCloud cloud = await CloudAsync();

        CliRun run = await cloud.RunAsync(line);

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("get events --watch", "learned.events.watch.txt")]
    [InlineData("get events --watch -o json", "learned.events.watch.json")]
    public async Task Watch_OfEvents_ShowsALineEachAndEndsCleanlyWhenItIsStopped(string line, string golden)
    {
        await using LearnedCloud cloud = await CloudAsync();
        using var watch = new WatchRun(cloud.Address, line);
        await watch.UntilAsync(static o => o.Contains("10.0.0.80", StringComparison.Ordinal), "what happened before is shown");

        await cloud.LearnAsync(1, ["10.0.0.70", "10.0.0.71"], Event(RecordEventKind.Throttled, 1, "10.0.0.72", 30, "at its limit"));
        await watch.UntilAsync(static o => o.Contains("10.0.0.72", StringComparison.Ordinal), "what happens is shown");

        Assert.Equal((0, ""), await watch.StopAsync());
        Golden.Check(golden, Stable(watch.Output));
    }

    [Fact]
    public async Task Watch_OfEvents_GoesOnWhenTheControllerIsBackAndShowsNothingTwice()
    {
        await using LearnedCloud cloud = await CloudAsync();
        using var watch = new WatchRun(cloud.Address, "get events --watch -o json");
        await watch.UntilAsync(static o => o.Contains("10.0.0.80", StringComparison.Ordinal), "what happened before is shown");

        await cloud.StopAsync();
        await watch.UntilErrorAsync(static e => e.Contains("Going on when it is back.", StringComparison.Ordinal), "the loss is told");
        await cloud.RestartAsync();
        await cloud.LearnAsync(1, [], Event(RecordEventKind.Throttled, 1, "10.0.0.72", 30), Event(RecordEventKind.Throttled, 1, "10.0.0.73", 31));
        await watch.UntilAsync(static o => o.Contains("10.0.0.73", StringComparison.Ordinal), "what happens then is shown");

        (int exitCode, string error) = await watch.StopAsync();
        JsonElement[] events = [.. watch.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static l => JsonElement.Parse(l))];
        Assert.Equal((0, 1), (exitCode, error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
        Assert.Equal(["10.0.0.72", "10.0.0.73"], events.Select(static e => e.GetProperty("customerAddress").GetString()!).TakeLast(2));
        long[] numbers = [.. events.Select(static e => e.GetProperty("number").GetInt64())];
        Assert.Equal(numbers.Distinct().Order(), numbers);
    }

    /// <summary>Two addresses of one VM and one of another, and what led there.</summary>
    private static async Task<LearnedCloud> CloudAsync()
    {
        LearnedCloud cloud = await StartAsync();
        await cloud.LearnAsync(1, ["10.0.0.70", "10.0.0.71"], Event(RecordEventKind.Added, 1, "10.0.0.70", 5), Event(RecordEventKind.PreMovement, 1, "10.0.0.71", 6, "claimed at 192.168.4.22"));
        await cloud.LearnAsync(2, ["10.0.0.80"], Event(RecordEventKind.NearThreshold, 2, "10.0.0.80", 7));
        return cloud;
    }

    /// <summary>Times of now, in zones of here, and numbers, which follow from them.</summary>
    private static string Stable(string output) => Numbers().Replace(Times().Replace(Clocks().Replace(output, "hh:mm:ss.fff"), "\"time\": \"(time)\""), "\"number\": (number)");

    [GeneratedRegex(@"\d\d:\d\d:\d\d\.\d\d\d", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Clocks();

    [GeneratedRegex("\"time\": ?\"[^\"]*\"", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Times();

    [GeneratedRegex("\"number\": ?\\d+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Numbers();
}

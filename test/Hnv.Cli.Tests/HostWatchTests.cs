namespace Hnv.Cli.Tests;

/// <summary>What <c>--watch</c> shows of a host's kernel: what is there, then what changes.</summary>
public sealed class HostWatchTests(CloudFixture cloud) : IClassFixture<CloudFixture>
{
    [Theory]
    [InlineData("host records host1 --watch", "10.0.0.1", "10.0.0.2")]
    [InlineData("host routes host1 --watch", "10.1.0.0/16", "10.2.0.0/16")]
    [InlineData("host ports host1 --watch", "blue-corp/vm1", "blue-corp/vm2")]
    [InlineData("host status host1 --watch", "1 of 10", "2 of 10")]
    [InlineData("host host1 --watch", "1 of 10", "2 of 10")]
    [InlineData("stats blue-corp/vm1 --watch", "1111", "2222")]
    [InlineData("drops host1 --watch", "SourceGuard", "SourceGuard")]
    [InlineData("drops --watch -o json", "\"verdict\":\"SourceGuard\"", "\"packets\":7")]
    public async Task Watch_OfAHost_ShowsWhatIsThereAndWhatChanges_AndEndsWithZero(string line, string before, string later)
    {
        await using AnsweringHost host = await AnsweringHost.ConnectAsync(cloud.Address);
        using var watch = new WatchRun(cloud.Address, line);
        await watch.UntilAsync(o => o.Contains(before, StringComparison.Ordinal), "what is there is shown");
        string shown = watch.Output;

        host.Change();
        await watch.UntilAsync(o => o[shown.Length..].Contains(later, StringComparison.Ordinal), "the change is shown");
        (int exitCode, string error) = await watch.StopAsync();
        Assert.Equal(0, exitCode);
        Assert.DoesNotContain("error", error, StringComparison.Ordinal);
    }

    /// <summary>What it counted before is not added: it is not known since when.</summary>
    [Fact]
    public async Task DropsWatch_HostThatAnswersLater_CountsFromItsFirstAnswer()
    {
        using var watch = new WatchRun(cloud.Address, "drops --watch -o json");
        await watch.UntilErrorAsync(static e => e.Contains("host2: ", StringComparison.Ordinal), "the first round is over");
        await using AnsweringHost host = await AnsweringHost.ConnectAsync(cloud.Address);
        await watch.UntilAsync(_ => host.Asked > 1, "the first answer was looked at");
        Assert.Empty(watch.Output);

        host.Change();
        await watch.UntilAsync(static o => o.Contains("\"packets\":7,", StringComparison.Ordinal), "what was added is shown");
    }

    [Theory]
    [InlineData("host records host1 --watch", "10.0.0.1")]
    [InlineData("stats blue-corp/vm1 --watch", "1111")]
    [InlineData("drops host1 --watch", "SourceGuard")]
    public async Task Watch_OfAHostWhoseReaderIsGone_EndsWithZero(string line, string before)
    {
        await using AnsweringHost host = await AnsweringHost.ConnectAsync(cloud.Address);
        using var watch = new WatchRun(cloud.Address, line);
        await watch.UntilAsync(o => o.Contains(before, StringComparison.Ordinal), "what is there is shown");
        watch.CloseOutput();
        Assert.Equal(0, await watch.EndAsync());
    }
}

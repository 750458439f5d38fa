using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Reports;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Controller.Hosts;
using Microsoft.Extensions.DependencyInjection;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests;

/// <summary>What a port had counted goes with it.</summary>
public sealed class CounterTransferTests
{
    [Fact]
    public async Task What_a_port_counted_on_the_host_that_it_left_is_handed_to_its_host_until_that_keeps_it()
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();
        await using StreamReplica one = new(c.Client, "host1"), two = new(c.Client, "host2");
        await one.UntilAsync(1);
        await two.UntilAsync(1);
        await MoveAsync(c, 1, "host2");

        await ReportAsync(one, 1, Counters("x", "blue-corp/p1", 7));

        QueryMessage first = await AskedAsync(two, 1);
        PortCounters handed = Handed(first);
        Assert.Equal(("blue-corp/p1", 7UL, "Encapsulated"), (handed.Port, handed.FromVmPackets, Assert.Single(handed.Verdicts).Verdict));
        await two.Link.AnswerProblemAsync(first.Id, new HnvProblem { Status = 404, Title = "not yet" }, Cancelled);
        await AskedAgainAsync(two, 2);
        Assert.Equal(handed.Id, Handed(await AskedAsync(two, 2)).Id); // So that it counts once.
        await two.Link.AnswerAsync((await AskedAsync(two, 2)).Id, "x", Cancelled);
        await UntilAsync(() => Task.FromResult(WaitingOf(c) == 0), "it was kept");

        // The answer to the report was lost: told again, it is not handed on again.
        await ReportAsync(one, 2, Counters("x", "blue-corp/p1", 7));
        await ReportAsync(two, 100);
        Assert.Equal((2, 0), (Asked(two).Length, WaitingOf(c)));
    }

    [Fact]
    public async Task A_host_tells_only_of_ports_that_left_it_and_a_port_that_moves_on_is_followed()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync([.. Lab, Host(3)]);
        await using StreamReplica one = new(c.Client, "host1"), two = new(c.Client, "host2"), three = new(c.Client, "host3");
        await MoveAsync(c, 1, "host2");
        await MoveAsync(c, 1, "host3");
        await one.UntilAsync(1);
        await two.UntilAsync(1);
        await three.UntilAsync(1);

        await ReportAsync(three, 1, Counters("liar", "blue-corp/p1", 99), Counters("liar2", "blue-corp/p2", 99), Counters("liar3", "nobody", 99), Counters("", "blue-corp/p1", 1));
        await ReportAsync(one, 1, Counters("x", "blue-corp/p1", 7));
        await three.Link.AnswerAsync((await AskedAsync(three, 1)).Id, "x", Cancelled);
        await ReportAsync(two, 1, Counters("y", "blue-corp/p1", 8));
        await AskedAsync(three, 2);

        Assert.Equal([7UL, 8UL], Asked(three).Select(static q => Handed(q).FromVmPackets));
        Assert.Empty(Asked(one).Concat(Asked(two)));
        await c.Client.DeleteAsync(PortId(1), cancellationToken: Cancelled);
        await UntilAsync(() => Task.FromResult(WaitingOf(c) == 0), "with the port its counters are forgotten");
    }

    [Fact]
    public async Task Hosts_that_give_their_counters_the_same_identifier_are_all_heard()
    {
        await using TestController c = await StartAsync();
        await c.ApplyAsync([.. Lab, Host(3)]);
        await using StreamReplica one = new(c.Client, "host1"), two = new(c.Client, "host2"), three = new(c.Client, "host3");
        await MoveAsync(c, 1, "host2");
        await MoveAsync(c, 1, "host3");
        await MoveAsync(c, 2, "host3");
        await one.UntilAsync(1);
        await two.UntilAsync(1);

        await ReportAsync(one, 1, Counters("x", "blue-corp/p1", 7));
        await ReportAsync(two, 1, Counters("x", "blue-corp/p1", 8), Counters("x", "blue-corp/p2", 9));

        Assert.Equal(3, WaitingOf(c));
        await three.UntilAsync(1);
        await ReportAsync(three, 1);
        await AskedAsync(three, 3);
        PortCounters[] handed = [.. Asked(three).Select(Handed)];
        Assert.Equal([7UL, 8UL, 9UL], handed.Select(static h => h.FromVmPackets).Order());
        Assert.Equal(3, handed.DistinctBy(static h => h.Id).Count());
    }

    [Fact]
    public async Task A_reading_told_again_does_not_pass_for_that_of_the_next_leave()
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();
        await using StreamReplica one = new(c.Client, "host1"), two = new(c.Client, "host2");
        await one.UntilAsync(1);
        await two.UntilAsync(1);
        await MoveAsync(c, 1, "host2");
        await ReportAsync(one, 1, Counters("x", "blue-corp/p1", 7));
        await MoveAsync(c, 1, "host1");
        await ReportAsync(two, 1, Counters("x", "blue-corp/p1", 8)); // Another host's may be called so, too.
        await MoveAsync(c, 1, "host2");
        Assert.Equal(2, WaitingOf(c));

        await ReportAsync(one, 2, Counters("x", "blue-corp/p1", 7)); // Its answer was lost.
        Assert.Equal(2, WaitingOf(c));
        await ReportAsync(one, 3, Counters("x", "blue-corp/p1", 7), Counters("y", "blue-corp/p1", 9));
        Assert.Equal(3, WaitingOf(c));
    }

    [Fact]
    public async Task An_agent_that_does_not_know_of_that_is_not_asked_again()
    {
        await using TestController c = await StartAsync();
        await c.ApplyLabAsync();
        await using StreamReplica one = new(c.Client, "host1"), two = new(c.Client, "host2");
        await two.UntilAsync(1);
        await MoveAsync(c, 1, "host2");
        await ReportAsync(one, 1, Counters("x", "blue-corp/p1", 7));

        await two.Link.AnswerProblemAsync((await AskedAsync(two, 1)).Id, new HnvProblem { Status = 501, Title = "what?" }, Cancelled);

        await UntilAsync(() => Task.FromResult(WaitingOf(c) == 0), "it is given up");
    }

    private static async Task MoveAsync(TestController c, int port, string host)
    {
        await c.Client.MigratePortAsync(PortId(port), host, cancellationToken: Cancelled);
        await c.Client.ActivatePortAsync(PortId(port), Cancelled);
    }

    private static PortCounters Counters(string id, string port, ulong packets) => new(id, port, packets, packets * 100, 1, 100, [new VerdictTotal("Encapsulated", packets, packets * 100)]);

    private static Task ReportAsync(StreamReplica host, long sequence, params PortCounters[] left) =>
        host.Link.ReportAsync(new HostReport(PolicyProtocol.Version, "1.0", 1, sequence, 1, [], []) { Left = [.. left] }, Cancelled);

    private static PortCounters Handed(QueryMessage question) => JsonSerializer.Deserialize<PortCounters>(question.Arguments![HostQueries.CarriedCounters], HnvJson.Options)!;

    private static QueryMessage[] Asked(StreamReplica host) => [.. host.Messages.OfType<QueryMessage>().Where(static q => q.Query == HostQueries.Carry)];

    private static async Task<QueryMessage> AskedAsync(StreamReplica host, int times)
    {
        await UntilAsync(() => Task.FromResult(Asked(host).Length >= times), $"the host is asked {times} times");
        return Asked(host)[times - 1];
    }

    /// <summary>Its next report is the time for the next try, when the controller has heard that it did not keep it.</summary>
    private static async Task AskedAgainAsync(StreamReplica host, int times)
    {
        int sequence = 1;
        await UntilAsync(
            async () =>
            {
                await ReportAsync(host, sequence++);
                return Asked(host).Length >= times;
            },
            $"the host is asked {times} times");
    }

    private static int WaitingOf(TestController c) => c.Running.Services.GetRequiredService<CounterTransfer>().Waiting;
}

using Hnv.StateLog.Tests.Support;
using static Hnv.StateLog.Tests.Support.LogExtensions;

namespace Hnv.StateLog.Tests.Conformance;

public sealed class MemoryWatches : WatchConformance<MemoryEngine>;

public sealed class SqliteWatches : WatchConformance<SqliteEngine>;

/// <summary>What a watch delivers, in every engine. The engines under test keep four revisions in memory and read three events at once.</summary>
public abstract class WatchConformance<TEngine> : EngineTest<TEngine>
    where TEngine : ILogEngine, new()
{
    [Fact]
    public async Task A_watch_replays_history_then_goes_on_live()
    {
        await Log.PutAsync("a", "1");
        await Log.CommitAsync(Put("b", "1"), Put("a", "2"));
        await using var watch = new Watcher(Log, "", 1);
        Assert.Equal("1: a=1()", (await watch.NextAsync()).Describe());
        Assert.Equal("2: a=2(1) b=1()", (await watch.NextAsync()).Describe());
        Task<LogBatch> next = watch.NextAsync();
        Assert.False(next.IsCompleted);
        await Log.DeleteAsync("a");
        Assert.Equal("3: a=-(2)", (await next).Describe());
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(40, 40)]
    public async Task A_watch_begins_at_the_revision_asked_for(long from, long first)
    {
        for (int i = 1; i <= 40; i++)
        {
            await Log.PutAsync("a", $"{i}");
        }

        string[] seen = await Log.WatchToEndAsync("", from);
        Assert.Equal(40 - first + 1, seen.Length);
        Assert.StartsWith($"{first}: a={first}(", seen[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_of_one_revision_come_in_one_batch_even_when_a_page_is_smaller()
    {
        await Log.CommitAsync(Put("e", ""), Put("d", ""), Put("c", ""), Put("b", ""), Put("a", ""));
        for (int i = 0; i < 5; i++)
        {
            await Log.PutAsync("z", $"{i}");
        }

        Assert.Equal("1: a=() b=() c=() d=() e=()", (await Log.WatchToEndAsync("", 1))[0]);
    }

    [Fact]
    public async Task A_watch_sees_its_prefix_only_and_marks_tell_how_far_it_is()
    {
        await using var watch = new Watcher(Log, "a/", 1);
        Assert.Equal("0:", (await watch.NextAsync()).Describe());
        await Log.PutAsync("b", "1");
        Assert.Equal("1:", (await watch.NextAsync()).Describe());
        await Log.CommitAsync(Put("a/1", "x"), Put("a", "no"), Put("a0", "no"));
        Assert.Equal("2: a/1=x()", (await watch.NextAsync()).Describe());
        await Log.PutAsync("c", "1");
        Assert.Equal("3:", (await watch.NextAsync()).Describe());
    }

    [Fact]
    public async Task A_watch_whose_prefix_nobody_writes_is_marked_at_the_newest_revision()
    {
        for (int i = 0; i < 30; i++)
        {
            await Log.PutAsync("b", $"{i}");
        }

        await using var watch = new Watcher(Log, "a", 1);
        Assert.Equal("30:", (await watch.NextAsync()).Describe());
    }

    [Fact]
    public async Task A_watch_from_the_next_revision_says_that_it_has_caught_up()
    {
        await Log.PutAsync("a", "1");
        await using var watch = new Watcher(Log, "", 2);
        Assert.Equal("1:", (await watch.NextAsync()).Describe());
    }

    [Fact]
    public async Task A_watch_from_the_future_waits_for_it_and_says_nothing_before()
    {
        await using var watch = new Watcher(Log, "", 3);
        Task<LogBatch> next = watch.NextAsync();
        await Log.PutAsync("a", "1");
        Assert.False(next.IsCompleted);
        await Log.PutAsync("a", "2");
        Assert.Equal("2:", (await next).Describe());
        await Log.PutAsync("a", "3");
        Assert.Equal("3: a=3(2)", (await watch.NextAsync()).Describe());
    }

    [Fact]
    public async Task A_transaction_that_wrote_nothing_is_not_seen()
    {
        await Log.PutAsync("a", "1");
        await Log.DeleteAsync("absent");
        await Log.TransactAsync(new([new("a", 9)], [Put("a", "no")]));
        await Log.PutAsync("a", "2");
        Assert.Equal(["1: a=1()", "2: a=2(1)"], await Log.WatchToEndAsync("", 1));
    }

    [Fact]
    public async Task A_deletion_among_writes_shows_only_what_changed()
    {
        await Log.CommitAsync(Put("a", "1"), Put("b", "1"));
        await Log.CommitAsync(Delete("a"), Delete("absent"), Put("c", "1"));
        await Log.PutAsync("a", "2");
        Assert.Equal(["1: a=1() b=1()", "2: a=-(1) c=1()", "3: a=2()"], await Log.WatchToEndAsync("", 1));
    }

    [Fact]
    public async Task Nobody_waits_for_a_watcher_that_does_not_read_and_it_misses_nothing()
    {
        await using var slow = new Watcher(Log, "", 1);
        await using var quick = new Watcher(Log, "", 1);
        await slow.NextAsync();
        string[] expected = [.. Enumerable.Range(1, 300).Select(i => $"{i}: a={i}({(i == 1 ? null : i - 1)})")];
        for (int i = 1; i <= 300; i++)
        {
            await Log.PutAsync("a", $"{i}");
            Assert.Equal(expected[i - 1], await quick.NextEventsAsync());
        }

        Assert.Equal(expected, await slow.UpToAsync(300));
    }

    [Fact]
    public async Task A_busy_neighbour_does_not_starve_a_watch_of_its_progress()
    {
        using var stop = new CancellationTokenSource();
        var neighbour = Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                await Log.PutAsync("busy", $"{i}");
            }
        });
        await using (var watch = new Watcher(Log, "quiet", 1))
        {
            for (int i = 0; i < 20; i++)
            {
                long written = await Log.PutAsync("quiet", $"{i}");
                await watch.UpToAsync(written);
            }

            // And with nothing for it at all it still gets on.
            await watch.UpToAsync(await Log.GetRevisionAsync() + 20);
        }

        await stop.CancelAsync();
        await neighbour;
    }

    [Fact]
    public async Task Cancelling_ends_a_watch_at_once_and_only_that()
    {
        using var cancel = new CancellationTokenSource();
        await using var other = new Watcher(Log, "", 1);
        await using IAsyncEnumerator<LogBatch> watch = Log.WatchAsync("", 1, cancel.Token).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        ValueTask<bool> waiting = watch.MoveNextAsync();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
        await Log.PutAsync("a", "1");
        Assert.Equal("1: a=1()", await other.NextEventsAsync());
    }

    [Fact]
    public async Task Disposing_the_log_ends_a_waiting_watch()
    {
        await using var watch = new Watcher(Log, "", 1);
        await watch.NextAsync();
        Task<LogBatch> waiting = watch.NextAsync();
        await Log.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
    }

    [Fact]
    public async Task A_watch_may_be_left_in_the_middle()
    {
        await Log.PutAsync("a", "1");
        await Log.PutAsync("a", "2");
        await foreach (LogBatch batch in Log.WatchAsync("", 1))
        {
            Assert.Equal(1, batch.Revision);
            break;
        }

        Assert.Equal(3, await Log.PutAsync("a", "3"));
    }

    [Fact]
    public void Arguments_without_sense_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Log.WatchAsync("", -1));
        Assert.Throws<ArgumentException>(() => Log.WatchAsync("\udc00", 1));
    }
}

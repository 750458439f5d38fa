using Hnv.StateLog.Tests.Support;
using static Hnv.StateLog.Tests.Support.LogExtensions;

namespace Hnv.StateLog.Tests.Conformance;

public sealed class MemoryCompactions : CompactionConformance<MemoryEngine>;

public sealed class SqliteCompactions : CompactionConformance<SqliteEngine>;

/// <summary>What a compaction takes and what it leaves, in every engine.</summary>
public abstract class CompactionConformance<TEngine> : EngineTest<TEngine>
    where TEngine : ILogEngine, new()
{
    /// <summary>1 a=1 · 2 a=2 b=1 · 3 a deleted · 4 a=3 · 5 b=2 · 6 b deleted.</summary>
    private async Task WriteSixAsync()
    {
        await Log.PutAsync("a", "1");
        await Log.CommitAsync(Put("a", "2"), Put("b", "1"));
        await Log.DeleteAsync("a");
        await Log.PutAsync("a", "3");
        await Log.PutAsync("b", "2");
        await Log.DeleteAsync("b");
    }

    private static readonly string[][] States =
        [[], ["a=1 1/1"], ["a=2 1/2", "b=1 2/2"], ["b=1 2/2"], ["a=3 4/4", "b=1 2/2"], ["a=3 4/4", "b=2 2/5"], ["a=3 4/4"]];

    private static readonly string[] Events =
        ["1: a=1()", "2: a=2(1) b=1()", "3: a=-(2)", "4: a=3()", "5: b=2(1)", "6: b=-(2)"];

    public static TheoryData<int> Revisions => [0, 1, 2, 3, 4, 5, 6];

    [Theory]
    [MemberData(nameof(Revisions))]
    public async Task The_compacted_revision_and_later_ones_stay_as_they_were(int compacted)
    {
        await WriteSixAsync();
        await Log.CompactAsync(compacted);
        Assert.Equal(6, await Log.GetRevisionAsync());
        for (int at = compacted; at <= 6; at++)
        {
            Assert.Equal(States[at], await Log.ListAsync(at: at));
        }
    }

    [Theory]
    [MemberData(nameof(Revisions))]
    public async Task Revisions_before_the_compacted_one_cannot_be_read(int compacted)
    {
        await WriteSixAsync();
        await Log.CompactAsync(compacted);
        for (int at = 0; at < compacted; at++)
        {
            var e = await Assert.ThrowsAsync<CompactedException>(() => Log.ListAsync(at: at));
            Assert.Equal(compacted, e.CompactedRevision);
        }
    }

    /// <summary>Deletions just behind the compacted revision are events like others, with what they deleted.</summary>
    [Theory]
    [MemberData(nameof(Revisions))]
    public async Task Events_behind_the_compacted_revision_are_complete_deletions_too(int compacted)
    {
        await WriteSixAsync();
        await Log.CompactAsync(compacted);
        for (int from = compacted + 1; from <= 7; from++)
        {
            Assert.Equal(Events[(from - 1)..], await Log.WatchToEndAsync("", from));
        }

        await ReopenAsync();
        for (int from = compacted + 1; from <= 7; from++)
        {
            Assert.Equal(Events[(from - 1)..], await Log.WatchToEndAsync("", from));
        }
    }

    /// <summary>Never a stream with a hole: a deletion at that revision may be gone, so the watcher must list again.</summary>
    [Theory]
    [MemberData(nameof(Revisions))]
    public async Task A_watch_from_the_compacted_revision_or_before_is_refused(int compacted)
    {
        await WriteSixAsync();
        await Log.CompactAsync(compacted);
        for (int from = 0; from <= compacted && compacted > 0; from++)
        {
            var e = await Assert.ThrowsAsync<CompactedException>(() => Log.WatchToEndAsync("", from));
            Assert.Equal(compacted, e.CompactedRevision);
        }
    }

    [Fact]
    public async Task A_list_and_a_watch_from_the_next_revision_leave_no_gap_when_compaction_comes_between()
    {
        await WriteSixAsync();
        RangeResult list = await Log.RangeAsync("");
        await Log.DeleteAsync("a");
        await Log.CompactAsync(list.Revision);
        Assert.Equal(["7: a=-(3)"], await Log.WatchToEndAsync("", list.Revision + 1));
    }

    [Fact]
    public async Task A_watch_that_waits_goes_on_over_a_compaction()
    {
        await WriteSixAsync();
        await using var watch = new Watcher(Log, "", 1);
        Assert.Equal(Events, await watch.UpToAsync(6));
        Task<string> next = watch.NextEventsAsync();
        await Log.CompactAsync(6);
        await Log.DeleteAsync("a");
        Assert.Equal("7: a=-(3)", await next);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(38)]
    [InlineData(40)]
    public async Task A_slow_watch_that_compaction_overtakes_is_told_and_skips_nothing(int compacted)
    {
        await using var watch = new Watcher(Log, "", 1);
        await watch.NextAsync();
        for (int i = 1; i <= 40; i++)
        {
            await Log.PutAsync("a", $"{i}");
        }

        string first = await watch.NextEventsAsync();
        Assert.Equal("1: a=1()", first);
        await Log.CompactAsync(compacted);

        // What it had read already it may still deliver, without a hole; then it must be told.
        int delivered = 1;
        var e = await Assert.ThrowsAsync<CompactedException>(async () =>
        {
            while (true)
            {
                Assert.StartsWith($"{++delivered}:", await watch.NextEventsAsync(), StringComparison.Ordinal);
            }
        });
        Assert.Equal(compacted, e.CompactedRevision);
        Assert.True(delivered <= compacted);
    }

    [Fact]
    public async Task Pages_at_a_revision_that_was_compacted_meanwhile_are_refused()
    {
        await Log.CommitAsync(Put("a", ""), Put("b", ""));
        RangeResult page = await Log.RangeAsync("", new(Limit: 1));
        await Log.PutAsync("a", "2");
        await Log.CompactAsync(2);
        await Assert.ThrowsAsync<CompactedException>(
            async () => await Log.RangeAsync("", new(AtRevision: page.Revision, Limit: 1, AfterKey: "a")));
    }

    [Fact]
    public async Task The_revision_stays_when_everything_is_compacted_and_is_not_used_again()
    {
        await WriteSixAsync();
        await Log.DeleteAsync("a");
        await Log.CompactAsync(7);
        Assert.Equal(7, await Log.GetRevisionAsync());
        Assert.Empty(await Log.ListAsync());
        Assert.Equal(8, await Log.PutAsync("a", "again"));
        Assert.Equal(["a=again 8/8"], await Log.ListAsync());
        Assert.Equal(["8: a=again()"], await Log.WatchToEndAsync("", 8));
    }

    [Fact]
    public async Task Compares_hold_for_what_compaction_left()
    {
        await WriteSixAsync();
        await Log.CompactAsync(6);
        TransactionResult result = await Log.TransactAsync(new([new("a", 4), new("b", 0)], [Put("b", "3")]));
        Assert.True(result.Succeeded);
        Assert.Equal(["a=3 4/4", "b=3 7/7"], await Log.ListAsync());
    }

    [Fact]
    public async Task Compacting_again_at_the_same_revision_changes_nothing_and_before_it_is_refused()
    {
        await WriteSixAsync();
        await Log.CompactAsync(4);
        await Log.CompactAsync(4);
        Assert.Equal(4, (await Assert.ThrowsAsync<CompactedException>(async () => await Log.CompactAsync(3))).CompactedRevision);
        Assert.Equal(States[6], await Log.ListAsync());
    }

    [Fact]
    public async Task Compacting_in_the_future_is_refused()
    {
        await WriteSixAsync();
        await Assert.ThrowsAsync<FutureRevisionException>(async () => await Log.CompactAsync(7));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Log.CompactAsync(-1));
        Assert.Equal(States[1], await Log.ListAsync(at: 1));
    }

    [Fact]
    public async Task An_empty_log_may_be_compacted_at_0()
    {
        await Log.CompactAsync(0);
        Assert.Equal(1, await Log.PutAsync("a", "1"));
        Assert.Equal(["1: a=1()"], await Log.WatchToEndAsync("", 0));
    }
}

using Hnv.StateLog.Tests.Support;
using static Hnv.StateLog.Tests.Support.LogExtensions;

namespace Hnv.StateLog.Tests.Conformance;

public sealed class MemoryRanges : RangeConformance<MemoryEngine>;

public sealed class SqliteRanges : RangeConformance<SqliteEngine>;

/// <summary>What a range reads, in every engine.</summary>
public abstract class RangeConformance<TEngine> : EngineTest<TEngine>
    where TEngine : ILogEngine, new()
{
    /// <summary>In order of UTF-8. UTF-16 would put U+10000 and U+1F600 (surrogates D800, D83D) before U+E000 and U+FFFD.</summary>
    private static readonly string[] Ordered =
        ["\0", "A", "a", "a\0", "a/", "aa", "b", "\u007f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd", "\U00010000", "\U0001f600", "\U0010ffff"];

    [Fact]
    public async Task Keys_come_in_the_order_of_their_UTF8_bytes()
    {
        foreach (string key in Ordered.OrderBy(k => k.GetHashCode(StringComparison.Ordinal)))
        {
            await Log.PutAsync(key, "");
        }

        Assert.Equal(Ordered, (await Log.RangeAsync("")).Entries.Select(e => e.Key));
    }

    [Fact]
    public async Task Pages_of_one_follow_each_other_through_all_keys()
    {
        await Log.CommitAsync([.. Ordered.Select(k => Put(k, ""))]);
        List<string> read = [];
        RangeResult page;
        do
        {
            page = await Log.RangeAsync("", new(Limit: 1, AfterKey: read.LastOrDefault()));
            read.Add(Assert.Single(page.Entries).Key);
        }
        while (page.More);
        Assert.Equal(Ordered, read);
    }

    [Theory]
    [InlineData("a", "a", "a\0", "a/", "aa")]
    [InlineData("a/", "a/")]
    [InlineData("\ud7ff", "\ud7ff")]
    [InlineData("\U0010ffff", "\U0010ffff")]
    [InlineData("c")]
    public async Task A_prefix_selects_the_keys_that_begin_with_it(string prefix, params string[] expected)
    {
        await Log.CommitAsync([.. Ordered.Select(k => Put(k, ""))]);
        Assert.Equal(expected, (await Log.RangeAsync(prefix)).Entries.Select(e => e.Key));
    }

    [Theory]
    [InlineData("a", "A", new[] { "a", "a\0", "a/", "aa" })]
    [InlineData("a", "a\0", new[] { "a/", "aa" })]
    [InlineData("a", "a.", new[] { "a/", "aa" })]
    [InlineData("a", "aa", new string[0])]
    [InlineData("a", "b", new string[0])]
    public async Task A_page_begins_behind_the_key_given_whether_that_exists_or_not(string prefix, string after, string[] expected)
    {
        await Log.CommitAsync([.. Ordered.Select(k => Put(k, ""))]);
        Assert.Equal(expected, (await Log.RangeAsync(prefix, new(AfterKey: after))).Entries.Select(e => e.Key));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(int.MaxValue, false)]
    public async Task More_says_whether_the_limit_cut_the_page(int limit, bool more)
    {
        await Log.CommitAsync(Put("a1", ""), Put("a2", ""), Put("a3", ""), Put("b", ""));
        await Log.PutAsync("a4", "");
        await Log.DeleteAsync("a4");
        RangeResult page = await Log.RangeAsync("a", new(Limit: limit));
        Assert.Equal(Math.Min(limit, 3), page.Entries.Length);
        Assert.Equal(more, page.More);
        Assert.Equal(3, page.Revision);
    }

    [Fact]
    public async Task Every_revision_can_be_read_as_it_was()
    {
        await Log.PutAsync("a", "1");
        await Log.CommitAsync(Put("a", "2"), Put("b", "1"));
        await Log.DeleteAsync("a");
        await Log.CommitAsync(Put("a", "3"), Delete("b"));
        Assert.Empty(await Log.ListAsync(at: 0));
        Assert.Equal(["a=1 1/1"], await Log.ListAsync(at: 1));
        Assert.Equal(["a=2 1/2", "b=1 2/2"], await Log.ListAsync(at: 2));
        Assert.Equal(["b=1 2/2"], await Log.ListAsync(at: 3));
        Assert.Equal(["a=3 4/4"], await Log.ListAsync(at: 4));
        Assert.Equal(2, (await Log.RangeAsync("", new(AtRevision: 2))).Revision);
    }

    [Fact]
    public async Task Pages_at_the_first_pages_revision_fit_together_whatever_is_written_meanwhile()
    {
        await Log.CommitAsync([.. Enumerable.Range(0, 10).Select(i => Put($"k{i}", "old"))]);
        RangeResult page = await Log.RangeAsync("k", new(Limit: 3));
        List<LogEntry> read = [.. page.Entries];
        while (page.More)
        {
            await Log.CommitAsync(Delete($"k{read.Count}"), Put($"k{read.Count}new", ""), Put("other", "new"));
            page = await Log.RangeAsync("k", new(AtRevision: page.Revision, Limit: 3, AfterKey: read[^1].Key));
            Assert.Equal(1, page.Revision);
            read.AddRange(page.Entries);
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"k{i}=old 1/1"), read.Select(e => e.Describe()));
    }

    [Fact]
    public async Task A_revision_in_the_future_is_refused()
    {
        await Log.PutAsync("a", "1");
        await Assert.ThrowsAsync<FutureRevisionException>(() => Log.ListAsync(at: 2));
    }

    [Fact]
    public async Task Arguments_without_sense_are_refused()
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Log.RangeAsync("", new(Limit: 0)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Log.RangeAsync("", new(AtRevision: -1)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Log.RangeAsync("\udc00"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Log.RangeAsync("", new(AfterKey: "\udc00")));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await Log.RangeAsync(null!));
    }

    [Fact]
    public async Task A_cancelled_range_reads_nothing() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Log.RangeAsync("", cancellationToken: new CancellationToken(canceled: true)));
}

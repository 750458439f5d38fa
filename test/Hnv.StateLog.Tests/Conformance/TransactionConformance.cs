using System.Collections.Immutable;
using Hnv.StateLog.Tests.Support;
using static Hnv.StateLog.Tests.Support.LogExtensions;

namespace Hnv.StateLog.Tests.Conformance;

public sealed class MemoryTransactions : TransactionConformance<MemoryEngine>;

public sealed class SqliteTransactions : TransactionConformance<SqliteEngine>;

/// <summary>What a transaction does, in every engine.</summary>
public abstract class TransactionConformance<TEngine> : EngineTest<TEngine>
    where TEngine : ILogEngine, new()
{
    [Fact]
    public async Task A_new_log_is_at_revision_0_and_empty()
    {
        Assert.Equal(0, await Log.GetRevisionAsync());
        Assert.Empty(await Log.ListAsync());
    }

    [Fact]
    public async Task Each_transaction_gets_the_next_revision()
    {
        Assert.Equal(1, await Log.PutAsync("a", "1"));
        Assert.Equal(2, await Log.CommitAsync(Put("a", "2"), Put("b", "1")));
        Assert.Equal(3, await Log.DeleteAsync("a"));
        Assert.Equal(3, await Log.GetRevisionAsync());
        Assert.Equal(["b=1 2/2"], await Log.ListAsync());
    }

    [Fact]
    public async Task A_key_keeps_its_create_revision_until_it_is_deleted()
    {
        await Log.PutAsync("a", "1");
        await Log.PutAsync("a", "2");
        Assert.Equal(["a=2 1/2"], await Log.ListAsync());
        await Log.DeleteAsync("a");
        await Log.PutAsync("a", "3");
        Assert.Equal(["a=3 4/4"], await Log.ListAsync());
    }

    [Fact]
    public async Task Deleting_what_is_absent_makes_no_revision()
    {
        await Log.PutAsync("a", "1");
        Assert.Equal(1, await Log.DeleteAsync("b"));
        Assert.Equal(2, await Log.DeleteAsync("a"));
        Assert.Equal(2, await Log.DeleteAsync("a"));
    }

    [Fact]
    public async Task A_transaction_without_operations_succeeds_with_the_current_revision()
    {
        await Log.PutAsync("a", "1");
        Assert.Equal(1, await Log.CommitAsync());
        Assert.True((await Log.TransactAsync(new(default, default))).Succeeded);
    }

    [Fact]
    public async Task Writing_the_same_value_again_is_a_new_revision()
    {
        await Log.PutAsync("a", "1");
        Assert.Equal(2, await Log.PutAsync("a", "1"));
        Assert.Equal(["a=1 1/2"], await Log.ListAsync());
    }

    [Fact]
    public async Task Compares_that_hold_let_the_write_through()
    {
        await Log.PutAsync("a", "1");
        TransactionResult result = await Log.TransactAsync(new([new("a", 1), new("b", 0)], [Put("b", "1"), Delete("a")]));
        Assert.True(result.Succeeded);
        Assert.Equal(2, result.Revision);
        Assert.Empty(result.Conflicts);
        Assert.Equal(["b=1 2/2"], await Log.ListAsync());
    }

    [Fact]
    public async Task Compares_that_fail_are_all_named_and_nothing_is_written()
    {
        await Log.PutAsync("a", "1");
        await Log.PutAsync("b", "1");
        await Log.DeleteAsync("b");
        TransactionResult result = await Log.TransactAsync(
            new([new("a", 0), new("b", 2), new("a", 1), new("c", 7), new("a", -1)], [Put("d", "1")]));
        Assert.False(result.Succeeded);
        Assert.Equal(3, result.Revision);
        Assert.Equal([new("a", 0, 1), new("b", 2, 0), new("c", 7, 0), new("a", -1, 1)], result.Conflicts);
        Assert.Equal(3, await Log.GetRevisionAsync());
        Assert.Equal(["a=1 1/1"], await Log.ListAsync());
    }

    [Fact]
    public async Task Of_many_writers_that_compare_the_same_revision_one_wins()
    {
        TransactionResult[] results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            Task.Run(async () => await Log.TransactAsync(new([new("lock", 0)], [Put("lock", $"{i}")])))));
        TransactionResult won = Assert.Single(results, r => r.Succeeded);
        Assert.All(results.Where(r => !r.Succeeded), r => Assert.Equal([new LogConflict("lock", 0, won.Revision)], r.Conflicts));
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("null")]
    [InlineData("lone surrogate")]
    public async Task A_key_that_is_empty_or_malformed_is_refused(string which)
    {
        string? key = which switch { "empty" => "", "null" => null, _ => "lone \ud800 surrogate" };
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Log.TransactAsync(new([], [Put("a", "1"), Put(key!, "1")])));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Log.TransactAsync(new([new(key!, 0)], [Put("a", "1")])));
        Assert.Equal(0, await Log.GetRevisionAsync());
    }

    [Fact]
    public async Task A_key_written_twice_in_one_transaction_is_refused()
    {
        var e = await Assert.ThrowsAsync<ArgumentException>(() => Log.CommitAsync(Put("same", "1"), Put("b", "1"), Delete("same")));
        Assert.Contains("'same'", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, await Log.GetRevisionAsync());
    }

    [Fact]
    public async Task A_transaction_may_have_the_limit_of_operations_and_not_one_more()
    {
        LogOperation[] operations = [.. Enumerable.Range(0, StateLogLimits.MaxOperations + 1).Select(i => Put($"k{i:d3}", "v"))];
        await Assert.ThrowsAsync<TransactionTooLargeException>(() => Log.CommitAsync(operations));
        await Assert.ThrowsAsync<TransactionTooLargeException>(
            async () => await Log.TransactAsync(new([.. operations.Select(o => new LogCompare(o.Key, 0))], [])));
        Assert.Equal(0, await Log.GetRevisionAsync());
        Assert.Equal(1, await Log.CommitAsync(operations[..^1]));
        Assert.Equal(100, (await Log.ListAsync()).Length);
    }

    [Fact]
    public async Task A_transaction_may_have_the_limit_of_bytes_and_not_one_more()
    {
        // Four bytes of keys: an "é" has two in UTF-8.
        var value = new byte[StateLogLimits.MaxBytes - 4];
        ImmutableArray<LogCompare> compares = [new("é", 0)];
        await Assert.ThrowsAsync<TransactionTooLargeException>(
            async () => await Log.TransactAsync(new(compares, [new("é", value), Put("b", "")])));
        Assert.True((await Log.TransactAsync(new(compares, [new("é", value)]))).Succeeded);
        Assert.Equal(value.Length, (await Log.RangeAsync("é")).Entries[0].Value.Length);
    }

    [Fact]
    public async Task Empty_values_and_any_bytes_come_back_as_they_were()
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        await Log.CommitAsync(new LogOperation("all", all), Put("empty", ""), Put("nul\0inside", "x"));
        RangeResult read = await Log.RangeAsync("");
        Assert.Equal(["all", "empty", "nul\0inside"], read.Entries.Select(e => e.Key));
        Assert.Equal(all, read.Entries[0].Value.ToArray());
        Assert.Equal(0, read.Entries[1].Value.Length);
        Assert.Equal(["1: empty=()"], await Log.WatchToEndAsync("empty", 1));
        Assert.Equal(2, await Log.DeleteAsync("empty"));
    }

    [Fact]
    public async Task The_callers_buffer_may_change_after_the_call()
    {
        byte[] buffer = "before"u8.ToArray();
        ValueTask<TransactionResult> pending = Log.TransactAsync(new([], [new("a", buffer)]));
        "after!"u8.CopyTo(buffer);
        await pending;
        Assert.Equal(["a=before 1/1"], await Log.ListAsync());
    }

    [Fact]
    public async Task A_cancelled_transaction_is_not_begun()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Log.TransactAsync(new([], [Put("a", "1")]), new CancellationToken(canceled: true)));
        Assert.Equal(0, await Log.GetRevisionAsync());
    }

    [Fact]
    public async Task After_disposal_every_call_says_so()
    {
        await Log.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Log.PutAsync("a", "1"));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Log.ListAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Log.GetRevisionAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Log.CompactAsync(0));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Log.WatchToEndAsync("", 1));
        await Log.DisposeAsync();
    }
}

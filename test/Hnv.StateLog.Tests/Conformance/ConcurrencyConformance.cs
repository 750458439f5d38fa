using System.Collections.Concurrent;
using Hnv.StateLog.Tests.Support;
using static Hnv.StateLog.Tests.Support.LogExtensions;

namespace Hnv.StateLog.Tests.Conformance;

public sealed class MemoryConcurrency : ConcurrencyConformance<MemoryEngine>;

public sealed class SqliteConcurrency : ConcurrencyConformance<SqliteEngine>;

/// <summary>Many at once, in every engine.</summary>
public abstract class ConcurrencyConformance<TEngine> : EngineTest<TEngine>
    where TEngine : ILogEngine, new()
{
    private const int Writers = 16;
    private const int WritesEach = 60;

    [Fact]
    public async Task Every_watcher_sees_every_revision_exactly_once_in_order_as_it_was_acknowledged()
    {
        var acknowledged = new ConcurrentDictionary<long, string>();
        Task<string[]>[] early = [.. Enumerable.Range(0, 4).Select(_ => WatchAllAsync())];
        Task[] writers = [.. Enumerable.Range(0, Writers).Select(w => Task.Run(() => WriteAsync(w)))];
        while (acknowledged.Count < Writers * WritesEach / 2)
        {
            await Task.Yield();
        }

        Task<string[]>[] late = [.. Enumerable.Range(0, 4).Select(_ => WatchAllAsync())];
        await Task.WhenAll(writers);
        string[] expected = [.. acknowledged.OrderBy(a => a.Key).Select(a => a.Value)];
        Assert.Equal(Enumerable.Range(1, Writers * WritesEach).Select(r => (long)r), acknowledged.Keys.Order());
        foreach (string[] seen in await Task.WhenAll([.. early, .. late]))
        {
            Assert.Equal(expected, seen);
        }

        async Task WriteAsync(int writer)
        {
            for (int i = 0; i < WritesEach; i++)
            {
                long revision = await Log.CommitAsync(Put($"w{writer}", $"{i}"), Put($"x{writer}/{i}", "x"));
                string previous = i == 0 ? "" : $"{i - 1}";
                Assert.True(acknowledged.TryAdd(revision, $"{revision}: w{writer}={i}({previous}) x{writer}/{i}=x()"), "A revision was given twice.");

                // What was acknowledged can be read by everyone.
                Assert.True(await Log.GetRevisionAsync() >= revision);
                LogEntry entry = Assert.Single((await Log.RangeAsync($"x{writer}/{i}", new(Limit: 1))).Entries);
                Assert.Equal(revision, entry.ModRevision);
            }
        }

        async Task<string[]> WatchAllAsync()
        {
            await using var watch = new Watcher(Log, "", 1);
            return await watch.UpToAsync(Writers * WritesEach);
        }
    }

    [Fact]
    public async Task Counters_that_are_compared_and_swapped_by_many_lose_no_increment()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (int done = 0; done < 25;)
            {
                LogEntry? entry = (await Log.RangeAsync("counter")).Entries.FirstOrDefault();
                int next = int.Parse(Text(entry?.Value) ?? "0") + 1;
                TransactionResult result = await Log.TransactAsync(
                    new([new("counter", entry?.ModRevision ?? 0)], [Put("counter", $"{next}")]));
                done += result.Succeeded ? 1 : 0;
            }
        })));
        Assert.Equal(["counter=200 1/200"], await Log.ListAsync());
    }

    [Fact]
    public async Task A_client_that_lists_and_watches_ends_equal_to_the_log_while_compactions_go_on()
    {
        using var done = new CancellationTokenSource();
        Task<SortedDictionary<string, string>>[] followers = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(FollowAsync))];
        var compactor = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                await Log.CompactAsync(await Log.GetRevisionAsync());
            }
        });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(w => Task.Run(async () =>
        {
            for (int i = 0; i < 100; i++)
            {
                await Log.CommitAsync(i % 3 == 2 ? Delete($"{w}/{(i - 1) % 7}") : Put($"{w}/{i % 7}", $"{i}"));
            }
        })));
        await Log.PutAsync("end", "");
        SortedDictionary<string, string>[] copies = await Task.WhenAll(followers);
        await done.CancelAsync();
        await compactor;
        string[] expected = [.. (await Log.RangeAsync("")).Entries.Select(e => $"{e.Key}={Text(e.Value)}")];
        Assert.All(copies, c => Assert.Equal(expected, c.Select(e => $"{e.Key}={e.Value}")));

        async Task<SortedDictionary<string, string>> FollowAsync()
        {
            while (true)
            {
                RangeResult list = await Log.RangeAsync("");
                var copy = new SortedDictionary<string, string>(
                    list.Entries.ToDictionary(e => e.Key, e => Text(e.Value)!), StringComparer.Ordinal);
                try
                {
                    if (copy.ContainsKey("end") || await FollowFromAsync(copy, list.Revision + 1))
                    {
                        return copy;
                    }
                }
                catch (CompactedException)
                {
                    // Overtaken: list again, as the contract says.
                }
            }
        }

        async Task<bool> FollowFromAsync(SortedDictionary<string, string> copy, long from)
        {
            using var deadline = new CancellationTokenSource(Deadline);
            await foreach (LogBatch batch in Log.WatchAsync("", from, deadline.Token))
            {
                foreach (LogEvent e in batch.Events)
                {
                    Assert.Equal(copy.GetValueOrDefault(e.Key), Text(e.Previous));
                    if (e.Value is null)
                    {
                        copy.Remove(e.Key);
                    }
                    else
                    {
                        copy[e.Key] = Text(e.Value)!;
                    }
                }

                if (copy.ContainsKey("end"))
                {
                    return true;
                }
            }

            return false;
        }
    }
}

using System.Text;

namespace Hnv.StateLog.Tests.Support;

/// <summary>Short words for tests: values are text here.</summary>
internal static class LogExtensions
{
    /// <summary>How long a test waits for what must come; only a broken log lets it pass.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    public static LogOperation Put(string key, string value) => LogOperation.Put(key, Encoding.UTF8.GetBytes(value));

    public static LogOperation Delete(string key) => LogOperation.Delete(key);

    public static string? Text(ReadOnlyMemory<byte>? value) => value is { } v ? Encoding.UTF8.GetString(v.Span) : null;

    public static async Task<long> CommitAsync(this IStateLog log, params LogOperation[] operations)
    {
        TransactionResult result = await log.TransactAsync(new([], [.. operations]));
        Assert.True(result.Succeeded);
        return result.Revision;
    }

    public static async Task<long> PutAsync(this IStateLog log, string key, string value) => await log.CommitAsync(Put(key, value));

    public static async Task<long> DeleteAsync(this IStateLog log, string key) => await log.CommitAsync(Delete(key));

    /// <summary>"key=value c/m" with the revisions of creation and last write.</summary>
    public static async Task<string[]> ListAsync(this IStateLog log, string prefix = "", long? at = null) =>
        [.. (await log.RangeAsync(prefix, new(AtRevision: at))).Entries.Select(Describe)];

    public static string Describe(this LogEntry e) => $"{e.Key}={Text(e.Value)} {e.CreateRevision}/{e.ModRevision}";

    /// <summary>"5: a=new(old) b=-(old)"; a mark is "5:".</summary>
    public static string Describe(this LogBatch batch) =>
        $"{batch.Revision}:" + string.Concat(batch.Events.Select(e =>
        {
            Assert.Equal(batch.Revision, e.Revision);
            return $" {e.Key}={Text(e.Value) ?? "-"}({Text(e.Previous)})";
        }));

    /// <summary>Everything that a watch delivers until it has caught up with the log's revision of now, marks left out.</summary>
    public static async Task<string[]> WatchToEndAsync(this IStateLog log, string prefix, long from)
    {
        long end = await log.GetRevisionAsync();
        await using var watch = new Watcher(log, prefix, from);
        return await watch.UpToAsync(end);
    }
}

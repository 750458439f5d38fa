namespace Hnv.StateLog.Watching;

/// <summary>The history of a log, for watchers that are behind what the hub still holds in memory.</summary>
internal interface IWatchSource
{
    /// <summary>Reads the next events behind a revision, whole revisions only, and no more than about a page of them.</summary>
    /// <exception cref="CompactedException">Events behind that revision are gone.</exception>
    ValueTask<WatchPage> ReadEventsAsync(string prefix, long afterRevision, CancellationToken cancellationToken);
}

/// <summary>
/// Batches in order of revision; every event watched for with a revision ≤ <paramref name="UpTo"/> is among them or came before.
/// </summary>
internal readonly record struct WatchPage(IReadOnlyList<LogBatch> Batches, long UpTo);

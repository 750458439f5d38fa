namespace Hnv.StateLog.Watching;

/// <summary>What watching may cost in memory.</summary>
/// <param name="RecentRevisions">Newest revisions kept in memory, for all watchers together.</param>
/// <param name="RecentBytes">Bytes of values in them; the newest revision stays even when it alone is larger.</param>
/// <param name="PageEvents">Events a single watcher reads at once; the last revision is completed.</param>
/// <param name="PageBytes">Bytes of values a single watcher reads at once; the last revision is completed.</param>
internal sealed record WatchLimits(int RecentRevisions, long RecentBytes, int PageEvents, long PageBytes)
{
    public static WatchLimits Default { get; } = new(RecentRevisions: 4096, RecentBytes: 16 << 20, PageEvents: 512, PageBytes: 2 << 20);
}

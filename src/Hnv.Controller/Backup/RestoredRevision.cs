namespace Hnv.Controller.Backup;

/// <summary>
/// Where a restored log goes on. Revisions that were given out after the backup was taken are lost, but hosts, watchers and scripts remember
/// them: none may come a second time, or a host that realised the lost revision 40 would pass for one that has the new revision 40.
/// <code>
///   backup at 17 ──── 18 … 40 lost
///        └─ restored ─────────────────── 28 128 000 000, 28 128 000 001 …
/// </code>
/// How far the lost log got nobody knows, so the clock says it: milliseconds since 2026. A log does not reach that by itself, since it gives
/// out less than a revision a millisecond over its life; and of two restores of one backup the later one begins higher.
/// </summary>
internal static class RestoredRevision
{
    /// <summary>What is left between, where the clock is behind the revisions that are known: it was set back, or is not set.</summary>
    public const long Leap = 1_000_000_000;

    private static readonly DateTimeOffset s_zero = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <param name="known">The highest revision that is known to have been given out.</param>
    /// <param name="now">The time.</param>
    public static long After(long known, DateTimeOffset now)
    {
        long byClock = (long)(now - s_zero).TotalMilliseconds;
        return byClock > known ? byClock : known + Leap;
    }
}

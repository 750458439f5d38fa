using Hnv.StateLog.Watching;

namespace Hnv.StateLog.Sqlite;

/// <param name="Watching">What watching may cost in memory.</param>
/// <param name="MaxPages">The file's quota in pages of 4096 bytes; null for none.</param>
/// <param name="SweepRows">Rows that one step of a compaction removes, between two commits of others.</param>
internal sealed record SqliteStateLogOptions(WatchLimits Watching, long? MaxPages = null, int SweepRows = 1000)
{
    public static SqliteStateLogOptions Default { get; } = new(WatchLimits.Default);
}

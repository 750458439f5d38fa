using System.Collections.Immutable;

namespace Hnv.StateLog;

/// <summary>A live key: when it was created and last written, and its value.</summary>
public sealed record LogEntry(string Key, ReadOnlyMemory<byte> Value, long CreateRevision, long ModRevision);

/// <summary>How to read a range. <paramref name="AfterKey"/> continues a page behind that key.</summary>
public sealed record RangeOptions(long? AtRevision = null, int? Limit = null, string? AfterKey = null);

/// <summary>A page of entries as of <paramref name="Revision"/>; <paramref name="More"/> says that the limit cut it.</summary>
public sealed record RangeResult(long Revision, ImmutableArray<LogEntry> Entries, bool More);

/// <summary>A comparison: the key's last write must be exactly this revision; 0 means "does not exist".</summary>
public readonly record struct LogCompare(string Key, long ModRevision);

/// <summary>A write: a put, or a deletion when <paramref name="Value"/> is null. Deleting what is absent is no event.</summary>
/// <remarks>A null <c>byte[]</c> converts to an empty value, not to a deletion; <see cref="Delete"/> leaves no doubt.</remarks>
public sealed record LogOperation(string Key, ReadOnlyMemory<byte>? Value)
{
    public static LogOperation Put(string key, ReadOnlyMemory<byte> value) => new(key, value);

    public static LogOperation Delete(string key) => new(key, default(ReadOnlyMemory<byte>?));
}

/// <summary>Comparisons that must all hold, and the operations to commit then.</summary>
public sealed record LogTransaction(ImmutableArray<LogCompare> Compares, ImmutableArray<LogOperation> Operations);

/// <summary>
/// What came of a transaction. When a comparison failed, <paramref name="Revision"/> is the log's current one and
/// <paramref name="Conflicts"/> names the comparisons that failed. A transaction that changes nothing (only deletions of absent
/// keys, or no operations) succeeds with the current revision and makes no new one.
/// </summary>
public sealed record TransactionResult(bool Succeeded, long Revision, ImmutableArray<LogConflict> Conflicts);

/// <summary>A comparison that failed, with the revision found (0: the key is absent).</summary>
public readonly record struct LogConflict(string Key, long Expected, long Found);

/// <summary>One change of a key. <paramref name="Value"/> is null for a deletion; <paramref name="Previous"/> null for a creation.</summary>
public sealed record LogEvent(string Key, ReadOnlyMemory<byte>? Value, ReadOnlyMemory<byte>? Previous, long Revision);

/// <summary>All watched events of one revision, or none: a progress mark.</summary>
public sealed record LogBatch(long Revision, ImmutableArray<LogEvent> Events);

using Hnv.StateLog.Keys;

namespace Hnv.StateLog;

/// <summary>The arguments of a range, checked; shared by the engines so that they refuse the same.</summary>
internal readonly record struct CheckedRange(KeyRange Keys, long? AtRevision, int Limit)
{
    /// <exception cref="ArgumentException">An argument no log could answer.</exception>
    public static CheckedRange Check(string prefix, RangeOptions? options)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (options?.Limit is <= 0)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.Limit, "The limit of a range must be at least 1.");
        }

        if (options?.AtRevision is < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.AtRevision, "A revision is never negative.");
        }

        return new(KeyRange.Of(prefix, options?.AfterKey), options?.AtRevision, options?.Limit ?? int.MaxValue);
    }

    /// <summary>The revision to read at, in a log that is at <paramref name="current"/>.</summary>
    /// <exception cref="CompactedException">It was compacted away.</exception>
    /// <exception cref="FutureRevisionException">It has not been committed.</exception>
    public long RevisionToReadAt(long current, long compacted)
    {
        long at = AtRevision ?? current;
        return at > current ? throw new FutureRevisionException(at, current)
            : at < compacted ? throw new CompactedException(at, compacted)
            : at;
    }
}

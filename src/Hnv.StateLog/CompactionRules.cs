namespace Hnv.StateLog;

/// <summary>Which compactions a log accepts; shared by the engines.</summary>
internal static class CompactionRules
{
    public static void Check(long revision, long current, long compacted)
    {
        if (revision > current)
        {
            throw new FutureRevisionException(revision, current);
        }

        if (revision < compacted)
        {
            throw new CompactedException(revision, compacted);
        }
    }
}

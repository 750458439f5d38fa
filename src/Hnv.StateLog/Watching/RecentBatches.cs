namespace Hnv.StateLog.Watching;

/// <summary>The newest revisions in memory: a ring indexed by revision, since revisions follow each other without a gap.</summary>
internal sealed class RecentBatches(WatchLimits limits, long revision)
{
    private readonly LogBatch?[] _ring = new LogBatch?[limits.RecentRevisions];
    private long _bytes;

    /// <summary>The oldest revision held; <see cref="Last"/> + 1 when there is none.</summary>
    public long First { get; private set; } = revision + 1;

    public long Last { get; private set; } = revision;

    public void Add(LogBatch batch)
    {
        if (batch.Revision != Last + 1)
        {
            throw new InvalidOperationException($"Revision {batch.Revision} was published after {Last}.");
        }

        long size = SizeOf(batch);
        while (First <= Last && (Last - First + 1 == _ring.Length || _bytes + size > limits.RecentBytes))
        {
            DropFirst();
        }

        Slot(batch.Revision) = batch;
        _bytes += size;
        Last = batch.Revision;
    }

    public void DropUpTo(long revision)
    {
        while (First <= Last && First <= revision)
        {
            DropFirst();
        }
    }

    /// <summary>Batches behind a revision, which must be at least <see cref="First"/> − 1, as many as a page holds.</summary>
    public List<LogBatch> Read(long afterRevision)
    {
        List<LogBatch> page = [];
        long bytes = 0;
        int events = 0;
        for (long r = afterRevision + 1; r <= Last && events < limits.PageEvents && bytes < limits.PageBytes; r++)
        {
            LogBatch batch = Slot(r)!;
            page.Add(batch);
            events += batch.Events.Length;
            bytes += SizeOf(batch);
        }

        return page;
    }

    public static long SizeOf(LogEvent logEvent) => (logEvent.Value?.Length ?? 0) + (logEvent.Previous?.Length ?? 0);

    private static long SizeOf(LogBatch batch) => batch.Events.Sum(SizeOf);

    private void DropFirst()
    {
        ref LogBatch? slot = ref Slot(First);
        _bytes -= SizeOf(slot!);
        slot = null;
        First++;
    }

    private ref LogBatch? Slot(long revision) => ref _ring[revision % _ring.Length];
}

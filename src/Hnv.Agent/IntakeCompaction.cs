using System.Runtime;

namespace Hnv.Agent;

/// <summary>
/// Gives memory back after a large intake of policy. What the reading of many items leaves behind is several times what they need, and
/// an agent that is quiet afterwards allocates too little for the collector to find out by itself: it would keep that memory for days.
/// </summary>
/// <param name="threshold">Items taken in since the last compaction that make one worth its pause (about a quarter of a second with 100 000 records).</param>
/// <param name="compact">Collects everything and returns what is free to the system.</param>
internal sealed class IntakeCompaction(int threshold, Action compact)
{
    /// <summary>Items that make a compaction worth its pause.</summary>
    public const int Threshold = 10_000;

    private int _items;

    /// <summary>That of this process. Frames are not held up: the kernel forwards without the agent.</summary>
    public static IntakeCompaction OfProcess() => new(Threshold, static () =>
    {
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    });

    /// <summary>So many items were taken in.</summary>
    public void OnIntake(int items) => _items += items;

    /// <summary>A pass is over; compacts when much was taken in and nothing waits, so that a pause holds up nothing.</summary>
    /// <param name="waiting">More input is there.</param>
    public void OnPass(bool waiting)
    {
        if (_items < threshold || waiting)
        {
            return;
        }

        _items = 0;
        compact();
    }
}

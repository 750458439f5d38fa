using System.Diagnostics;
using Hnv.Controller.Learning;

namespace Hnv.Controller.Hosts;

/// <summary>
/// Who may write learned addresses next. Networks take turns, and so do the streams of a network; a few workers serve them, so that a storm waits in here and not
/// in the thread pool, where requests and other tenants' changes would stand behind it.
/// </summary>
internal sealed class StreamTurns : IThreadPoolWorkItem
{
    /// <summary>After so long a worker lets others of the thread pool run.</summary>
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Queue<LearnedCursor>> _waiting = [];
    private readonly Queue<Guid> _rotation = new();
    private readonly Action<IThreadPoolWorkItem> _start;
    private readonly int _most;
    private int _workers;

    /// <summary>Served by the thread pool; one processor stays free for those who have something new to say.</summary>
    public StreamTurns()
        : this(static worker => ThreadPool.UnsafeQueueUserWorkItem(worker, preferLocal: false), Math.Clamp(Environment.ProcessorCount - 1, 1, 8))
    {
    }

    /// <param name="start">Runs a worker, elsewhere.</param>
    /// <param name="most">Workers at a time.</param>
    internal StreamTurns(Action<IThreadPoolWorkItem> start, int most) => (_start, _most) = (start, most);

    /// <summary>There is something to send for each of these; one that waits already waits where it is.</summary>
    public void Add(IReadOnlyCollection<LearnedCursor> cursors)
    {
        int start;
        lock (_gate)
        {
            int added = 0;
            foreach (LearnedCursor cursor in cursors)
            {
                if (cursor.Waits)
                {
                    continue;
                }

                cursor.Waits = true;
                added++;
                if (!_waiting.TryGetValue(cursor.Network, out Queue<LearnedCursor>? queue))
                {
                    _waiting.Add(cursor.Network, queue = new Queue<LearnedCursor>());
                    _rotation.Enqueue(cursor.Network);
                }

                queue.Enqueue(cursor);
            }

            start = Math.Min(added, _most - _workers);
            _workers += start;
        }

        for (int i = 0; i < start; i++)
        {
            _start(this);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        long start = Stopwatch.GetTimestamp();
        while (Next() is { } cursor)
        {
            cursor.Send();
            if (Stopwatch.GetElapsedTime(start) > s_slice)
            {
                _start(this);
                return;
            }
        }
    }

    /// <summary>The next one; null when nobody waits, and the worker ends.</summary>
    private LearnedCursor? Next()
    {
        lock (_gate)
        {
            if (!_rotation.TryDequeue(out Guid network))
            {
                _workers--;
                return null;
            }

            Queue<LearnedCursor> queue = _waiting[network];
            LearnedCursor cursor = queue.Dequeue();
            cursor.Waits = false;
            if (queue.Count > 0)
            {
                _rotation.Enqueue(network);
            }
            else
            {
                _waiting.Remove(network);
            }

            return cursor;
        }
    }
}

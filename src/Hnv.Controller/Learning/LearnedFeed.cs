using Hnv.Controller.Hosts;

namespace Hnv.Controller.Learning;

/// <summary>
/// What a network's streams still have to send: a chain of lines, each serialised once, and who follows it. Bounded: a stream that is
/// further behind than <see cref="Window"/> entries, or half a minute, is sent the whole anew. Not thread-safe but for the followers.
/// </summary>
internal sealed class LearnedFeed(TimeProvider time, StreamTurns turns)
{
    /// <summary>Entries kept for slow streams.</summary>
    public const int Window = 40_000;

    private static readonly TimeSpan s_age = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly HashSet<LearnedCursor> _followers = [];
    private readonly Queue<FeedNode> _window = new();
    private int _entries;

    /// <summary>The newest line; a stream that has sent it has sent everything.</summary>
    public FeedNode Tail { get; private set; } = new([], null, 0, time.GetTimestamp());

    /// <summary>Streams that follow.</summary>
    public int Followers
    {
        get
        {
            lock (_gate)
            {
                return _followers.Count;
            }
        }
    }

    public void Follow(LearnedCursor cursor)
    {
        lock (_gate)
        {
            _followers.Add(cursor);
        }
    }

    public void Leave(LearnedCursor cursor)
    {
        lock (_gate)
        {
            _followers.Remove(cursor);
        }
    }

    /// <summary>Appends lines. <see cref="Wake"/> follows.</summary>
    public void Append(IReadOnlyList<FeedNode> nodes)
    {
        foreach (FeedNode node in nodes)
        {
            _window.Enqueue(Tail);
            _entries += Tail.Entries;
            FeedNode before = Tail;
            Tail = node;
            before.Next = node;
        }

        Trim();
    }

    /// <summary>Forgets what is too much or too old.</summary>
    public void Trim()
    {
        while (_window.TryPeek(out FeedNode? oldest) && (_entries > Window || time.GetElapsedTime(oldest.Made) > s_age))
        {
            _window.Dequeue();
            _entries -= oldest.Entries;
            oldest.Cut();
        }
    }

    /// <summary>Tells the streams that there is something to send.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            turns.Add(_followers);
        }
    }
}

using Hnv.Controller.Hosts;

namespace Hnv.Controller.Learning;

/// <summary>The networks whose learned addresses one host's stream follows, and in which of them there is something to send. Of its writer.</summary>
internal sealed class LearnedStreams(LearnedStore store, PolicySession session) : IDisposable
{
    private readonly Dictionary<Guid, LearnedCursor> _cursors = [];
    private readonly HashSet<Guid> _pending = [];

    public bool HasMore => _pending.Count > 0;

    /// <summary>The network came, or came anew: all that is known follows.</summary>
    public void Follow(Guid network)
    {
        Leave(network);
        _cursors.Add(network, new LearnedCursor(store.Network(network), session));
        _pending.Add(network);
    }

    /// <summary>The network left.</summary>
    public void Leave(Guid network)
    {
        _pending.Remove(network);
        if (_cursors.Remove(network, out LearnedCursor? cursor))
        {
            cursor.Dispose();
        }
    }

    /// <summary>There is something to send in these networks.</summary>
    public void Add(IReadOnlySet<Guid> networks)
    {
        foreach (Guid network in networks)
        {
            if (_cursors.ContainsKey(network))
            {
                _pending.Add(network);
            }
        }
    }

    /// <summary>The next line of every network that has one.</summary>
    public IEnumerable<FeedNode> Turn()
    {
        foreach (Guid network in _pending.ToArray())
        {
            if (_cursors[network].Next() is { } node)
            {
                yield return node;
            }
            else
            {
                _pending.Remove(network);
            }
        }
    }

    public void Dispose()
    {
        foreach (LearnedCursor cursor in _cursors.Values)
        {
            cursor.Dispose();
        }

        _cursors.Clear();
    }
}

using Hnv.Controller.Hosts;

namespace Hnv.Controller.Learning;

/// <summary>How far one host's stream has come in one network. Of its writer, but for <see cref="Wake"/>.</summary>
internal sealed class LearnedCursor : IDisposable
{
    private readonly LearnedNetwork _network;
    private readonly PolicySession _session;
    private IReadOnlyList<FeedNode>? _whole = [];
    private int _sentOfWhole;
    private FeedNode? _last;

    public LearnedCursor(LearnedNetwork network, PolicySession session)
    {
        _network = network;
        _session = session;
        network.Feed.Follow(this);
    }

    public Guid Network => _network.Id;

    /// <summary>There may be something to send.</summary>
    public void Wake() => _session.TellLearned(Network);

    /// <summary>The next line to send; null when all is sent.</summary>
    public FeedNode? Next()
    {
        if (_last is null || _last.IsCut)
        {
            // At first, or too far behind: all that is known.
            (_whole, _last) = _network.Whole();
            _sentOfWhole = 0;
        }

        while (_whole is not null)
        {
            if (_sentOfWhole == _whole.Count)
            {
                _whole = null;
            }
            else if (_whole[_sentOfWhole++] is var node && node.Owner != _session.Host)
            {
                return node;
            }
        }

        while (_last.Next is { } next)
        {
            _last = next;
            if (next.Owner != _session.Host)
            {
                return next;
            }
        }

        // Cut between the two looks: what followed is in the whole.
        return _last.IsCut ? Next() : null;
    }

    public void Dispose() => _network.Feed.Leave(this);
}

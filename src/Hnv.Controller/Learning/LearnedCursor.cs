using Hnv.Controller.Hosts;

namespace Hnv.Controller.Learning;

/// <summary>How far one host's stream has come in one network. Of whoever writes the stream, but for <see cref="Waits"/> and <see cref="Send"/>.</summary>
internal sealed class LearnedCursor : IDisposable
{
    private readonly LearnedNetwork _network;
    private readonly string _host;
    private readonly StreamOutput _output;
    private IReadOnlyList<FeedNode>? _whole = [];
    private int _sentOfWhole;
    private FeedNode? _last;
    private bool _left;

    public LearnedCursor(LearnedNetwork network, string host, StreamOutput output)
    {
        _network = network;
        _host = host;
        _output = output;
        network.Feed.Follow(this);
    }

    public Guid Network => _network.Id;

    /// <summary>Of <see cref="StreamTurns"/>: it is in there.</summary>
    public bool Waits { get; set; }

    /// <summary>Whether <see cref="Next"/> may have something.</summary>
    private bool HasMore => !_left && (_whole is not null || _last is not { Next: null, IsCut: false });

    /// <summary>Takes a turn.</summary>
    public void Send() => _output.Send(this);

    /// <summary>Appends the next lines, as many as are sent together.</summary>
    /// <returns>Whether there is more.</returns>
    public bool Append(StreamOutput output)
    {
        while (!output.IsFull)
        {
            if (Next() is not { } node)
            {
                return false;
            }

            output.Append(node.Line);
        }

        return HasMore;
    }

    /// <summary>The next line to send; null when all is sent.</summary>
    public FeedNode? Next()
    {
        if (_left)
        {
            return null;
        }

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
            else if (_whole[_sentOfWhole++] is var node && node.Owner != _host)
            {
                return node;
            }
        }

        while (_last.Next is { } next)
        {
            _last = next;
            if (next.Owner != _host)
            {
                return next;
            }
        }

        // Cut between the two looks: what followed is in the whole.
        return _last.IsCut ? Next() : null;
    }

    public void Dispose()
    {
        _left = true;
        _network.Feed.Leave(this);
    }
}

using Hnv.Controller.Hosts;

namespace Hnv.Controller.Learning;

/// <summary>The networks whose learned addresses one host's stream follows. Of whoever writes the stream's policy.</summary>
internal sealed class LearnedStreams(LearnedStore store, StreamTurns turns, StreamOutput output, string host) : IDisposable
{
    private readonly Dictionary<Guid, LearnedCursor> _cursors = [];

    /// <summary>The network came, or came anew: all that is known follows.</summary>
    public void Follow(Guid network)
    {
        Leave(network);
        var cursor = new LearnedCursor(store.Network(network), host, output);
        _cursors.Add(network, cursor);
        turns.Add([cursor]);
    }

    /// <summary>The network left.</summary>
    public void Leave(Guid network)
    {
        if (_cursors.Remove(network, out LearnedCursor? cursor))
        {
            cursor.Dispose();
        }
    }

    /// <summary>Gives those a turn who came while policy was written, which must not keep them out.</summary>
    /// <returns>Once it is sent.</returns>
    public async ValueTask SendPassedAsync()
    {
        foreach (LearnedCursor cursor in output.TakePassed())
        {
            bool more = cursor.Append(output);
            if (output.IsFull)
            {
                await output.FlushAsync();
            }

            if (more)
            {
                turns.Add([cursor]);
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

namespace Hnv.Controller.Learning;

/// <summary>
/// A line of a network's feed, serialised once for all streams, and the way to the next one. Streams hold the node that they sent last;
/// what all have sent, nothing holds any more.
/// </summary>
internal sealed class FeedNode(byte[] line, string? owner, int entries, long made)
{
    private volatile FeedNode? _next;
    private volatile bool _cut;

    /// <summary>JSON of a message, with the line's end.</summary>
    public byte[] Line { get; } = line;

    /// <summary>The host that said all of it, and need not hear it; null for none.</summary>
    public string? Owner { get; } = owner;

    /// <summary>Entries in the message.</summary>
    public int Entries { get; } = entries;

    /// <summary>Timestamp of the clock.</summary>
    public long Made { get; } = made;

    /// <summary>The next line; null while there is none, or after <see cref="IsCut"/>.</summary>
    public FeedNode? Next
    {
        get => _next;
        set => _next = value;
    }

    /// <summary>What follows is not kept any more: whoever has come no further than here is sent everything anew.</summary>
    public bool IsCut => _cut;

    public void Cut()
    {
        _cut = true;
        _next = null;
    }
}

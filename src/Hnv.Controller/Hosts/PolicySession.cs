using System.Threading.Channels;
using Hnv.Api.Stream;
using Hnv.Policy;

namespace Hnv.Controller.Hosts;

/// <summary>
/// What a host's stream still has to send. Holds no messages, only which keys of which network may differ from what was sent; the
/// newest snapshot decides what that comes to. So a slow host costs at most one mark a key, and of those no more than
/// <see cref="MaxMarks"/>: then the network is sent anew as a snapshot.
/// </summary>
internal sealed class PolicySession : IDisposable
{
    /// <summary>Marks of one network beyond which a snapshot is cheaper than to remember them.</summary>
    public const int MaxMarks = 20_000;

    private const int MaxQueries = 64;

    private readonly Lock _gate = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _superseded = new();
    private readonly Queue<QueryMessage> _queries = new();
    private Dictionary<Guid, NetworkMarks> _marks = [];
    private PolicySnapshot _latest;

    public PolicySession(string host, PolicySnapshot current, IReadOnlyDictionary<Guid, string> have)
    {
        Host = host;
        Have = have;
        _latest = current;
        foreach (Guid network in current.Present(host).Concat(have.Keys))
        {
            Marks(network).Anew = true;
        }

        Wake();
    }

    public string Host { get; }

    /// <summary>Digests of what the host said it has, by network.</summary>
    public IReadOnlyDictionary<Guid, string> Have { get; }

    /// <summary>Cancelled when the host opened another stream.</summary>
    public CancellationToken Superseded => _superseded.Token;

    /// <summary>Marks held; bounded.</summary>
    public int PendingMarks
    {
        get
        {
            lock (_gate)
            {
                return _marks.Values.Sum(static m => m.Keys.Count);
            }
        }
    }

    /// <summary>Called for every change that concerns the host, in the order of revisions.</summary>
    public void Tell(PolicySnapshot latest, HostChange change)
    {
        lock (_gate)
        {
            _latest = latest;
            foreach (Guid network in change.Attached.Concat(change.Detached))
            {
                Marks(network).Anew = true;
            }

            foreach (Guid network in change.Changed)
            {
                NetworkMarks marks = Marks(network);
                if (!marks.Anew)
                {
                    marks.Keys.UnionWith(change.Keys(network));
                    if (marks.Keys.Count > MaxMarks)
                    {
                        marks.Anew = true;
                        marks.Keys.Clear();
                    }
                }
            }
        }

        Wake();
    }

    public bool TryAsk(QueryMessage query)
    {
        lock (_gate)
        {
            if (_queries.Count >= MaxQueries)
            {
                return false;
            }

            _queries.Enqueue(query);
        }

        Wake();
        return true;
    }

    public void Supersede() => _superseded.Cancel();

    public void Dispose() => _superseded.Dispose();

    /// <summary>Takes all that is pending; nothing pending gives nothing. One caller at a time.</summary>
    public (PolicySnapshot Latest, IReadOnlyDictionary<Guid, NetworkMarks> Marks, IReadOnlyList<QueryMessage> Queries) Take()
    {
        lock (_gate)
        {
            _wake.Reader.TryRead(out _);
            Dictionary<Guid, NetworkMarks> marks = _marks;
            _marks = [];
            QueryMessage[] queries = [.. _queries];
            _queries.Clear();
            return (_latest, marks, queries);
        }
    }

    /// <summary>Waits until something is pending, or time is up.</summary>
    public async Task WaitAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await _wake.Reader.WaitToReadAsync(both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Time is up: the caller sends a sign of life.
        }
    }

    private void Wake() => _wake.Writer.TryWrite(true);

    private NetworkMarks Marks(Guid network)
    {
        if (!_marks.TryGetValue(network, out NetworkMarks? marks))
        {
            _marks[network] = marks = new NetworkMarks();
        }

        return marks;
    }
}

/// <summary>What may differ in one network from what was sent.</summary>
internal sealed class NetworkMarks
{
    /// <summary>It came, went, or changed too much: attach and send the whole, or detach.</summary>
    public bool Anew { get; set; }

    public HashSet<string> Keys { get; } = new(StringComparer.Ordinal);
}

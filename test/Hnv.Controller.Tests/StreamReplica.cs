using Hnv.Api.Client;
using Hnv.Api.Stream;
using static Hnv.Controller.Tests.TestController;

namespace Hnv.Controller.Tests;

/// <summary>An agent without a kernel: follows its stream, checks every digest, and keeps what it is told.</summary>
internal sealed class StreamReplica : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Dictionary<string, PolicyItem>> _networks = [];
    private readonly List<PolicyMessage> _messages = [];
    private readonly Task _reader;
    private List<PolicyItem>? _snapshot;
    private long _bookmark;

    public StreamReplica(HnvClient client, string host, params HeldNetwork[] have)
        : this(client, host, PolicyProtocol.Version, have)
    {
    }

    public StreamReplica(HnvClient client, string host, int protocol, params HeldNetwork[] have)
    {
        Link = new PolicyStreamClient(client, host) { Protocol = protocol };
        _reader = Task.Run(() => ReadAsync(have));
    }

    public PolicyStreamClient Link { get; }

    public IReadOnlyList<PolicyMessage> Messages
    {
        get
        {
            lock (_gate)
            {
                return [.. _messages];
            }
        }
    }

    public long Bookmark => Interlocked.Read(ref _bookmark);

    public bool Ended => _reader.IsCompleted;

    /// <summary>All items of a network as text, in order; null when it is not attached.</summary>
    public string? Dump(Guid network)
    {
        lock (_gate)
        {
            return _networks.TryGetValue(network, out Dictionary<string, PolicyItem>? items) ? Text(items.Values) : null;
        }
    }

    public HeldNetwork Held(Guid network)
    {
        lock (_gate)
        {
            return new HeldNetwork(network, _bookmark, Digest(_networks[network].Values).ToString());
        }
    }

    public static string Text(IEnumerable<PolicyItem> items) => string.Join('\n', items.Select(static i => i.ToString()).Order(StringComparer.Ordinal));

    public Task UntilAsync(long revision) => TestController.UntilAsync(
        () => _reader.IsFaulted ? throw new InvalidOperationException("The stream broke.", _reader.Exception) : Task.FromResult(Bookmark >= revision), $"the stream reaches {revision}");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reader.ContinueWith(static _ => { }, TaskScheduler.Default);
        _stop.Dispose();
    }

    private static PolicyDigest Digest(IEnumerable<PolicyItem> items) => items.Aggregate(default(PolicyDigest), static (d, i) => d.Add(i));

    private async Task ReadAsync(HeldNetwork[] have)
    {
        await foreach (PolicyMessage message in Link.ReadAsync(have, _stop.Token))
        {
            lock (_gate)
            {
                if (message is not BookmarkMessage)
                {
                    _messages.Add(message);
                }

                Take(message);
            }
        }
    }

    private void Take(PolicyMessage message)
    {
        switch (message)
        {
            case SnapshotMessage:
                _snapshot = [];
                break;
            case ItemsMessage items:
                Assert.InRange(items.Items.Length, 1, PolicyProtocol.MaxItems);
                _snapshot!.AddRange(items.Items);
                break;
            case SnapshotEndMessage end:
                Assert.Equal(end.Count, _snapshot!.Count);
                Assert.Equal(end.Digest, Digest(_snapshot).ToString());
                _networks[end.Network] = _snapshot.ToDictionary(static i => i.Key, StringComparer.Ordinal);
                break;
            case DeltaMessage delta:
                Dictionary<string, PolicyItem> network = _networks[delta.Network];
                Assert.All(delta.Delete, key => Assert.True(network.Remove(key)));
                foreach (PolicyItem item in delta.Put)
                {
                    network[item.Key] = item;
                }

                Assert.Equal(delta.Digest, Digest(network.Values).ToString());
                break;
            case DetachMessage detach:
                _networks.Remove(detach.Network);
                break;
            case BookmarkMessage bookmark:
                Assert.True(bookmark.Revision >= _bookmark);
                Interlocked.Exchange(ref _bookmark, bookmark.Revision);
                break;
        }
    }
}

using System.Collections.Immutable;
using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Stream;
using Hnv.Controller.Learning;
using Hnv.Model.Resources;
using Hnv.Policy;

namespace Hnv.Controller.Hosts;

/// <summary>
/// Writes policy into a host's stream: compares what was sent with the newest snapshot where the session has marks, and writes the difference.
/// Learned addresses come between.
/// </summary>
/// <param name="protocol">What host and controller both understand.</param>
internal sealed class PolicyStreamWriter(
    StreamOutput output, PolicyHub hub, int protocol, LearnedStreams learned, PolicySession session, ControllerOptions options)
{
    private readonly Dictionary<Guid, IHostContent> _sent = [];
    private readonly Dictionary<Guid, AttachMessage> _attached = [];
    private readonly HashSet<Guid> _claimed = [.. session.Have.Keys];
    private bool _writes;

    /// <summary>Writes until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, output.Failed);
        try
        {
            await WriteUntilAsync(stop.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            output.ThrowIfFailed();
            throw;
        }
        finally
        {
            if (!_writes)
            {
                await output.EnterAsync();
            }

            output.Close();
        }
    }

    private async Task WriteUntilAsync(CancellationToken cancellationToken)
    {
        var hello = new HelloMessage(protocol, options.Name, hub.Current.Revision);
        await output.EnterAsync();
        _writes = true;
        await WriteAsync(hello);
        long lastBookmark = 0;
        while (true)
        {
            // Read before the marks are taken: what is not marked by then was sent.
            long revision = hub.Current.Revision;
            (PolicySnapshot latest, IReadOnlyDictionary<Guid, NetworkMarks> marks, IReadOnlyList<QueryMessage> queries) = session.Take();
            foreach ((Guid network, NetworkMarks mark) in marks.OrderBy(static m => m.Key))
            {
                await SendAsync(latest, network, mark);
            }

            foreach (QueryMessage query in queries)
            {
                await WriteAsync(query);
            }

            if (marks.Count > 0 || queries.Count == 0 || options.Time.GetElapsedTime(lastBookmark) > options.SignOfLife)
            {
                await WriteAsync(new BookmarkMessage(Math.Max(revision, latest.Revision)));
                lastBookmark = options.Time.GetTimestamp();
            }

            await learned.SendPassedAsync();
            await output.FlushAsync();
            _writes = false;
            output.Exit();
            await session.WaitAsync(options.SignOfLife, options.Time, cancellationToken);
            await output.EnterAsync();
            _writes = true;
        }
    }

    private async Task SendAsync(PolicySnapshot latest, Guid network, NetworkMarks marks)
    {
        IHostContent? now = Understood(network, latest.Content(session.Host, network));
        IHostContent? before = _sent.GetValueOrDefault(network);
        bool claimed = _claimed.Remove(network);
        if (now is null)
        {
            _sent.Remove(network);
            learned.Leave(network);
            if (_attached.Remove(network) || claimed)
            {
                await WriteAsync(new DetachMessage(network));
            }

            return;
        }

        if (!EarlierHostScope.IsUnderstood(latest, network, protocol))
        {
            // Attached, and nothing said: so the host keeps what it has of it, and of the other networks gets all.
            _sent.Remove(network);
            await AttachAsync(latest, network, marks.Anew);
            return;
        }

        _sent[network] = now;
        if (before is not null && !marks.Anew)
        {
            await SendDeltaAsync(latest, network, before, now, marks.Keys);
            return;
        }

        await AttachAsync(latest, network, marks.Anew);
        string digest = now.Digest.ToString();
        if (claimed && session.Have[network] == digest)
        {
            await WriteAsync(new CurrentMessage(network, latest.Revision, digest));
            return;
        }

        await WriteAsync(new SnapshotMessage(network, latest.Revision));
        foreach (PolicyItem[] chunk in now.Items.Chunk(PolicyProtocol.MaxItems))
        {
            await WriteAsync(new ItemsMessage(network, [.. chunk]));
        }

        await WriteAsync(new SnapshotEndMessage(network, latest.Revision, now.Count, digest));
    }

    private IHostContent? Understood(Guid network, IHostContent? content) =>
        content is not null && network == HostScope.Id && protocol < PolicyProtocol.ProviderRoutes ? new EarlierHostScope(content) : content;

    private async Task SendDeltaAsync(
        PolicySnapshot latest, Guid network, IHostContent before, IHostContent now, IEnumerable<string> keys)
    {
        PolicyDigest digest = before.Digest;
        foreach (string[] chunk in keys.Chunk(PolicyProtocol.MaxItems))
        {
            (ImmutableArray<PolicyItem> put, ImmutableArray<string> delete) = PolicyChange.DeltaOf(before, now, chunk);
            if (put.IsEmpty && delete.IsEmpty)
            {
                continue;
            }

            foreach (string key in put.Select(static i => i.Key).Concat(delete))
            {
                digest = before.Find(key) is { } old ? digest.Remove(old) : digest;
            }

            digest = put.Aggregate(digest, static (d, i) => d.Add(i));
            await WriteAsync(new DeltaMessage(network, latest.Revision, put, delete, digest.ToString()));
        }
    }

    /// <summary>Twice only where the network is called or travels otherwise: the agent then refuses the stream, and comes back.</summary>
    private async Task AttachAsync(PolicySnapshot latest, Guid network, bool anew)
    {
        AttachMessage attach = Attach(latest, network);
        bool attached = _attached.GetValueOrDefault(network) == attach;
        if (!attached)
        {
            _attached[network] = attach;
            await WriteAsync(attach);
        }

        // One that was deleted and made anew meanwhile is learned of anew, too.
        if ((!attached || anew) && network != HostScope.Id)
        {
            learned.Follow(network);
        }
    }

    private AttachMessage Attach(PolicySnapshot latest, Guid network) =>
        latest.Networks.TryGetValue(network, out NetworkPolicy? policy)
            ? new AttachMessage(network, policy.Network.Tenant, policy.Network.Name, policy.Network.Encapsulation)
            : new AttachMessage(network, string.Empty, session.Host, Encapsulation.Nvgre);

    private Task WriteAsync(PolicyMessage message)
    {
        // The base type's contract writes the discriminator.
        output.Append(JsonSerializer.SerializeToUtf8Bytes(message, HnvJson.Options));
        output.Append("\n"u8);
        return output.IsFull ? output.FlushAsync() : Task.CompletedTask;
    }
}

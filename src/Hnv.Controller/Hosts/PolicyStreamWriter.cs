using System.Collections.Immutable;
using System.IO.Pipelines;
using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Stream;
using Hnv.Controller.Learning;
using Hnv.Model.Resources;
using Hnv.Policy;

namespace Hnv.Controller.Hosts;

/// <summary>
/// Writes a host's stream: compares what was sent with the newest snapshot where the session has marks, and writes the difference.
/// Waits for the receiver after every message, so that nothing piles up here.
/// </summary>
/// <param name="learned">Null for a host that does not understand learned addresses.</param>
internal sealed class PolicyStreamWriter(PipeWriter output, PolicyHub hub, LearnedStreams? learned, PolicySession session, ControllerOptions options)
{
    private readonly Dictionary<Guid, IHostContent> _sent = [];
    private readonly HashSet<Guid> _claimed = [.. session.Have.Keys];

    /// <summary>Writes until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        int protocol = learned is null ? PolicyProtocol.Learned - 1 : PolicyProtocol.Version;
        await WriteAsync(new HelloMessage(protocol, options.Name, hub.Current.Revision), cancellationToken);
        long lastBookmark = 0;
        while (true)
        {
            // Read before the marks are taken: what is not marked by then was sent.
            long revision = hub.Current.Revision;
            (PolicySnapshot latest, IReadOnlyDictionary<Guid, NetworkMarks> marks, IReadOnlyList<QueryMessage> queries, IReadOnlySet<Guid> news) = session.Take();
            foreach ((Guid network, NetworkMarks mark) in marks.OrderBy(static m => m.Key))
            {
                await SendAsync(latest, network, mark, cancellationToken);
            }

            foreach (QueryMessage query in queries)
            {
                await WriteAsync(query, cancellationToken);
            }

            if (marks.Count > 0 || (queries.Count == 0 && news.Count == 0 && learned?.HasMore != true) || options.Time.GetElapsedTime(lastBookmark) > options.SignOfLife)
            {
                await WriteAsync(new BookmarkMessage(Math.Max(revision, latest.Revision)), cancellationToken);
                lastBookmark = options.Time.GetTimestamp();
            }

            if (learned is null || !await WriteLearnedAsync(learned, news, cancellationToken))
            {
                await session.WaitAsync(options.SignOfLife, options.Time, cancellationToken);
            }
        }
    }

    /// <summary>One line of each network in which there is something to send, so that none waits for another's burst; nor does policy.</summary>
    /// <returns>Whether there is more.</returns>
    private async Task<bool> WriteLearnedAsync(LearnedStreams streams, IReadOnlySet<Guid> news, CancellationToken cancellationToken)
    {
        streams.Add(news);
        foreach (FeedNode node in streams.Turn())
        {
            await WriteAsync(node.Line, cancellationToken);
        }

        if (!streams.HasMore)
        {
            return false;
        }

        // Other streams, and requests, want to run too: a receiver that takes everything at once never makes this one wait.
        await Task.Yield();
        return true;
    }

    private async Task SendAsync(PolicySnapshot latest, Guid network, NetworkMarks marks, CancellationToken cancellationToken)
    {
        IHostContent? now = latest.Content(session.Host, network);
        IHostContent? before = _sent.GetValueOrDefault(network);
        bool claimed = _claimed.Remove(network);
        if (now is null)
        {
            _sent.Remove(network);
            learned?.Leave(network);
            if (before is not null || claimed)
            {
                await WriteAsync(new DetachMessage(network), cancellationToken);
            }

            return;
        }

        _sent[network] = now;
        if (before is not null && !marks.Anew)
        {
            await SendDeltaAsync(latest, network, before, now, marks.Keys, cancellationToken);
            return;
        }

        await WriteAsync(Attach(latest, network), cancellationToken);
        if (network != HostScope.Id)
        {
            learned?.Follow(network);
        }

        string digest = now.Digest.ToString();
        if (claimed && session.Have[network] == digest)
        {
            await WriteAsync(new CurrentMessage(network, latest.Revision, digest), cancellationToken);
            return;
        }

        await WriteAsync(new SnapshotMessage(network, latest.Revision), cancellationToken);
        foreach (PolicyItem[] chunk in now.Items.Chunk(PolicyProtocol.MaxItems))
        {
            await WriteAsync(new ItemsMessage(network, [.. chunk]), cancellationToken);
        }

        await WriteAsync(new SnapshotEndMessage(network, latest.Revision, now.Count, digest), cancellationToken);
    }

    private async Task SendDeltaAsync(
        PolicySnapshot latest, Guid network, IHostContent before, IHostContent now, IEnumerable<string> keys, CancellationToken cancellationToken)
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
            await WriteAsync(new DeltaMessage(network, latest.Revision, put, delete, digest.ToString()), cancellationToken);
        }
    }

    private AttachMessage Attach(PolicySnapshot latest, Guid network) =>
        latest.Networks.TryGetValue(network, out NetworkPolicy? policy)
            ? new AttachMessage(network, policy.Network.Tenant, policy.Network.Name, policy.Network.Encapsulation)
            : new AttachMessage(network, string.Empty, session.Host, Encapsulation.Nvgre);

    private async Task WriteAsync(PolicyMessage message, CancellationToken cancellationToken)
    {
        // The base type's contract writes the discriminator.
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(message, HnvJson.Options);
        await WriteAsync([.. json, (byte)'\n'], cancellationToken);
    }

    private async Task WriteAsync(byte[] line, CancellationToken cancellationToken)
    {
        line.CopyTo(output.GetMemory(line.Length));
        output.Advance(line.Length);
        using var limit = new CancellationTokenSource(options.StreamPatience, options.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await output.FlushAsync(both.Token);
    }
}

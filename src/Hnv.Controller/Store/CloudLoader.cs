using System.Collections.Immutable;
using Hnv.Model.Resources;
using Hnv.StateLog;

namespace Hnv.Controller.Store;

/// <summary>Reads the whole state at one revision.</summary>
internal static class CloudLoader
{
    private const int PageSize = 1000;

    public static async Task<CloudState> LoadAsync(IStateLog log, CancellationToken cancellationToken)
    {
        long revision = await log.GetRevisionAsync(cancellationToken);
        LogEntry? head = null;
        await foreach (LogEntry entry in ReadAsync(log, StoreKeys.Head, revision, cancellationToken))
        {
            head = entry;
        }

        CloudState state = CloudState.Empty with
        {
            Head = head is null ? CloudHead.Initial : CloudHead.Read(head.Value),
            HeadRevision = head?.ModRevision ?? 0,
        };
        var resources = new Dictionary<ResourceId, StoredResource?>();
        await foreach (LogEntry entry in ReadAsync(log, StoreKeys.Resources, revision, cancellationToken))
        {
            StoredResource stored = StoredResource.Read(entry.Key, entry.Value, entry.ModRevision);
            resources[stored.Id] = stored;
        }

        if (state.Head.StagedSet is { } set)
        {
            foreach (StagedWrite write in await ReadSetAsync(log, set, state.HeadRevision, revision, cancellationToken))
            {
                resources[write.Id] = write.Resource;
            }
        }

        return state.With(resources, revision);
    }

    /// <summary>All writes of a staged set. They are all there as long as the head names the set.</summary>
    public static async Task<ImmutableArray<StagedWrite>> ReadSetAsync(
        IStateLog log, string set, long visibleSince, long atRevision, CancellationToken cancellationToken)
    {
        var writes = ImmutableArray.CreateBuilder<StagedWrite>();
        await foreach (LogEntry entry in ReadAsync(log, StoreKeys.StagedSet(set), atRevision, cancellationToken))
        {
            writes.AddRange(StagedChunks.Read(entry.Key, entry.Value, visibleSince));
        }

        return writes.ToImmutable();
    }

    public static async IAsyncEnumerable<LogEntry> ReadAsync(
        IStateLog log, string prefix, long revision, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? after = null;
        while (true)
        {
            RangeResult page = await log.RangeAsync(prefix, new RangeOptions(revision, PageSize, after), cancellationToken);
            foreach (LogEntry entry in page.Entries)
            {
                yield return entry;
            }

            if (!page.More || page.Entries.IsEmpty)
            {
                yield break;
            }

            after = page.Entries[^1].Key;
        }
    }
}

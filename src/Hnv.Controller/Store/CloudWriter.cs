using System.Collections.Immutable;
using Hnv.Controller.Rest;
using Hnv.Model.Resources;
using Hnv.StateLog;

namespace Hnv.Controller.Store;

/// <summary>
/// Commits changes of resources. A plan is made against a snapshot and committed only if the cloud's head is still the one of that
/// snapshot; otherwise it is made again. What fits goes into one transaction; what does not is staged:
/// <list type="number">
/// <item>chunks are written under <see cref="StoreKeys.Staged"/>: nobody looks at them;</item>
/// <item>the head is written, naming the set, if it and every chunk are as they were: this one write makes all of it visible;</item>
/// <item>the set is written to the resources' own keys, any number of times, by whichever controller comes first;</item>
/// <item>one transaction clears the head and deletes the chunks.</item>
/// </list>
/// A crash before 2 leaves chunks that the next start sweeps; after 2 the next start goes on with 3. Nothing else is committed
/// between 2 and 4.
/// </summary>
internal sealed partial class CloudWriter(IStateLog log, ModelStore store, ILogger<CloudWriter> logger) : IDisposable
{
    private const int MaxAttempts = 50;
    private const int BatchBytes = StateLogLimits.MaxBytes - 64 * 1024;
    private const int BatchOperations = StateLogLimits.MaxOperations - 2;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private Task _writingDown = Task.CompletedTask;

    /// <summary>Sweeps what a crash left behind, and finishes what it interrupted.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await WriteDownAsync(cancellationToken);
            await SweepAsync(cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Makes the plan so. It may be made several times and must depend on nothing but the state it is given; an exception ends it.
    /// </summary>
    public async Task<WriteResult> WriteAsync(Func<CloudState, IReadOnlyList<PlannedWrite>> plan, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            for (int attempt = 0; attempt < MaxAttempts; attempt++)
            {
                // What another controller acknowledged before this request must not be missed, also where the plan refuses.
                await store.WaitForAsync(await log.GetRevisionAsync(cancellationToken), cancellationToken);
                CloudState state = await WriteDownAsync(cancellationToken);
                IReadOnlyList<PlannedWrite> writes = plan(state);
                if (writes.Count == 0)
                {
                    return new WriteResult(state.Revision, state);
                }

                // From here on it may become visible, whatever the caller does.
                if (await CommitAsync(state, writes) is { } revision)
                {
                    await store.WaitForAsync(revision, CancellationToken.None);
                    return new WriteResult(revision, store.State);
                }
            }
        }
        finally
        {
            _turn.Release();
        }

        throw new ProblemException(StatusCodes.Status409Conflict, "Other changes kept coming first; try again.");
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>For the orderly end: what is being written down in the background.</summary>
    public Task DrainAsync() => _writingDown;

    /// <summary>The revision, or null when the head had moved on.</summary>
    private async Task<long?> CommitAsync(CloudState state, IReadOnlyList<PlannedWrite> writes)
    {
        (CloudHead head, ImmutableArray<StagedWrite> numbered) = Number(state, writes);
        ImmutableArray<LogOperation> operations = [.. numbered.Select(static w => Operation(w, withRevision: false))];
        if (operations.Length <= BatchOperations && operations.Sum(Size) <= BatchBytes)
        {
            var transaction = new LogTransaction(
                [new LogCompare(StoreKeys.Head, state.HeadRevision)],
                operations.Add(new LogOperation(StoreKeys.Head, head.ToBytes())));
            return await TransactAsync(transaction);
        }

        return await StageAsync(state, head, numbered);
    }

    private async Task<long?> StageAsync(CloudState state, CloudHead head, ImmutableArray<StagedWrite> writes)
    {
        ImmutableArray<byte[]> chunks = StagedChunks.Cut(writes);
        if (chunks.Length > StagedChunks.MaxChunks)
        {
            throw new ProblemException(
                StatusCodes.Status413PayloadTooLarge,
                $"One apply may hold {StagedChunks.MaxChunks} MiB of objects; this one has {chunks.Length}. Apply it in parts.");
        }

        string set = Guid.NewGuid().ToString("n");
        bool refused = false;
        bool visible = false;
        try
        {
            var compares = ImmutableArray.CreateBuilder<LogCompare>();
            compares.Add(new LogCompare(StoreKeys.Head, state.HeadRevision));
            for (int i = 0; i < chunks.Length; i++)
            {
                string key = StoreKeys.Chunk(set, i);
                TransactionResult staged = await log.TransactAsync(new LogTransaction([], [new LogOperation(key, chunks[i])]));
                compares.Add(new LogCompare(key, staged.Revision));
            }

            head = head with { StagedSet = set, Chunks = chunks.Length };
            long? revision = await TransactAsync(new LogTransaction(compares.ToImmutable(), [new LogOperation(StoreKeys.Head, head.ToBytes())]));
            (visible, refused) = (revision is not null, revision is null);
            if (visible)
            {
                LogStaged(writes.Length, chunks.Length, revision!.Value);
                _writingDown = Task.Run(WriteDownInTurnAsync);
            }

            return revision;
        }
        finally
        {
            if (!visible)
            {
                // After an error nobody knows whether the head was written. If it was, the chunks are all there is of the set.
                ImmutableArray<LogCompare> guard = refused ? [] : [new LogCompare(StoreKeys.Head, state.HeadRevision)];
                await log.TransactAsync(new LogTransaction(guard, Deletions(set, chunks.Length)));
            }
        }
    }

    private async Task<long?> TransactAsync(LogTransaction transaction)
    {
        TransactionResult result = await log.TransactAsync(transaction);
        if (result.Succeeded)
        {
            return result.Revision;
        }

        await store.WaitForAsync(result.Revision, CancellationToken.None);
        return null;
    }

    private async Task WriteDownInTurnAsync()
    {
        await _turn.WaitAsync();
        try
        {
            await WriteDownAsync(CancellationToken.None);
        }
        catch (StateLogException e)
        {
            // The next write, or the next start, goes on with it.
            LogNotWrittenDown(e, e.Message);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Writes a visible staged set to the resources' own keys and clears the head; nothing to do when there is none. Returns the state
    /// in which none waits: a plan made on a later one could write the head over a set that another controller just made visible.
    /// </summary>
    private async Task<CloudState> WriteDownAsync(CancellationToken cancellationToken)
    {
        CloudState state;
        while ((state = store.State).Head.StagedSet is { } set)
        {
            LogCompare unchanged = new(StoreKeys.Head, state.HeadRevision);
            ImmutableArray<StagedWrite> writes = await CloudLoader.ReadSetAsync(log, set, state.HeadRevision, state.Revision, cancellationToken);
            bool lost = false;
            foreach (ImmutableArray<LogOperation> batch in Batches(writes))
            {
                lost = await TransactAsync(new LogTransaction([unchanged], batch)) is null;
                if (lost)
                {
                    break;
                }
            }

            if (!lost)
            {
                CloudHead cleared = state.Head with { StagedSet = null, Chunks = 0 };
                ImmutableArray<LogOperation> last = Deletions(set, state.Head.Chunks).Add(new LogOperation(StoreKeys.Head, cleared.ToBytes()));
                if (await TransactAsync(new LogTransaction([unchanged], last)) is { } revision)
                {
                    await store.WaitForAsync(revision, cancellationToken);
                }
            }
        }

        return state;
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        CloudState state = store.State;
        var leftovers = new List<string>();
        await foreach (LogEntry entry in CloudLoader.ReadAsync(log, StoreKeys.Staged, state.Revision, cancellationToken))
        {
            if (StoreKeys.SetOf(entry.Key) != state.Head.StagedSet)
            {
                leftovers.Add(entry.Key);
            }
        }

        // A set that another controller is staging right now loses chunks too: its commit compares them, fails, and starts over.
        foreach (string[] keys in leftovers.Chunk(BatchOperations))
        {
            await log.TransactAsync(
                new LogTransaction([new LogCompare(StoreKeys.Head, state.HeadRevision)], [.. keys.Select(LogOperation.Delete)]), cancellationToken);
        }

        if (leftovers.Count > 0)
        {
            LogSwept(leftovers.Count);
        }
    }

    /// <summary>Gives every new port a number that no port alive has.</summary>
    private static (CloudHead Head, ImmutableArray<StagedWrite> Writes) Number(CloudState state, IReadOnlyList<PlannedWrite> writes)
    {
        uint last = state.Head.LastPortNumber;
        HashSet<uint>? taken = null;
        var numbered = ImmutableArray.CreateBuilder<StagedWrite>(writes.Count);
        foreach (PlannedWrite write in writes)
        {
            if (write.Resource is not { } resource)
            {
                numbered.Add(new StagedWrite(write.Id, null));
                continue;
            }

            uint number = state.Stored.GetValueOrDefault(write.Id)?.Number ?? 0;
            if (number == 0 && write.Id.Kind == ResourceKind.Port)
            {
                do
                {
                    // Numbers run upwards, and around after 2^32 of them: then those of living ports are passed over.
                    last = last == uint.MaxValue ? 1 : last + 1;
                }
                while ((taken ??= [.. state.PortNumbers.Values]).Contains(last));
                number = last;
            }

            numbered.Add(new StagedWrite(write.Id, new StoredResource(resource, number, write.Set, 0)));
        }

        return (new CloudHead(last), numbered.ToImmutable());
    }

    private static IEnumerable<ImmutableArray<LogOperation>> Batches(ImmutableArray<StagedWrite> writes)
    {
        var batch = ImmutableArray.CreateBuilder<LogOperation>();
        int size = 0;
        foreach (StagedWrite write in writes)
        {
            LogOperation operation = Operation(write, withRevision: true);
            if (batch.Count == BatchOperations || (batch.Count > 0 && size + Size(operation) > BatchBytes))
            {
                yield return batch.ToImmutable();
                batch.Clear();
                size = 0;
            }

            batch.Add(operation);
            size += Size(operation);
        }

        if (batch.Count > 0)
        {
            yield return batch.ToImmutable();
        }
    }

    private static LogOperation Operation(StagedWrite write, bool withRevision) =>
        write.Resource is { } resource
            ? new LogOperation(StoreKeys.Of(write.Id), resource.ToBytes(withRevision))
            : LogOperation.Delete(StoreKeys.Of(write.Id));

    private static ImmutableArray<LogOperation> Deletions(string set, int chunks) =>
        [.. Enumerable.Range(0, chunks).Select(i => LogOperation.Delete(StoreKeys.Chunk(set, i)))];

    private static int Size(LogOperation operation) => 2 * operation.Key.Length + (operation.Value?.Length ?? 0);

    [LoggerMessage(LogLevel.Debug, "{Objects} objects became visible at revision {Revision} by a set of {Chunks} chunks")]
    private partial void LogStaged(int objects, int chunks, long revision);

    [LoggerMessage(LogLevel.Warning, "A staged change set waits to be written down: {Reason}")]
    private partial void LogNotWrittenDown(Exception exception, string reason);

    [LoggerMessage(LogLevel.Information, "Swept {Chunks} chunks of change sets that never became visible")]
    private partial void LogSwept(int chunks);
}

namespace Hnv.StateLog;

/// <summary>
/// An ordered key–value log: the one place where the cloud's desired state lives. Every engine (Memory, SQLite, later etcd)
/// gives exactly these guarantees, and one conformance suite holds them to it.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>A committed transaction gets a revision: one number, greater than every earlier one, never reused, even after a crash.</item>
/// <item><see cref="TransactAsync"/> returns only when the write is durable.</item>
/// <item>Keys are ordered by the bytes of their UTF-8 form.</item>
/// <item>A transaction holds at most <see cref="StateLogLimits.MaxOperations"/> operations and
/// <see cref="StateLogLimits.MaxBytes"/> bytes, in every engine (etcd's limits).</item>
/// </list>
/// </remarks>
public interface IStateLog : IAsyncDisposable
{
    /// <summary>The newest committed revision; 0 for an empty log.</summary>
    ValueTask<long> GetRevisionAsync(CancellationToken cancellationToken = default);

    /// <summary>Reads the entries whose keys begin with <paramref name="prefix"/>, in key order.</summary>
    /// <param name="prefix">A key prefix; the empty string for all.</param>
    /// <param name="options">Revision to read at, page size and where the page begins.</param>
    /// <exception cref="CompactedException">The revision asked for was compacted away.</exception>
    /// <exception cref="FutureRevisionException">The revision asked for has not been committed.</exception>
    ValueTask<RangeResult> RangeAsync(string prefix, RangeOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Commits all operations under one new revision if every comparison holds; otherwise writes nothing.
    /// A key may occur once among the operations.
    /// </summary>
    /// <exception cref="TransactionTooLargeException">More operations or bytes than <see cref="StateLogLimits"/> allows.</exception>
    ValueTask<TransactionResult> TransactAsync(LogTransaction transaction, CancellationToken cancellationToken = default);

    /// <summary>
    /// Streams every event with a revision ≥ <paramref name="fromRevision"/> whose key begins with <paramref name="prefix"/>,
    /// oldest first, then those to come. Events of one revision arrive in one batch. Batches without events are progress marks:
    /// everything up to their revision was delivered.
    /// </summary>
    /// <exception cref="CompactedException">Events from that revision on are no longer complete: list again.</exception>
    IAsyncEnumerable<LogBatch> WatchAsync(string prefix, long fromRevision, CancellationToken cancellationToken = default);

    /// <summary>Forgets superseded values and deletions of revisions ≤ <paramref name="revision"/>. Live values stay.</summary>
    /// <exception cref="CompactedException">Already compacted beyond it.</exception>
    /// <exception cref="FutureRevisionException">Not committed yet.</exception>
    ValueTask CompactAsync(long revision, CancellationToken cancellationToken = default);
}

/// <summary>Limits that hold in every engine: those of etcd's defaults.</summary>
public static class StateLogLimits
{
    /// <summary>Operations and comparisons, each, of one transaction.</summary>
    public const int MaxOperations = 100;

    /// <summary>Bytes of all keys and values of one transaction.</summary>
    public const int MaxBytes = 1 << 20;
}

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
    /// <param name="options">
    /// Revision to read at, page size and where the page begins. Pages read at the revision of the first one fit together,
    /// whatever is written meanwhile.
    /// </param>
    /// <exception cref="CompactedException">
    /// The revision asked for was compacted away. The compacted revision itself can still be read, so a list and a compaction at the
    /// list's revision never leave a gap before the watch from the next revision.
    /// </exception>
    /// <exception cref="FutureRevisionException">The revision asked for has not been committed.</exception>
    ValueTask<RangeResult> RangeAsync(string prefix, RangeOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Commits all operations under one new revision if every comparison holds; otherwise writes nothing.
    /// A key may occur once among the operations. Cancelling takes back a write that still waits; one that has begun is finished, and
    /// its result returned. After another <see cref="StateLogException"/> the write may or may not have been kept: read to know.
    /// </summary>
    /// <exception cref="ArgumentException">A key is empty, no well-formed Unicode, or written twice.</exception>
    /// <exception cref="TransactionTooLargeException">More operations or bytes than <see cref="StateLogLimits"/> allows.</exception>
    ValueTask<TransactionResult> TransactAsync(LogTransaction transaction, CancellationToken cancellationToken = default);

    /// <summary>
    /// Streams every event with a revision ≥ <paramref name="fromRevision"/> whose key begins with <paramref name="prefix"/>,
    /// oldest first, then those to come. Events of one revision arrive in one batch, in key order. Batches without events are
    /// progress marks: everything up to their revision was delivered. A watch that has caught up says so, by a batch with the newest
    /// revision or by a mark; one from the next revision on begins with a mark.
    /// </summary>
    /// <remarks>
    /// A slow reader costs bounded memory and holds up nobody. The stream ends only by cancellation
    /// (<see cref="OperationCanceledException"/>), when the log is disposed (<see cref="ObjectDisposedException"/>), or on failure.
    /// </remarks>
    /// <exception cref="CompactedException">
    /// Events from that revision on are no longer complete, from the start or since a compaction overtook the reader: list again.
    /// </exception>
    IAsyncEnumerable<LogBatch> WatchAsync(string prefix, long fromRevision, CancellationToken cancellationToken = default);

    /// <summary>
    /// Forgets what only revisions before <paramref name="revision"/> need, and all events up to it: values superseded by then and
    /// deletions. What lived at that revision stays. Compacting again at the same revision changes nothing.
    /// </summary>
    /// <exception cref="CompactedException">Already compacted beyond it.</exception>
    /// <exception cref="FutureRevisionException">Not committed yet.</exception>
    ValueTask CompactAsync(long revision, CancellationToken cancellationToken = default);
}

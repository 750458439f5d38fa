using Hnv.StateLog.Keys;
using Hnv.StateLog.Watching;
using Microsoft.Data.Sqlite;

namespace Hnv.StateLog.Sqlite;

/// <summary>
/// The log in one SQLite file: the embedded default. Write-ahead log with a sync per commit (<c>synchronous=FULL</c>), one writer,
/// readers by snapshot. One process at a time may have it open.
/// </summary>
public sealed class SqliteStateLog : IStateLog, IWatchSource
{
    private readonly FileStream _lock;
    private readonly WatchLimits _limits;
    private readonly int _sweepRows;
    private readonly SqliteReaderPool _readers;
    private readonly WatchHub _hub;
    private readonly WriteQueue _writes;
    private int _disposed;

    private SqliteStateLog(string path, FileStream storeLock, SqliteWriter writer, SqliteStateLogOptions options)
    {
        (FilePath, _lock, _limits, _sweepRows) = (path, storeLock, options.Watching, options.SweepRows);
        _readers = new SqliteReaderPool(path);
        _hub = new WatchHub(this, _limits, writer.Revision, writer.Compacted);
        _writes = new WriteQueue(writer, _hub, path);
    }

    /// <summary>The database file, absolute, links followed.</summary>
    public string FilePath { get; }

    /// <summary>Opens the store, or creates it (mode 0600) with its directory.</summary>
    /// <exception cref="StateLogException">
    /// It is in use, damaged, of another application or of a newer version, half restored, or may not be opened; the message names the file
    /// and what helps.
    /// </exception>
    public static SqliteStateLog Open(string path) => Open(path, SqliteStateLogOptions.Default);

    internal static SqliteStateLog Open(string path, SqliteStateLogOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        FileStream? storeLock = null;
        SqliteWriter? writer = null;
        string file = path;
        try
        {
            file = SqliteFile.Resolve(path);
            SqliteFile.EnsureDirectory(file);
            storeLock = StoreLock.Acquire(file);
            LogRestore.RefuseUnfinished(file);
            SqliteFile.EnsureExists(file);
            writer = new SqliteWriter(SqliteFile.OpenForWriting(file, options));
            FinishCompaction(writer, options.SweepRows);
            return new SqliteStateLog(file, storeLock, writer, options);
        }
        catch (Exception e)
        {
            writer?.Dispose();
            storeLock?.Dispose();
            switch (e)
            {
                case SqliteException s:
                    throw SqliteErrors.Describe(file, s);
                case IOException or UnauthorizedAccessException:
                    throw new StateLogException($"State log {file} cannot be opened: {e.Message} Check the path, its owner and mode.", e);
                default:
                    throw;
            }
        }
    }

    public ValueTask<long> GetRevisionAsync(CancellationToken cancellationToken = default) =>
        _readers.UseAsync(r => r.ReadRevision(), cancellationToken);

    public ValueTask<RangeResult> RangeAsync(
        string prefix, RangeOptions? options = null, CancellationToken cancellationToken = default)
    {
        var range = CheckedRange.Check(prefix, options);
        return _readers.UseAsync(r => r.ReadRange(range, cancellationToken), cancellationToken);
    }

    public ValueTask<TransactionResult> TransactAsync(LogTransaction transaction, CancellationToken cancellationToken = default)
    {
        var wanted = CheckedTransaction.Check(transaction);
        return new(_writes.SubmitAsync(w => w.Transact(wanted), cancellationToken));
    }

    public IAsyncEnumerable<LogBatch> WatchAsync(string prefix, long fromRevision, CancellationToken cancellationToken = default)
    {
        _ = KeyRange.Of(prefix);
        ArgumentOutOfRangeException.ThrowIfNegative(fromRevision);
        return _hub.WatchAsync(prefix, fromRevision, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The compaction is valid, and durable, with the first commit; the rows go in steps between the commits of others. When
    /// cancelled in between, or cut off by a crash, the next compaction or opening removes the rest. The file does not shrink; its free
    /// pages are used again.
    /// </remarks>
    public async ValueTask CompactAsync(long revision, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(revision);
        await _writes.SubmitAsync(
            w =>
            {
                w.Compact(revision);
                return true;
            },
            cancellationToken);
        while (await _writes.SubmitAsync(w => w.Sweep(_sweepRows), cancellationToken))
        {
            // Others' writes come between the steps.
        }

        await _writes.SubmitAloneAsync(w => w.Checkpoint(), cancellationToken);
    }

    /// <summary>Writes a consistent copy of the log, as of one moment during the call, to a new file (mode 0600). Writers go on meanwhile.</summary>
    /// <exception cref="StateLogException">The file exists already, or cannot be written.</exception>
    public async ValueTask BackupAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string target = Path.GetFullPath(path);
        await Task.Run(
            () => _readers.UseAsync(
                r =>
                {
                    SqliteBackup.Write(r, target);
                    return true;
                },
                cancellationToken).AsTask(),
            cancellationToken);
    }

    /// <summary>The same, of a log that another process may have open: a running controller's.</summary>
    /// <exception cref="StateLogException">There is no log at <paramref name="source"/>, or the copy exists already or cannot be written.</exception>
    public static void Backup(string source, string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(source))
        {
            throw new StateLogException($"There is no state log {source}.");
        }

        try
        {
            using var reader = new SqliteReader(source);
            SqliteBackup.Write(reader, Path.GetFullPath(path));
        }
        catch (SqliteException e)
        {
            throw SqliteErrors.Describe(source, e);
        }
    }

    /// <summary>The revision of a log that another process may have open.</summary>
    /// <exception cref="StateLogException">There is no log at <paramref name="path"/>, or it cannot be read.</exception>
    public static long ReadRevision(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using var reader = new SqliteReader(path);
            return reader.ReadRevision();
        }
        catch (SqliteException e)
        {
            throw SqliteErrors.Describe(path, e);
        }
    }

    /// <summary>
    /// Makes a copy that nobody has open go on at a later revision, as if nothing had happened in between. Its history is forgotten, so who
    /// watched the original from anywhere before is told to list again.
    /// </summary>
    /// <exception cref="StateLogException">It is no log, or cannot be written.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="revision"/> is not later than the log's.</exception>
    public static void ContinueAt(string path, long revision)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using FileStream storeLock = StoreLock.Acquire(path);
            using var writer = new SqliteWriter(SqliteFile.OpenForWriting(path, SqliteStateLogOptions.Default));
            writer.Begin();
            writer.ContinueAt(revision);
            writer.Commit();
        }
        catch (SqliteException e)
        {
            throw SqliteErrors.Describe(path, e);
        }
    }

    /// <summary>Keeps every process from opening the log of that path, which need not exist, until what is returned is disposed.</summary>
    /// <exception cref="StateLogException">It is open somewhere.</exception>
    public static IDisposable Reserve(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string file = SqliteFile.Resolve(path);
        SqliteFile.EnsureDirectory(file);
        return StoreLock.Acquire(file);
    }

    /// <summary>Finishes the writes under way, ends the watches, closes the file and lets other processes have it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _hub.Dispose();
        await _readers.DisposeAsync();
        await _writes.DisposeAsync();
        await _lock.DisposeAsync();
    }

    ValueTask<WatchPage> IWatchSource.ReadEventsAsync(string prefix, long afterRevision, CancellationToken cancellationToken)
    {
        var keys = KeyRange.Of(prefix);
        return _readers.UseAsync(r => r.ReadEvents(keys, afterRevision, _limits, cancellationToken), cancellationToken);
    }

    /// <summary>Removes what a compaction left when the process died in it, and reads where the log stands.</summary>
    private static void FinishCompaction(SqliteWriter writer, int rows)
    {
        bool more;
        do
        {
            writer.Begin();
            more = writer.Sweep(rows);
            writer.Commit();
        }
        while (more);
    }
}

using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Hnv.StateLog.Sqlite;

/// <summary>
/// The connection that writes, and one SQLite transaction at a time on it: <see cref="Begin"/>, work of any number of requests,
/// <see cref="Commit"/>. Used by one thread at a time.
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly PreparedCommand _begin;
    private readonly PreparedCommand _commit;
    private readonly PreparedCommand _readLog;
    private readonly PreparedCommand _writeLog;
    private readonly PreparedCommand _readNewest;
    private readonly PreparedCommand _supersede;
    private readonly PreparedCommand _insert;
    private readonly PreparedCommand _sweepSuperseded;
    private readonly PreparedCommand _sweepDeletions;
    private readonly List<LogBatch> _batches = [];
    private (long Revision, long Compacted) _stored;

    public SqliteWriter(SqliteConnection connection)
    {
        _connection = connection;
        _begin = new(connection, "BEGIN IMMEDIATE");
        _commit = new(connection, "COMMIT");
        _readLog = new(connection, SqliteSchema.ReadLog);
        _writeLog = new(connection, SqliteSchema.WriteLog, "$revision", "$compacted");
        _readNewest = new(connection, SqliteSchema.ReadNewest, "$key");
        _supersede = new(connection, SqliteSchema.Supersede, "$revision", "$id");
        _insert = new(connection, SqliteSchema.Insert, "$key", "$revision", "$created", "$value");
        _sweepSuperseded = new(connection, SqliteSchema.SweepSuperseded, "$compacted", "$limit");
        _sweepDeletions = new(connection, SqliteSchema.SweepDeletions, "$compacted", "$limit");
    }

    /// <summary>Including what the transaction under way has written.</summary>
    public long Revision { get; private set; }

    /// <inheritdoc cref="Revision"/>
    public long Compacted { get; private set; }

    /// <summary>The revisions of the transaction under way, in order.</summary>
    public IReadOnlyList<LogBatch> Batches => _batches;

    public void Begin()
    {
        _begin.Execute();
        _batches.Clear();

        // Read anew each time, so that nothing of a transaction that failed lives on.
        using SqliteDataReader row = _readLog.Query();
        row.Read();
        _stored = (Revision, Compacted) = (row.GetInt64(0), row.GetInt64(1));
    }

    public void Commit()
    {
        if ((Revision, Compacted) != _stored)
        {
            _writeLog.Execute(Revision, Compacted);
        }

        _commit.Execute();
    }

    /// <summary>SQLite has rolled back by itself after some errors; asking again would be another error.</summary>
    public void Rollback()
    {
        if (raw.sqlite3_get_autocommit(_connection.Handle) == 0)
        {
            SqliteFile.Execute(_connection, "ROLLBACK");
        }
    }

    public TransactionResult Transact(CheckedTransaction transaction)
    {
        ImmutableArray<LogConflict> conflicts =
        [
            .. transaction.Compares
                .Select(c => new LogConflict(c.Key, c.ModRevision, ReadNewest(c.KeyBytes) is { Value: not null } live ? live.Revision : 0))
                .Where(c => c.Expected != c.Found),
        ];
        if (!conflicts.IsEmpty)
        {
            return new(Succeeded: false, Revision, conflicts);
        }

        long revision = Revision + 1;
        var events = ImmutableArray.CreateBuilder<LogEvent>();
        foreach (CheckedOperation operation in transaction.Operations)
        {
            if (Write(operation, revision) is { } done)
            {
                events.Add(done);
            }
        }

        if (events.Count > 0)
        {
            Revision = revision;
            _batches.Add(new(revision, events.ToImmutable()));
        }

        return new(Succeeded: true, Revision, []);
    }

    /// <summary>Makes the compaction valid; the rows it covers go by <see cref="Sweep"/>.</summary>
    public void Compact(long revision)
    {
        CompactionRules.Check(revision, Revision, Compacted);
        Compacted = revision;
    }

    /// <summary>Goes on at a later revision; what lies between never was, and what lies before is forgotten.</summary>
    public void ContinueAt(long revision)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(revision, Revision);
        Revision = Compacted = revision;
    }

    /// <summary>Removes some of the rows that the compaction covers; false when none are left.</summary>
    public bool Sweep(int rows)
    {
        int swept = _sweepSuperseded.Execute(Compacted, rows);
        swept += swept < rows ? _sweepDeletions.Execute(Compacted, rows - swept) : 0;
        return swept == rows;
    }

    /// <summary>
    /// Writes the log back into the database and empties it, if no reader is in the way; otherwise a later checkpoint does, since
    /// writers must not wait for a backup.
    /// </summary>
    public void Checkpoint()
    {
        int timeout = _connection.DefaultTimeout;
        SqliteFile.Execute(_connection, "PRAGMA busy_timeout = 0");
        SqliteFile.Execute(_connection, "PRAGMA wal_checkpoint(TRUNCATE)");
        SqliteFile.Execute(_connection, $"PRAGMA busy_timeout = {timeout * 1000}");
    }

    public void Dispose()
    {
        PreparedCommand[] commands =
            [_begin, _commit, _readLog, _writeLog, _readNewest, _supersede, _insert, _sweepSuperseded, _sweepDeletions];
        foreach (PreparedCommand command in commands)
        {
            command.Dispose();
        }

        _connection.Dispose();
    }

    /// <summary>Null when it deletes what is absent.</summary>
    private LogEvent? Write(CheckedOperation operation, long revision)
    {
        NewestVersion? newest = ReadNewest(operation.KeyBytes);
        if (operation.Value is null && newest?.Value is null)
        {
            return null;
        }

        if (newest is not null)
        {
            _supersede.Execute(revision, newest.Id);
        }

        _insert.Execute(operation.KeyBytes, revision, newest?.Value is null ? revision : newest.Created, operation.Value);
        return new(operation.Key, OptionalBytes.Of(operation.Value), OptionalBytes.Of(newest?.Value), revision);
    }

    private NewestVersion? ReadNewest(byte[] key)
    {
        using SqliteDataReader row = _readNewest.Query(key);
        return row.Read()
            ? new(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.IsDBNull(3) ? null : row.GetFieldValue<byte[]>(3))
            : null;
    }

    private sealed record NewestVersion(long Id, long Revision, long Created, byte[]? Value);
}

using System.Collections.Immutable;
using Hnv.StateLog.Keys;
using Hnv.StateLog.Watching;
using Microsoft.Data.Sqlite;

namespace Hnv.StateLog.Sqlite;

/// <summary>A connection that reads; each method sees one snapshot. Used by one thread at a time.</summary>
internal sealed class SqliteReader : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly PreparedCommand _begin;
    private readonly PreparedCommand _end;
    private readonly PreparedCommand _readLog;
    private readonly PreparedCommand _range;
    private readonly PreparedCommand _events;

    public SqliteReader(string path)
    {
        _connection = SqliteFile.Connect(path, SqliteOpenMode.ReadOnly);
        _begin = new(_connection, "BEGIN");
        _end = new(_connection, "ROLLBACK");
        _readLog = new(_connection, SqliteSchema.ReadLog);
        _range = new(_connection, SqliteSchema.Range, "$low", "$high", "$at", "$limit");
        _events = new(_connection, SqliteSchema.Events, "$after", "$low", "$high");
    }

    public long ReadRevision() => ReadLog().Revision;

    public RangeResult ReadRange(CheckedRange range, CancellationToken cancellationToken) => InSnapshot((revision, compacted) =>
    {
        long at = range.RevisionToReadAt(revision, compacted);
        var entries = ImmutableArray.CreateBuilder<LogEntry>();

        // One more than asked for tells whether there are more.
        using SqliteDataReader row = _range.Query(range.Keys.Low, range.Keys.High, at, range.Limit + 1L);
        while (row.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (entries.Count == range.Limit)
            {
                return new RangeResult(at, entries.ToImmutable(), More: true);
            }

            entries.Add(new(
                KeyEncoding.Decode(row.GetFieldValue<byte[]>(0)), row.GetFieldValue<byte[]>(1), row.GetInt64(2), row.GetInt64(3)));
        }

        return new RangeResult(at, entries.ToImmutable(), More: false);
    });

    public WatchPage ReadEvents(KeyRange keys, long afterRevision, WatchLimits limits, CancellationToken cancellationToken) =>
        InSnapshot((revision, compacted) =>
        {
            if (afterRevision < compacted)
            {
                throw new CompactedException(afterRevision + 1, compacted);
            }

            var page = new WatchPageBuilder(limits);
            using SqliteDataReader row = _events.Query(afterRevision, keys.Low, keys.High);
            while (row.Read())
            {
                cancellationToken.ThrowIfCancellationRequested();
                var read = new LogEvent(KeyEncoding.Decode(row.GetFieldValue<byte[]>(1)), Value(row, 2), Value(row, 3), row.GetInt64(0));
                if (!page.TryAdd(read))
                {
                    break;
                }
            }

            return page.Build(revision);
        });

    /// <summary>SQLite's online backup, in one step: the copy is of one moment, and writers go on meanwhile.</summary>
    public void BackupTo(SqliteConnection destination) => _connection.BackupDatabase(destination);

    public void Dispose()
    {
        PreparedCommand[] commands = [_begin, _end, _readLog, _range, _events];
        foreach (PreparedCommand command in commands)
        {
            command.Dispose();
        }

        _connection.Dispose();
    }

    private T InSnapshot<T>(Func<long, long, T> read)
    {
        _begin.Execute();
        try
        {
            (long revision, long compacted) = ReadLog();
            return read(revision, compacted);
        }
        finally
        {
            _end.Execute();
        }
    }

    private (long Revision, long Compacted) ReadLog()
    {
        using SqliteDataReader row = _readLog.Query();
        row.Read();
        return (row.GetInt64(0), row.GetInt64(1));
    }

    private static ReadOnlyMemory<byte>? Value(SqliteDataReader row, int column) =>
        OptionalBytes.Of(row.IsDBNull(column) ? null : row.GetFieldValue<byte[]>(column));
}

using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Hnv.StateLog.Sqlite;

/// <summary>Readers kept open for reuse. Disposing waits for those in use.</summary>
internal sealed class SqliteReaderPool(string path) : IAsyncDisposable
{
    private const int MaxReaders = 8;

    private readonly SemaphoreSlim _permits = new(MaxReaders);
    private readonly ConcurrentBag<SqliteReader> _idle = [];
    private volatile bool _disposed;

    /// <exception cref="StateLogException">SQLite could not read.</exception>
    public async ValueTask<T> UseAsync<T>(Func<SqliteReader, T> use, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        await _permits.WaitAsync(cancellationToken);
        SqliteReader? reader = null;
        bool healthy = false;
        try
        {
            ThrowIfDisposed();
            reader = _idle.TryTake(out SqliteReader? idle) ? idle : new SqliteReader(path);
            T result = use(reader);
            healthy = true;
            return result;
        }
        catch (SqliteException e)
        {
            throw SqliteErrors.Describe(path, e);
        }
        catch (Exception e) when (e is StateLogException or OperationCanceledException)
        {
            healthy = true;
            throw;
        }
        finally
        {
            Return(reader, healthy);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        for (int i = 0; i < MaxReaders; i++)
        {
            await _permits.WaitAsync();
        }

        while (_idle.TryTake(out SqliteReader? reader))
        {
            reader.Dispose();
        }

        // Those who still wait find the pool disposed.
        _permits.Release(MaxReaders);
    }

    private void Return(SqliteReader? reader, bool healthy)
    {
        if (reader is not null && healthy)
        {
            _idle.Add(reader);
        }
        else
        {
            reader?.Dispose();
        }

        _permits.Release();
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, typeof(SqliteStateLog));
}

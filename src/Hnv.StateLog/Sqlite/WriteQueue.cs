using System.Threading.Channels;
using Hnv.StateLog.Watching;
using Microsoft.Data.Sqlite;

namespace Hnv.StateLog.Sqlite;

/// <summary>
/// One writer for all: requests that wait together are committed together, so that many concurrent writers share one sync of the
/// disk. Each transaction keeps its own revision; an error of SQLite fails the whole group, and nothing of it is kept.
/// </summary>
internal sealed class WriteQueue : IAsyncDisposable
{
    /// <summary>Requests that may wait, and that one commit takes: bounds memory to some times the largest transaction.</summary>
    private const int Capacity = 64;

    private readonly Channel<WriteRequest> _channel =
        Channel.CreateBounded<WriteRequest>(new BoundedChannelOptions(Capacity) { SingleReader = true });

    private readonly SqliteWriter _writer;
    private readonly WatchHub _hub;
    private readonly string _path;
    private readonly Task _loop;
    private StateLogException? _doubt;

    public WriteQueue(SqliteWriter writer, WatchHub hub, string path)
    {
        (_writer, _hub, _path) = (writer, hub, path);
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Returns what the work returned, once it is durable.</summary>
    /// <exception cref="StateLogException">It was refused, or could not be written.</exception>
    public Task<T> SubmitAsync<T>(Func<SqliteWriter, T> work, CancellationToken cancellationToken) =>
        SubmitAsync(new WriteRequest<T>(work), cancellationToken);

    /// <summary>Runs the work between two transactions.</summary>
    /// <exception cref="StateLogException">SQLite refused.</exception>
    public Task SubmitAloneAsync(Action<SqliteWriter> work, CancellationToken cancellationToken) => SubmitAsync(
        new WriteRequest<bool>(w =>
        {
            work(w);
            return true;
        })
        { IsAlone = true },
        cancellationToken);

    /// <summary>Finishes what was submitted, then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        _channel.Writer.TryComplete();
        await _loop;
        _writer.Dispose();
    }

    private async Task<T> SubmitAsync<T>(WriteRequest<T> request, CancellationToken cancellationToken)
    {
        await EnqueueAsync(request, cancellationToken);
        await using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister((r, token) => ((WriteRequest<T>)r!).Cancel(token), request);
        return await request.Completion;
    }

    private async ValueTask EnqueueAsync(WriteRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await _channel.Writer.WriteAsync(request, cancellationToken);
        }
        catch (ChannelClosedException e)
        {
            throw new ObjectDisposedException("The state log is closed.", e);
        }
    }

    private async Task RunAsync()
    {
        List<WriteRequest> group = new(Capacity);
        while (await _channel.Reader.WaitToReadAsync())
        {
            while (group.Count < Capacity
                && _channel.Reader.TryPeek(out WriteRequest? next) && (group.Count == 0 || !(next.IsAlone || group[0].IsAlone))
                && _channel.Reader.TryRead(out WriteRequest? request))
            {
                if (request.TryTake())
                {
                    group.Add(request);
                }
            }

            if (group.Count > 0)
            {
                Process(group);
                group.Clear();
            }
        }
    }

    private void Process(List<WriteRequest> group)
    {
        try
        {
            if (group[0].IsAlone)
            {
                group[0].Execute(_writer);
            }
            else
            {
                Commit(group);
            }

            group.ForEach(r => r.Answer());
        }
        catch (SqliteException e)
        {
            StateLogException reason = SqliteErrors.Describe(_path, e);
            _doubt ??= SqliteErrors.LeavesStoreInDoubt(e) ? reason : null;
            group.ForEach(r => r.Fail(reason));
        }
#pragma warning disable CA1031 // Whatever happened: those who wait must hear of it, and the loop must serve the next.
        catch (Exception e)
#pragma warning restore CA1031
        {
            group.ForEach(r => r.Fail(e));
        }
    }

    private void Commit(List<WriteRequest> group)
    {
        if (_doubt is not null)
        {
            throw new StateLogException($"State log {_path} takes no more writes since an earlier error: {_doubt.Message}", _doubt);
        }

        try
        {
            _writer.Begin();
            group.ForEach(r => r.Execute(_writer));
            _writer.Commit();
        }
        catch
        {
            _writer.Rollback();
            throw;
        }

        if (_writer.Batches.Count > 0)
        {
            _hub.Publish(_writer.Batches);
        }

        _hub.Compacted(_writer.Compacted);
    }
}

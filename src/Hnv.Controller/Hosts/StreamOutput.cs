using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Runtime.ExceptionServices;
using Hnv.Controller.Learning;

namespace Hnv.Controller.Hosts;

/// <summary>
/// The way to one host. Policy and learned addresses are written by different hands, one at a time: who comes while another writes is remembered and served
/// afterwards. What follows waits for a receiver that takes nothing, so that nothing piles up here.
/// </summary>
/// <param name="stop">The end of the stream.</param>
internal sealed class StreamOutput(PipeWriter writer, StreamTurns turns, ControllerOptions options, CancellationToken stop) : IDisposable
{
    /// <summary>Bytes after which the receiver is waited for: small lines go together, a large one alone.</summary>
    public const int Batch = 16 * 1024;

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _failed = new();
    private HashSet<LearnedCursor> _passed = [];
    private TaskCompletionSource? _next;
    private Exception? _failure;
    private bool _taken;
    private bool _closed;
    private int _unsent;

    /// <summary>Cancelled when learned addresses could not be sent; <see cref="ThrowIfFailed"/> says why.</summary>
    public CancellationToken Failed => _failed.Token;

    /// <summary>Whether enough was written to wait for the receiver.</summary>
    public bool IsFull => _unsent >= Batch;

    /// <summary>Waits until nobody else writes. <see cref="Exit"/> follows.</summary>
    public Task EnterAsync()
    {
        lock (_gate)
        {
            if (!_taken)
            {
                _taken = true;
                return Task.CompletedTask;
            }

            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _next.Task;
        }
    }

    /// <summary>Lets the next one write.</summary>
    public void Exit()
    {
        TaskCompletionSource? next;
        HashSet<LearnedCursor>? passed = null;
        lock (_gate)
        {
            (next, _next) = (_next, null);
            if (next is null)
            {
                _taken = false;
                passed = TakePassedLocked();
            }
        }

        next?.SetResult();
        if (passed is { Count: > 0 })
        {
            turns.Add(passed);
        }
    }

    /// <summary>In place of <see cref="Exit"/>: nobody writes any more.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _passed.Clear();
        }
    }

    /// <summary>Those who came while the caller wrote. It owes each of them a turn.</summary>
    public IReadOnlyCollection<LearnedCursor> TakePassed()
    {
        lock (_gate)
        {
            return TakePassedLocked();
        }
    }

    /// <summary>Appends to what is sent next. Of whoever entered.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(writer.GetSpan(bytes.Length));
        writer.Advance(bytes.Length);
        _unsent += bytes.Length;
    }

    /// <summary>Sends, and waits for the receiver while it is behind.</summary>
    /// <exception cref="OperationCanceledException">The stream ends, or the receiver took nothing for too long.</exception>
    public Task FlushAsync()
    {
        _unsent = 0;
        ValueTask<FlushResult> flush = writer.FlushAsync(stop);
        if (!flush.IsCompletedSuccessfully)
        {
            return WaitAsync(flush.AsTask());
        }

        _ = flush.Result;
        return Task.CompletedTask;
    }

    /// <summary>A turn of learned addresses: the next lines, as many as are sent together. What is left waits for another turn.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "The stream's task is told: nobody awaits a turn.")]
    public void Send(LearnedCursor cursor)
    {
        lock (_gate)
        {
            if (_taken)
            {
                if (!_closed)
                {
                    _passed.Add(cursor);
                }

                return;
            }

            _taken = true;
        }

        bool more = false;
        try
        {
            more = cursor.Append(this);
            if (_unsent > 0 && FlushAsync() is { IsCompletedSuccessfully: false } flush)
            {
                _ = FinishAsync(flush, cursor, more);
                return;
            }
        }
        catch (Exception e)
        {
            Fail(e);
        }

        Exit(cursor, more);
    }

    /// <exception cref="OperationCanceledException">The receiver took nothing for too long.</exception>
    public void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    public void Dispose() => _failed.Dispose();

    private async Task WaitAsync(Task<FlushResult> flush)
    {
        try
        {
            await flush.WaitAsync(options.StreamPatience, options.Time, stop);
        }
        catch (TimeoutException e)
        {
            writer.CancelPendingFlush();
            _ = await flush;
            throw new OperationCanceledException($"The host took nothing for {options.StreamPatience}.", e);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The stream's task is told: nobody awaits a turn.")]
    private async Task FinishAsync(Task flush, LearnedCursor cursor, bool more)
    {
        try
        {
            await flush;
        }
        catch (Exception e)
        {
            Fail(e);
        }

        Exit(cursor, more);
    }

    private void Exit(LearnedCursor cursor, bool more)
    {
        Exit();
        if (more)
        {
            turns.Add([cursor]);
        }
    }

    /// <summary>Ends the stream's task, which says it.</summary>
    private void Fail(Exception e)
    {
        _failure ??= e;
        _failed.Cancel();
    }

    private HashSet<LearnedCursor> TakePassedLocked()
    {
        HashSet<LearnedCursor> passed = _passed;
        if (passed.Count > 0)
        {
            _passed = [];
        }

        return passed;
    }
}

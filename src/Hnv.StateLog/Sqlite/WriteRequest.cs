namespace Hnv.StateLog.Sqlite;

/// <summary>Work that waits for the writer. It is executed inside a transaction, unless alone, and answered once that is durable.</summary>
internal abstract class WriteRequest
{
    /// <summary>Not inside a transaction, and so not together with others.</summary>
    public bool IsAlone { get; init; }

    /// <summary>False when it was cancelled while it waited. From here on it cannot be.</summary>
    public abstract bool TryTake();

    /// <summary>Does the work, and remembers its result or its refusal. Errors of SQLite go to the caller: they concern the whole group.</summary>
    public abstract void Execute(SqliteWriter writer);

    public abstract void Answer();

    public abstract void Fail(Exception reason);
}

internal sealed class WriteRequest<T>(Func<SqliteWriter, T> work) : WriteRequest
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _decided;
    private T? _result;
    private StateLogException? _refusal;

    public Task<T> Completion => _completion.Task;

    public override bool TryTake() => Interlocked.Exchange(ref _decided, 1) == 0;

    public void Cancel(CancellationToken cancellationToken)
    {
        if (TryTake())
        {
            _completion.TrySetCanceled(cancellationToken);
        }
    }

    public override void Execute(SqliteWriter writer)
    {
        try
        {
            _result = work(writer);
        }
        catch (StateLogException e)
        {
            _refusal = e;
        }
    }

    public override void Answer()
    {
        if (_refusal is not null)
        {
            _completion.TrySetException(_refusal);
        }
        else
        {
            _completion.TrySetResult(_result!);
        }
    }

    public override void Fail(Exception reason) => _completion.TrySetException(reason);
}

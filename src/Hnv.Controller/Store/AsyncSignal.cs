namespace Hnv.Controller.Store;

/// <summary>Wakes everybody who waits. Take <see cref="Next"/>, look at what you wait for, then await it: no wake-up is lost.</summary>
internal sealed class AsyncSignal
{
    private volatile TaskCompletionSource _next = New();

    /// <summary>Completes at the next <see cref="Set"/>.</summary>
    public Task Next => _next.Task;

    public void Set() => Interlocked.Exchange(ref _next, New()).SetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

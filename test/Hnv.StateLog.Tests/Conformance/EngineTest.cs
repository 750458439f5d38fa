using Hnv.StateLog.Tests.Support;

namespace Hnv.StateLog.Tests.Conformance;

/// <summary>Each test has an empty log of its own.</summary>
public abstract class EngineTest<TEngine> : IAsyncDisposable
    where TEngine : ILogEngine, new()
{
    private readonly TEngine _engine = new();

    protected IStateLog Log => _engine.Log;

    /// <summary>After it, nothing comes from memory that the engine did not keep.</summary>
    protected Task ReopenAsync() => _engine.ReopenAsync();

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

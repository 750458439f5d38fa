using Hnv.Agent.Counters;

namespace Hnv.Agent.Tests.Fakes;

/// <summary>What would be on disk.</summary>
internal sealed class FakeCounterStore : ICounterStore
{
    public CounterFile File { get; private set; } = CounterFile.Empty;

    public CounterFile Load() => File;

    /// <summary>Why it cannot be written.</summary>
    public string? Problem { get; set; }

    public void Save(CounterFile file) => File = Problem is null ? file : throw new IOException(Problem);
}

using Hnv.Agent.Counters;

namespace Hnv.Agent.Tests.Fakes;

/// <summary>What would be on disk.</summary>
internal sealed class FakeCounterStore : ICounterStore
{
    public CounterFile File { get; private set; } = CounterFile.Empty;

    public CounterFile Load() => File;

    public void Save(CounterFile file) => File = file;
}

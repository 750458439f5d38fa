namespace Hnv.Agent.Counters;

/// <summary>Where the book is kept. Counters are not worth stopping for: what cannot be read or written is told, and the agent goes on.</summary>
internal interface ICounterStore
{
    CounterFile Load();

    void Save(CounterFile file);
}

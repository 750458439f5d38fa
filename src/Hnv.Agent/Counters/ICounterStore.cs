namespace Hnv.Agent.Counters;

/// <summary>Where the book is kept. Counters are not worth stopping for: what cannot be read is told, and begins anew.</summary>
internal interface ICounterStore
{
    CounterFile Load();

    /// <summary>It is on disk when this returns.</summary>
    /// <exception cref="IOException">It cannot be written; what was there stands.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    void Save(CounterFile file);
}

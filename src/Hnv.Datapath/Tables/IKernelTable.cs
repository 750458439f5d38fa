using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Tables;

/// <summary>A map of the kernel, as far as <see cref="DeltaTracker{TKey,TValue}"/> needs one. Failures are <see cref="BpfException"/>s.</summary>
internal interface IKernelTable<TKey, TValue>
    where TKey : unmanaged, IEquatable<TKey>
    where TValue : unmanaged, IEquatable<TValue>
{
    string Name { get; }

    /// <summary>Entries there is room for.</summary>
    long Capacity { get; }

    List<KeyValuePair<TKey, TValue>> ReadAll();

    /// <summary>Makes room for this many entries in all, if it can; where it cannot, the writes will tell.</summary>
    void Reserve(long entries);

    void Update(TKey key, TValue value);

    void UpdateBatch(ReadOnlySpan<TKey> keys, ReadOnlySpan<TValue> values);

    /// <summary>Keys that are not there are passed over.</summary>
    void DeleteBatch(ReadOnlySpan<TKey> keys);
}

/// <summary>A plain map: its size is for life.</summary>
internal sealed class MapTable<TKey, TValue>(string name, BpfMap map) : IKernelTable<TKey, TValue>
    where TKey : unmanaged, IEquatable<TKey>
    where TValue : unmanaged, IEquatable<TValue>
{
    public string Name => name;

    public long Capacity => map.Info.MaxEntries;

    public List<KeyValuePair<TKey, TValue>> ReadAll() => map.ReadAll<TKey, TValue>();

    public void Reserve(long entries)
    {
    }

    public void Update(TKey key, TValue value) => map.Update(in key, in value);

    public void UpdateBatch(ReadOnlySpan<TKey> keys, ReadOnlySpan<TValue> values) => map.UpdateBatch(keys, values);

    public void DeleteBatch(ReadOnlySpan<TKey> keys) => map.DeleteBatch(keys);
}

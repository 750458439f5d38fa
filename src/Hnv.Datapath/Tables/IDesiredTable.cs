using System.Diagnostics.CodeAnalysis;

namespace Hnv.Datapath.Tables;

/// <summary>What a map of the kernel should hold. Changes are noted, and written by <see cref="IDataplane.Apply"/>.</summary>
public interface IDesiredTable<TKey, TValue>
    where TKey : unmanaged, IEquatable<TKey>
    where TValue : unmanaged, IEquatable<TValue>
{
    /// <summary>Name of the map, e.g. <c>records</c>.</summary>
    string Name { get; }

    /// <summary>How many entries are desired.</summary>
    int Count { get; }

    /// <summary>How many entries wait to be written or removed.</summary>
    int Pending { get; }

    /// <summary>Creates or replaces. A value that is in the kernel already costs no write.</summary>
    void Set(TKey key, TValue value);

    /// <returns>False when the key was not desired.</returns>
    bool Remove(TKey key);

    /// <summary>The desired value.</summary>
    bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value);

    /// <summary>Everything desired, in no order.</summary>
    IEnumerable<KeyValuePair<TKey, TValue>> Desired { get; }
}

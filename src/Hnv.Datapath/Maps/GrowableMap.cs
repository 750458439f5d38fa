using Hnv.Datapath.Tables;
using Hnv.Linux;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Maps;

/// <summary>
/// A hash inside an array of maps with one slot. It grows under traffic: a hash of twice the size is built beside it, the entries
/// are copied, and one write to the slot makes the programs use it from their next lookup on.
/// <code>
///   programs ──► array[0] ──► hash, 16 384        programs ──► array[0] ─┐   hash, 16 384
///                             copy ──►  hash, 32 768                     └─► hash, 32 768
/// </code>
/// The kernel returns from the write to the slot only when no program uses the old hash any more (synchronize_rcu), so what programs
/// wrote to the old one in the meantime is complete then and is carried over by <see cref="CarryOver"/>.
/// </summary>
internal sealed class GrowableMap<TKey, TValue> : IKernelTable<TKey, TValue>, IDisposable
    where TKey : unmanaged, IEquatable<TKey>
    where TValue : unmanaged, IEquatable<TValue>
{
    private const int ChunkSize = 4096;
    private readonly BpfMap _outer;
    private readonly Lock _swap = new();
    private readonly Lock _growing = new();
    private BpfMap _inner;

    /// <param name="outer">Stays the caller's; its slot 0 is filled.</param>
    public GrowableMap(string name, BpfMap outer)
    {
        Name = name;
        _outer = outer;
        _inner = outer.LookupInner(0u) ?? throw new InvalidOperationException($"The map of maps '{name}' is empty.");
    }

    /// <summary>Whether programs write to the map too; else the growing side is the only writer and a copy is exact.</summary>
    public bool WrittenByPrograms { get; init; }

    /// <summary>Of two values of a key, whether the second one is to be kept; for maps that programs write to.</summary>
    public Func<TValue, TValue, bool> IsNewer { get; init; } = (_, _) => true;

    /// <summary>Runs when the copy is made and the programs still use the old hash; lets a test write just there.</summary>
    public Action BeforeSwap { get; init; } = () => { };

    public string Name { get; }

    public long Capacity => Locked(inner => inner.Info.MaxEntries);

    public List<KeyValuePair<TKey, TValue>> ReadAll() => Locked(inner => inner.ReadAll<TKey, TValue>());

    public T Locked<T>(Func<BpfMap, T> read)
    {
        lock (_swap)
        {
            return read(_inner);
        }
    }

    public void Update(TKey key, TValue value) => _inner.Update(in key, in value);

    public void UpdateBatch(ReadOnlySpan<TKey> keys, ReadOnlySpan<TValue> values) => _inner.UpdateBatch(keys, values);

    public void DeleteBatch(ReadOnlySpan<TKey> keys) => _inner.DeleteBatch(keys);

    /// <summary>Writes one entry, whoever else writes or grows the map meanwhile; makes room where there is none.</summary>
    public void Put(TKey key, TValue value)
    {
        while (true)
        {
            try
            {
                Locked(map =>
                {
                    map.Update(in key, in value);
                    return true;
                });
                return;
            }
            catch (BpfException e) when (e.Errno == Errno.E2BIG)
            {
                // Others may fill the larger one, too, before this write: a map that cannot grow any more says so with another error.
                Reserve(Capacity);
            }
        }
    }

    /// <summary>Grows when the entries would fill more than three quarters.</summary>
    public void Reserve(long entries)
    {
        lock (_growing)
        {
            ReserveAlone(entries);
        }
    }

    private void ReserveAlone(long entries)
    {
        long capacity = _inner.Info.MaxEntries;
        while (entries * 4 > capacity * 3)
        {
            capacity *= 2;
        }

        if (capacity > _inner.Info.MaxEntries)
        {
            Grow(capacity);
        }
    }

    public void Dispose() => _inner.Dispose();

    private void Grow(long capacity)
    {
        BpfMap larger = CreateLike(_inner, capacity);
        try
        {
            List<KeyValuePair<TKey, TValue>> copied = _inner.ReadAll<TKey, TValue>();
            Write(larger, copied);
            BeforeSwap();
            lock (_swap)
            {
                _outer.UpdateInner(0u, larger);
                (_inner, larger) = (larger, _inner);
            }

            if (WrittenByPrograms)
            {
                CarryOver(copied, from: larger, to: _inner);
            }
        }
        finally
        {
            larger.Dispose();
        }
    }

    private static BpfMap CreateLike(BpfMap map, long capacity) =>
        BpfMap.Create(new BpfMapSpec(map.Info.Type, map.Info.KeySize, map.Info.ValueSize, capacity) { Name = map.Info.Name, Flags = map.Info.Flags });

    private static void Write(BpfMap map, List<KeyValuePair<TKey, TValue>> entries)
    {
        foreach (KeyValuePair<TKey, TValue>[] chunk in entries.Chunk(ChunkSize))
        {
            map.UpdateBatch<TKey, TValue>(Array.ConvertAll(chunk, entry => entry.Key), Array.ConvertAll(chunk, entry => entry.Value));
        }
    }

    /// <summary>What changed in the old hash between the copy and the last program's look at it.</summary>
    private void CarryOver(List<KeyValuePair<TKey, TValue>> copied, BpfMap from, BpfMap to)
    {
        var before = new Dictionary<TKey, TValue>(copied.Count);
        foreach ((TKey key, TValue value) in copied)
        {
            before[key] = value; // A walk of a live map may repeat a key.
        }

        foreach ((TKey key, TValue value) in from.ReadAll<TKey, TValue>())
        {
            bool unchanged = before.Remove(key, out TValue old) && old.Equals(value);
            if (unchanged)
            {
                continue;
            }

            if (!to.TryLookup(in key, out TValue current) || IsNewer(current, value))
            {
                to.Update(in key, in value);
            }
        }

        foreach ((TKey key, TValue value) in before)
        {
            // Deleted meanwhile, unless a program has written it anew since.
            if (to.TryLookup(in key, out TValue current) && current.Equals(value))
            {
                to.Delete(in key);
            }
        }
    }
}

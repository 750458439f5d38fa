using System.Runtime.InteropServices;
using Hnv.Linux.Native;

namespace Hnv.Linux.Bpf;

/// <content>
/// Many entries per system call: BPF_MAP_*_BATCH where the kernel has them for this type of map, entry by entry elsewhere,
/// so callers need not know.
/// </content>
public sealed unsafe partial class BpfMap
{
    private const int BatchSize = 4096;

    /// <summary>
    /// All entries, as of now (not an atomic picture while others write). Not for per-CPU maps: see <see cref="ReadAllPerCpu"/>.
    /// </summary>
    public List<KeyValuePair<TKey, TValue>> ReadAll<TKey, TValue>()
        where TKey : unmanaged
        where TValue : unmanaged
    {
        CheckSizes(sizeof(TKey), sizeof(TValue));
        var entries = new List<KeyValuePair<TKey, TValue>>();
        ReadAllRaw((key, value) => entries.Add(new(MemoryMarshal.Read<TKey>(key), MemoryMarshal.Read<TValue>(value))));
        return entries;
    }

    /// <summary>All entries of a per-CPU map; each value holds one element per possible CPU.</summary>
    public List<KeyValuePair<TKey, TValue[]>> ReadAllPerCpu<TKey, TValue>()
        where TKey : unmanaged
        where TValue : unmanaged
    {
        CheckPerCpu<TValue>();
        CheckSizes(sizeof(TKey), Info.UserValueSize);
        var entries = new List<KeyValuePair<TKey, TValue[]>>();
        ReadAllRaw((key, value) =>
        {
            var values = new TValue[PossibleCpus.Count];
            for (var cpu = 0; cpu < values.Length; cpu++)
            {
                values[cpu] = MemoryMarshal.Read<TValue>(value[(cpu * Info.PerCpuStride)..]);
            }

            entries.Add(new(MemoryMarshal.Read<TKey>(key), values));
        });
        return entries;
    }

    /// <summary>Creates or replaces entries.</summary>
    /// <exception cref="BpfException">E2BIG when the map is full. Entries before the failing one are written.</exception>
    public void UpdateBatch<TKey, TValue>(ReadOnlySpan<TKey> keys, ReadOnlySpan<TValue> values)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        if (values.Length != keys.Length)
        {
            throw new ArgumentException($"{keys.Length} keys, but {values.Length} values.", nameof(values));
        }

        CheckSizes(sizeof(TKey), sizeof(TValue));
        fixed (TKey* keyPointer = keys)
        fixed (TValue* valuePointer = values)
        {
            if (keys.Length > 0 && !TryBatch(BpfCommand.MapUpdateBatch, keyPointer, valuePointer, keys.Length, out var done))
            {
                // Whatever stopped the batch stops the single update too, and that one says why.
                for (var i = done; i < keys.Length; i++)
                {
                    Update(in keys[i], in values[i]);
                }
            }
        }
    }

    /// <summary>Removes entries; keys that are not there are passed over.</summary>
    public void DeleteBatch<TKey>(ReadOnlySpan<TKey> keys)
        where TKey : unmanaged
    {
        CheckSizes(sizeof(TKey), Info.UserValueSize);
        fixed (TKey* keyPointer = keys)
        {
            if (keys.Length > 0 && !TryBatch(BpfCommand.MapDeleteBatch, keyPointer, null, keys.Length, out var done))
            {
                for (var i = done; i < keys.Length; i++)
                {
                    Delete(in keys[i]); // The batch stops at the first missing key.
                }
            }
        }
    }

    private delegate void EntryReader(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    private bool TryBatch(BpfCommand command, void* keys, void* values, int count, out int done)
    {
        using var lease = new FdLease(Handle);
        var attribute = new BpfMapBatchAttribute { MapFd = lease.Fd, Keys = keys, Values = values, Count = (uint)count };
        var result = BpfCall.Invoke(command, ref attribute);
        // Kernels without this batch answer before they write the count; those with it count what they did.
        done = result >= 0 ? count : IsBatchUnsupported(LinuxException.LastErrno) ? 0 : (int)Math.Min(attribute.Count, (uint)count);
        if (done == count && result < 0)
        {
            done = 0; // Some errors leave the requested count behind; repeating an update or a deletion is harmless.
        }

        return result >= 0;
    }

    private void ReadAllRaw(EntryReader read)
    {
        if (!TryReadAllBatched(read))
        {
            ReadAllByKey(read);
        }
    }

    /// <returns>False when the kernel has no batches for this type of map; nothing was read then.</returns>
    private bool TryReadAllBatched(EntryReader read)
    {
        int keySize = Info.KeySize, valueSize = Info.UserValueSize;
        var capacity = (int)Math.Min(Info.MaxEntries, BatchSize);
        byte[] keys = new byte[capacity * keySize], values = new byte[capacity * valueSize];
        // The cursor is a bucket number in hash maps and a key elsewhere.
        byte[] cursor = new byte[Math.Max(keySize, sizeof(uint))], nextCursor = new byte[cursor.Length];
        var started = false;
        using var lease = new FdLease(Handle);
        while (true)
        {
            Errno error;
            int count;
            fixed (byte* keyPointer = keys, valuePointer = values, cursorPointer = cursor, nextPointer = nextCursor)
            {
                var attribute = new BpfMapBatchAttribute
                {
                    MapFd = lease.Fd,
                    InBatch = started ? cursorPointer : null,
                    OutBatch = nextPointer,
                    Keys = keyPointer,
                    Values = valuePointer,
                    Count = (uint)capacity,
                };
                error = BpfCall.Invoke(BpfCommand.MapLookupBatch, ref attribute) >= 0 ? Errno.None : LinuxException.LastErrno;
                count = (int)attribute.Count;
            }

            switch (error)
            {
                case Errno.ENOSPC: // One bucket holds more than the buffers; nothing was copied.
                    capacity *= 2;
                    (keys, values) = (new byte[capacity * keySize], new byte[capacity * valueSize]);
                    continue;
                case Errno.None or Errno.ENOENT: // ENOENT: this was the last part.
                    break;
                case var _ when !started && IsBatchUnsupported(error):
                    return false;
                default:
                    throw new BpfException($"read map '{Info.Name}'", error);
            }

            for (var i = 0; i < count; i++)
            {
                read(keys.AsSpan(i * keySize, keySize), values.AsSpan(i * valueSize, valueSize));
            }

            if (error == Errno.ENOENT)
            {
                return true;
            }

            (cursor, nextCursor, started) = (nextCursor, cursor, true);
        }
    }

    private void ReadAllByKey(EntryReader read)
    {
        byte[] previous = new byte[Info.KeySize], next = new byte[Info.KeySize], value = new byte[Info.UserValueSize];
        var more = TryGetNextKey([], next);
        for (var count = 0L; more && count < 2 * Info.MaxEntries; count++)
        {
            if (TryLookup(next, value))
            {
                read(next, value);
            }

            (previous, next) = (next, previous);
            more = TryGetNextKey(previous, next);
        }
    }

    private static bool IsBatchUnsupported(Errno error) => error is Errno.ENOTSUPP or Errno.EOPNOTSUPP or Errno.EINVAL;
}

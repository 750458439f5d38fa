using System.Runtime.InteropServices;
using Hnv.Linux.Native;

namespace Hnv.Linux.Bpf;

/// <content>Unmanaged structs as keys and values. Padding inside a key is compared by the kernel: leave none.</content>
public sealed unsafe partial class BpfMap
{
    public bool TryLookup<TKey, TValue>(in TKey key, out TValue value)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        value = default;
        return TryLookup(Bytes(in key), WritableBytes(ref value));
    }

    public void Update<TKey, TValue>(in TKey key, in TValue value, BpfUpdate mode = BpfUpdate.Any)
        where TKey : unmanaged
        where TValue : unmanaged => Update(Bytes(in key), Bytes(in value), mode);

    /// <returns>False when the key was not there.</returns>
    public bool Delete<TKey>(in TKey key)
        where TKey : unmanaged => Delete(Bytes(in key));

    /// <summary>The values of all possible CPUs, by CPU number; null when the key is missing.</summary>
    public TValue[]? LookupPerCpu<TKey, TValue>(in TKey key)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        CheckPerCpu<TValue>();
        var buffer = new byte[Info.UserValueSize];
        if (!TryLookup(Bytes(in key), buffer))
        {
            return null;
        }

        var values = new TValue[PossibleCpus.Count];
        for (var cpu = 0; cpu < values.Length; cpu++)
        {
            values[cpu] = MemoryMarshal.Read<TValue>(buffer.AsSpan(cpu * Info.PerCpuStride));
        }

        return values;
    }

    /// <param name="values">One for each possible CPU.</param>
    public void UpdatePerCpu<TKey, TValue>(in TKey key, ReadOnlySpan<TValue> values, BpfUpdate mode = BpfUpdate.Any)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        CheckPerCpu<TValue>();
        if (values.Length != PossibleCpus.Count)
        {
            throw new ArgumentException($"{values.Length} values for {PossibleCpus.Count} possible CPUs.", nameof(values));
        }

        var buffer = new byte[Info.UserValueSize];
        for (var cpu = 0; cpu < values.Length; cpu++)
        {
            MemoryMarshal.Write(buffer.AsSpan(cpu * Info.PerCpuStride), in values[cpu]);
        }

        Update(Bytes(in key), buffer, mode);
    }

    /// <summary>Puts a map into a map of maps.</summary>
    public void UpdateInner<TKey>(in TKey key, BpfMap inner, BpfUpdate mode = BpfUpdate.Any)
        where TKey : unmanaged
    {
        ArgumentNullException.ThrowIfNull(inner);
        using var lease = new FdLease(inner.Handle);
        var fd = lease.Fd;
        Update(in key, in fd, mode);
    }

    /// <summary>Puts a program into an array of programs; a lookup there returns its number (<see cref="BpfProgramInfo.Id"/>).</summary>
    public void UpdateProgram(uint index, BpfProgram program)
    {
        ArgumentNullException.ThrowIfNull(program);
        using var lease = new FdLease(program.Handle);
        var fd = lease.Fd;
        Update(in index, in fd);
    }

    /// <summary>Opens the map that a map of maps holds at a key; null when there is none.</summary>
    public BpfMap? LookupInner<TKey>(in TKey key)
        where TKey : unmanaged
    {
        while (TryLookup(in key, out uint id))
        {
            try
            {
                return FromId(id);
            }
            catch (BpfException e) when (e.Errno == Errno.ENOENT)
            {
                // Replaced, and freed, between the two calls: what is there now has another number.
            }
        }

        return null;
    }

    /// <summary>
    /// Walks the keys. Concurrent changes may repeat or miss keys, as with every walk of a live map; never longer than
    /// twice the map's size.
    /// </summary>
    public IEnumerable<TKey> Keys<TKey>()
        where TKey : unmanaged
    {
        var previous = new byte[Info.KeySize];
        var next = new byte[Info.KeySize];
        var more = TryGetNextKey([], next);
        for (var count = 0L; more && count < 2 * Info.MaxEntries; count++)
        {
            yield return MemoryMarshal.Read<TKey>(next);
            (previous, next) = (next, previous);
            more = TryGetNextKey(previous, next);
        }
    }

    private static ReadOnlySpan<byte> Bytes<T>(in T value)
        where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value));

    private static Span<byte> WritableBytes<T>(ref T value)
        where T : unmanaged => MemoryMarshal.AsBytes(new Span<T>(ref value));

    private void CheckPerCpu<TValue>()
        where TValue : unmanaged
    {
        if (!Info.IsPerCpu || sizeof(TValue) != Info.ValueSize)
        {
            throw new InvalidOperationException($"Map '{Info.Name}' ({Info.Type}, values of {Info.ValueSize} bytes) has no per-CPU values of {sizeof(TValue)} bytes.");
        }
    }
}

namespace Hnv.Linux.Bpf;

/// <summary>What <see cref="BpfMap.Create"/> makes.</summary>
/// <param name="Type">Kind of map.</param>
/// <param name="KeySize">Bytes of a key; 0 for ring buffers and queues.</param>
/// <param name="ValueSize">Bytes of a value of one CPU; 4 for maps of maps.</param>
/// <param name="MaxEntries">Entries; for a ring buffer its bytes, a power of two and a multiple of the page.</param>
public sealed record BpfMapSpec(BpfMapType Type, int KeySize, int ValueSize, long MaxEntries)
{
    /// <summary>The kernel keeps 15 characters of it.</summary>
    public string Name { get; init; } = "";

    public BpfMapFlags Flags { get; init; }

    /// <summary>For maps of maps: a map of the shape that all inner maps have. It may be disposed after creation.</summary>
    public BpfMap? InnerMap { get; init; }

    /// <summary>A spec with the sizes of unmanaged structs.</summary>
    public static unsafe BpfMapSpec Of<TKey, TValue>(BpfMapType type, long maxEntries)
        where TKey : unmanaged
        where TValue : unmanaged => new(type, sizeof(TKey), sizeof(TValue), maxEntries);
}

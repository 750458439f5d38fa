namespace Hnv.Linux.Bpf;

/// <summary>What the kernel says of a map (struct bpf_map_info).</summary>
/// <param name="Id">Number of the map, unique while it lives.</param>
/// <param name="ValueSize">Bytes of the value of one CPU.</param>
/// <param name="Name">Up to 15 characters.</param>
public sealed record BpfMapInfo(uint Id, BpfMapType Type, int KeySize, int ValueSize, long MaxEntries, BpfMapFlags Flags, string Name)
{
    public bool IsPerCpu => Type is BpfMapType.PerCpuHash or BpfMapType.PerCpuArray or BpfMapType.LruPerCpuHash;

    public bool IsMapOfMaps => Type is BpfMapType.ArrayOfMaps or BpfMapType.HashOfMaps;

    /// <summary>
    /// Bytes that user space reads and writes per entry: of per-CPU maps one value for each possible CPU, each rounded up
    /// to 8 bytes; of others one value.
    /// </summary>
    public int UserValueSize => IsPerCpu ? PerCpuStride * PossibleCpus.Count : ValueSize;

    /// <summary>Distance of the values of two CPUs in bytes.</summary>
    public int PerCpuStride => (ValueSize + 7) & ~7;
}

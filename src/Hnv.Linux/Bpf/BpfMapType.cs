namespace Hnv.Linux.Bpf;

/// <summary>enum bpf_map_type (linux/bpf.h), those of use to a packet data plane.</summary>
public enum BpfMapType
{
    Unspecified = 0,
    Hash = 1,
    Array = 2,
    ProgramArray = 3,
    PerCpuHash = 5,
    PerCpuArray = 6,
    LruHash = 9,
    LruPerCpuHash = 10,
    LpmTrie = 11,
    ArrayOfMaps = 12,
    HashOfMaps = 13,
    DevMap = 14,
    CpuMap = 16,
    Queue = 22,
    Stack = 23,
    DevMapHash = 25,
    RingBuffer = 27,
    BloomFilter = 30,
}

/// <summary>Flags of BPF_MAP_CREATE (BPF_F_*).</summary>
[Flags]
public enum BpfMapFlags
{
    None = 0,

    /// <summary>Entries are allocated as they come: memory follows use. Needed by LPM tries.</summary>
    NoPreallocation = 1 << 0,
    NoCommonLru = 1 << 1,
    NumaNode = 1 << 2,
    ReadOnlyFromUser = 1 << 3,
    WriteOnlyFromUser = 1 << 4,
    ReadOnlyFromProgram = 1 << 7,
    WriteOnlyFromProgram = 1 << 8,
    MemoryMappable = 1 << 10,

    /// <summary>Arrays in an array-of-maps may differ in max_entries.</summary>
    InnerMap = 1 << 12,
}

/// <summary>What an update may do (BPF_ANY, BPF_NOEXIST, BPF_EXIST).</summary>
public enum BpfUpdate
{
    /// <summary>Create or replace.</summary>
    Any = 0,

    /// <summary>Create; EEXIST when the key is there.</summary>
    Create = 1,

    /// <summary>Replace; ENOENT when the key is missing.</summary>
    Replace = 2,
}

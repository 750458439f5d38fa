using System.Runtime.InteropServices;

namespace Hnv.Linux.Native;

/// <summary>bpf(2): commands and the parts of union bpf_attr (linux/bpf.h) that each of them reads.</summary>
internal static unsafe class BpfCall
{
    public const int NameLength = 16; // BPF_OBJ_NAME_LEN, with the terminating zero

    /// <summary>__NR_bpf.</summary>
    private static readonly nint Number = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 321,
        Architecture.Arm64 => 280,
        var other => throw new PlatformNotSupportedException($"bpf(2) has no known number on {other}."),
    };

    /// <summary>Calls the kernel; a negative answer leaves its reason in <see cref="LinuxException.LastErrno"/>.</summary>
    public static int Invoke<T>(BpfCommand command, ref T attribute)
        where T : unmanaged
    {
        fixed (T* pointer = &attribute)
        {
            int result;
            do
            {
                result = (int)Libc.Syscall(Number, (nint)command, (nint)pointer, sizeof(T));
            }
            while (result < 0 && command == BpfCommand.ProgramLoad && LinuxException.LastErrno == Errno.EAGAIN); // A signal came while verifying.

            return result;
        }
    }

    /// <summary>Kernel names hold 15 characters of [A-Za-z0-9_.]; others become '_', so that a friendly name never fails a load.</summary>
    public static void WriteName(byte* destination, string name)
    {
        for (var i = 0; i < Math.Min(name.Length, NameLength - 1); i++)
        {
            destination[i] = char.IsAsciiLetterOrDigit(name[i]) || name[i] is '_' or '.' ? (byte)name[i] : (byte)'_';
        }
    }
}

/// <summary>enum bpf_cmd.</summary>
internal enum BpfCommand
{
    MapCreate = 0,
    MapLookup = 1,
    MapUpdate = 2,
    MapDelete = 3,
    MapGetNextKey = 4,
    ProgramLoad = 5,
    ObjectPin = 6,
    ObjectGet = 7,
    ProgramTestRun = 10,
    ProgramGetFdById = 13,
    MapGetFdById = 14,
    ObjectGetInfo = 15,
    MapLookupAndDelete = 21,
    MapLookupBatch = 24,
    MapUpdateBatch = 26,
    MapDeleteBatch = 27,
}

/// <summary>BPF_MAP_CREATE.</summary>
internal unsafe struct BpfMapCreateAttribute
{
    public uint Type, KeySize, ValueSize, MaxEntries, Flags, InnerMapFd, NumaNode;
    public fixed byte Name[BpfCall.NameLength];
}

/// <summary>BPF_MAP_*_ELEM and BPF_MAP_GET_NEXT_KEY; the third word is the value or the next key.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct BpfMapElementAttribute
{
    public int MapFd;
    public void* Key;
    public void* Value;
    public ulong Flags;
}

/// <summary>BPF_MAP_*_BATCH; <see cref="Count"/> is how many were asked for, then how many were done.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct BpfMapBatchAttribute
{
    public void* InBatch;
    public void* OutBatch;
    public void* Keys;
    public void* Values;
    public uint Count;
    public int MapFd;
    public ulong ElementFlags, Flags;
}

/// <summary>BPF_OBJ_PIN and BPF_OBJ_GET.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct BpfPathAttribute
{
    public byte* Path;
    public int Fd;
    public uint FileFlags;
}

/// <summary>BPF_*_GET_FD_BY_ID.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BpfIdAttribute
{
    public uint Id, NextId, OpenFlags;
}

/// <summary>BPF_OBJ_GET_INFO_BY_FD.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct BpfInfoAttribute
{
    public int Fd;
    public uint Length;
    public void* Info;
}

/// <summary>struct bpf_map_info, as far as this project reads it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct BpfMapInfoBuffer
{
    public uint Type, Id, KeySize, ValueSize, MaxEntries, Flags;
    public fixed byte Name[BpfCall.NameLength];
}

/// <summary>struct bpf_prog_info, as far as this project reads it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct BpfProgramInfoBuffer
{
    public uint Type, Id;
    public fixed byte Tag[8];
    public uint JitedLength, TranslatedLength;
    public ulong JitedInstructions, TranslatedInstructions, LoadTime;
    public uint CreatedByUid, MapIdCount;
    public uint* MapIds;
    public fixed byte Name[BpfCall.NameLength];
}

/// <summary>BPF_PROG_TEST_RUN.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct BpfTestRunAttribute
{
    public int ProgramFd;
    public uint ReturnValue, DataSizeIn, DataSizeOut;
    public void* DataIn;
    public void* DataOut;
    public uint Repeat, Duration, ContextSizeIn, ContextSizeOut;
    public void* ContextIn;
    public void* ContextOut;
    public uint Flags, Cpu, BatchSize;
}

/// <summary>BPF_PROG_LOAD, up to the name.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct BpfProgramLoadAttribute
{
    public uint Type, InstructionCount;
    public void* Instructions;
    public byte* License;
    public uint LogLevel, LogSize;
    public byte* LogBuffer;
    public uint KernelVersion, Flags;
    public fixed byte Name[BpfCall.NameLength];
}

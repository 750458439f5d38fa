namespace Hnv.Linux.Tests.Bpf;

/// <summary>struct bpf_insn in 8 bytes: opcode, dst:4 src:4, offset:16, immediate:32 (linux/bpf.h).</summary>
internal static class Instructions
{
    public static ulong Exit => Make(0x95, 0, 0, 0, 0);

    /// <summary>dst = immediate.</summary>
    public static ulong Move(int dst, int immediate) => Make(0xb7, dst, 0, 0, immediate);

    /// <summary>dst = *(u32 *)(src + offset).</summary>
    public static ulong Load32(int dst, int src, short offset) => Make(0x61, dst, src, offset, 0);

    /// <summary>*(u32 *)(dst + offset) = src.</summary>
    public static ulong Store32(int dst, short offset, int src) => Make(0x63, dst, src, offset, 0);

    /// <summary>Passes over some instructions unless the register has this value.</summary>
    public static ulong SkipUnlessEqual(int register, int value, short instructions) => Make(0x55, register, 0, instructions, value);

    /// <summary>r0 = helper(r1 … r5).</summary>
    public static ulong Call(int helper) => Make(0x85, 0, 0, 0, helper);

    /// <summary>dst = src.</summary>
    public static ulong Copy(int dst, int src) => Make(0xbf, dst, src, 0, 0);

    /// <summary>dst += immediate.</summary>
    public static ulong Add(int dst, int immediate) => Make(0x07, dst, 0, 0, immediate);

    /// <summary>dst = the map (BPF_PSEUDO_MAP_FD); takes two instructions.</summary>
    public static ulong[] LoadMap(int dst, int fd) => [Make(0x18, dst, 1, 0, fd), 0];

    private static ulong Make(byte opcode, int dst, int src, short offset, int immediate) =>
        opcode | ((ulong)(dst | (src << 4)) << 8) | ((ulong)(ushort)offset << 16) | ((ulong)(uint)immediate << 32);
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hnv.Linux.Bpf;

/// <summary>
/// struct __sk_buff (linux/bpf.h) as BPF_PROG_TEST_RUN takes and returns it. Settable fields are those the kernel accepts
/// from user space; it refuses (EINVAL) a context in which any other is not zero. Values are in host byte order.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 192)]
public struct SkBuffContext
{
    /// <summary>skb->mark.</summary>
    [FieldOffset(8)]
    public uint Mark;

    [FieldOffset(32)]
    public uint Priority;

    /// <summary>Where the packet came in (skb->skb_iif).</summary>
    [FieldOffset(36)]
    public uint IngressInterface;

    /// <summary>The device the packet is at; it must exist in the calling thread's namespace. 0 is loopback.</summary>
    [FieldOffset(40)]
    public uint Interface;

    /// <summary>skb->cb as BPF programs see it: 20 bytes of scratch that travel with the packet.</summary>
    [FieldOffset(48)]
    public ControlBlock Cb;

    /// <summary>Nanoseconds.</summary>
    [FieldOffset(152)]
    public ulong Timestamp;

    /// <summary>Bytes on the wire, headers of all segments included; 0 is the length of the packet.</summary>
    [FieldOffset(160)]
    public uint WireLength;

    [FieldOffset(164)]
    public uint GsoSegments;

    /// <summary>Payload bytes of a segment; 0 when the packet is no super-packet.</summary>
    [FieldOffset(176)]
    public uint GsoSize;

    [FieldOffset(184)]
    public ulong HardwareTimestamp;

    /// <summary>__u32 cb[5].</summary>
    [InlineArray(5)]
    public struct ControlBlock
    {
        private uint _first;
    }
}

using System.Runtime.InteropServices;

namespace Hnv.Linux.Packets;

/// <summary>
/// struct virtio_net_hdr (linux/virtio_net.h), 10 bytes in host byte order in front of each frame of a socket or tap with
/// <c>VnetHeader</c>: what hardware would still have to do to the frame. All zero: nothing.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct VirtioNetHeader
{
    public const int Size = 10;

    public VirtioNetFlags Flags;

    public VirtioGsoType GsoType;

    /// <summary>Bytes of the Ethernet, IP and transport headers together.</summary>
    public ushort HeaderLength;

    /// <summary>Payload bytes of a segment.</summary>
    public ushort GsoSize;

    /// <summary>Where summing begins, counted from the start of the frame.</summary>
    public ushort ChecksumStart;

    /// <summary>Where the sum goes, counted from <see cref="ChecksumStart"/>.</summary>
    public ushort ChecksumOffset;
}

/// <summary>VIRTIO_NET_HDR_F_*.</summary>
[Flags]
public enum VirtioNetFlags : byte
{
    None = 0,

    /// <summary>The transport checksum is partial: to be finished from <see cref="VirtioNetHeader.ChecksumStart"/> on.</summary>
    NeedsChecksum = 1,

    /// <summary>Received and known to be right.</summary>
    DataValid = 2,
}

/// <summary>VIRTIO_NET_HDR_GSO_*; the ECN bit (0x80) may be added.</summary>
public enum VirtioGsoType : byte
{
    None = 0,
    TcpV4 = 1,
    Udp = 3,
    TcpV6 = 4,
    UdpSegments = 5,
    Ecn = 0x80,
}

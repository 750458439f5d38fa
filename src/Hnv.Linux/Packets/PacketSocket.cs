using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Native;

namespace Hnv.Linux.Packets;

/// <summary>How a <see cref="PacketSocket"/> behaves.</summary>
public sealed record PacketSocketOptions
{
    /// <summary>Only frames that come in from the device, not those this host sends (PACKET_IGNORE_OUTGOING).</summary>
    public bool IgnoreOutgoing { get; init; }

    /// <summary>Every frame, both ways, is preceded by a <see cref="VirtioNetHeader"/> (PACKET_VNET_HDR), so super-packets stay whole.</summary>
    public bool VnetHeader { get; init; }

    /// <summary>skb->mark of what is sent (SO_MARK).</summary>
    public uint? Mark { get; init; }

    /// <summary>
    /// EtherType to receive, host byte order; the default 3 is ETH_P_ALL. With any other, what is sent counts as that
    /// protocol too, whatever its bytes say, and a super-packet of another is refused.
    /// </summary>
    public ushort Protocol { get; init; } = 3;

    /// <summary>Bytes of frames the kernel keeps for a reader that is behind.</summary>
    public int ReceiveBufferSize { get; init; } = 4 << 20;
}

/// <summary>
/// Whole Ethernet frames on one interface (packet(7), SOCK_RAW). A VLAN tag that a received frame carried is not among its
/// bytes: the kernel has taken it off by then. Errors of a living socket are <see cref="SocketException"/>s, e.g. NetworkDown.
/// For one reader and any number of senders at a time.
/// </summary>
public sealed class PacketSocket : IDisposable
{
    /// <summary>Longest super-packet with its headers.</summary>
    public const int MaxFrame = 65536 + 512;
    private const ushort KernelFamily = Netlink.KernelFamily.Packet;
    private const int RawSocket = 3; // SOCK_RAW
    private const int SocketLevel = 1, MarkOption = 36; // SOL_SOCKET, SO_MARK
    private const nuint LastStamp = 0x8907; // SIOCGSTAMPNS
    private const int PacketLevel = 263, VnetHeaderOption = 15, IgnoreOutgoingOption = 23; // SOL_PACKET, PACKET_*
    private readonly Socket _socket;

    /// <summary>Opens a socket in the network namespace of the calling thread; any thread may use it afterwards.</summary>
    /// <exception cref="LinuxException">ENODEV when there is no such interface.</exception>
    public unsafe PacketSocket(int interfaceIndex, PacketSocketOptions? options = null)
    {
        options ??= new PacketSocketOptions();
        // Protocol 0 receives nothing until it is bound, so no frame of another interface slips in.
        var handle = Libc.NewSocket(KernelFamily, RawSocket, 0, "a packet socket");
        try
        {
            if (options.IgnoreOutgoing)
            {
                SetOption(handle, PacketLevel, IgnoreOutgoingOption, 1);
            }

            if (options.VnetHeader)
            {
                SetOption(handle, PacketLevel, VnetHeaderOption, 1);
            }

            if (options.Mark is { } mark)
            {
                SetOption(handle, SocketLevel, MarkOption, (int)mark);
            }

            var address = new Address { Family = KernelFamily, Protocol = BinaryPrimitives.ReverseEndianness(options.Protocol), InterfaceIndex = interfaceIndex };
            if (Libc.Bind(handle, &address, (uint)sizeof(Address)) != 0)
            {
                throw LinuxException.FromLastError($"bind a packet socket to interface {interfaceIndex}");
            }
        }
        catch
        {
            handle.Dispose();
            throw;
        }

        _socket = new Socket(handle) { ReceiveBufferSize = options.ReceiveBufferSize };
    }

    public static PacketSocket Open(NetworkNamespace networkNamespace, int interfaceIndex, PacketSocketOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(networkNamespace);
        return networkNamespace.Run(() => new PacketSocket(interfaceIndex, options));
    }

    public void Send(ReadOnlySpan<byte> frame) => _socket.Send(frame);

    public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation = default) =>
        await _socket.SendAsync(frame, SocketFlags.None, cancellation);

    /// <summary>Waits for a frame; one that is longer than the buffer is cut.</summary>
    /// <param name="timeout">Zero: takes only what is there already.</param>
    /// <returns>Its length, or 0 when none came in time.</returns>
    public int Receive(Span<byte> buffer, TimeSpan timeout)
    {
        if (timeout <= TimeSpan.Zero && _socket.Available == 0)
        {
            return 0;
        }

        // 0 would mean "for ever".
        _socket.ReceiveTimeout = Math.Max(1, (int)timeout.TotalMilliseconds);
        try
        {
            return _socket.Receive(buffer);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            return 0;
        }
    }

    /// <returns>A copy of the next frame, or null when none came in time.</returns>
    public byte[]? Receive(TimeSpan timeout)
    {
        if (timeout <= TimeSpan.Zero && _socket.Available == 0)
        {
            return null;
        }

        var buffer = new byte[MaxFrame];
        var length = Receive(buffer, timeout);
        return length == 0 ? null : buffer[..length];
    }

    /// <summary>Waits for a frame until cancelled; one that is longer than the buffer is cut.</summary>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellation = default) =>
        _socket.ReceiveAsync(buffer, SocketFlags.None, cancellation);

    /// <summary>From now on frames are stamped, for <see cref="LastReceived"/>.</summary>
    public void StampReceived() => _ = ReadStamp(); // Asking for the first time switches it on, linux/Documentation/networking/timestamping.rst.

    /// <summary>When the kernel took the frame that was received last, of those since <see cref="StampReceived"/>: UTC, to 100 ns.</summary>
    /// <exception cref="LinuxException">ENOENT when none was received.</exception>
    public DateTime LastReceived() => ReadStamp() ?? throw new LinuxException("read the time of a received frame", Errno.ENOENT);

    public void Dispose() => _socket.Dispose();

    /// <returns>Null when nothing was stamped yet.</returns>
    private unsafe DateTime? ReadStamp()
    {
        Stamp stamp;
        if (Libc.Ioctl(_socket.SafeHandle, LastStamp, &stamp) != 0)
        {
            return Marshal.GetLastPInvokeError() == (int)Errno.ENOENT ? null : throw LinuxException.FromLastError("read the time of a received frame");
        }

        return DateTime.UnixEpoch.AddTicks((stamp.Seconds * TimeSpan.TicksPerSecond) + (stamp.Nanoseconds / TimeSpan.NanosecondsPerTick));
    }

    private static unsafe void SetOption(SafeSocketHandle handle, int level, int name, int value)
    {
        if (Libc.SetSocketOption(handle, level, name, &value, sizeof(int)) != 0)
        {
            throw LinuxException.FromLastError($"set option {name} of level {level} of a packet socket");
        }
    }

    /// <summary>struct timespec of a 64-bit machine.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Stamp
    {
        public long Seconds;
        public long Nanoseconds;
    }

    /// <summary>struct sockaddr_ll, linux/if_packet.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Address
    {
        public ushort Family;
        public ushort Protocol; // network byte order
        public int InterfaceIndex;
        private readonly ushort _hardwareType;
        private readonly byte _packetType;
        private readonly byte _addressLength;
        private readonly ulong _address;
    }
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Native;

namespace Hnv.Linux.Packets;

/// <summary>
/// Sends UDP datagrams as fast as sendmmsg(2) takes them: many with one system call, each to the next address of a list.
/// For one thread at a time.
/// </summary>
public sealed unsafe class DatagramBurst : IDisposable
{
    private const int Batch = 64;
    private readonly Socket _socket;
    private readonly SocketAddress[] _destinations;
    private readonly byte* _payload;
    private readonly IoVector* _vector;
    private readonly Libc.MessageHeader* _messages;
    private readonly SocketAddress* _addresses;
    private int _next;

    /// <param name="inside">Network namespace to send from.</param>
    /// <param name="destinations">Addresses of one family, taken in turn, again and again.</param>
    /// <param name="port">UDP port, host byte order.</param>
    /// <param name="payload">Bytes of each datagram; zeros.</param>
    public DatagramBurst(NetworkNamespace inside, IReadOnlyList<IPAddress> destinations, int port, int payload)
    {
        ArgumentNullException.ThrowIfNull(inside);
        ArgumentNullException.ThrowIfNull(destinations);
        if (destinations.Count == 0)
        {
            throw new ArgumentException("There must be somebody to send to.", nameof(destinations));
        }

        AddressFamily family = destinations[0].AddressFamily;
        if (destinations.Any(address => address.AddressFamily != family))
        {
            throw new ArgumentException("All addresses must be of one family.", nameof(destinations));
        }

        _destinations = [.. destinations.Select(address => SocketAddress.From(address, port))];
        _socket = inside.Run(() => new Socket(family, SocketType.Dgram, ProtocolType.Udp));
        _payload = (byte*)NativeMemory.AllocZeroed((nuint)payload + 1);
        _vector = (IoVector*)NativeMemory.AllocZeroed((nuint)sizeof(IoVector));
        _messages = (Libc.MessageHeader*)NativeMemory.AllocZeroed(Batch, (nuint)sizeof(Libc.MessageHeader));
        _addresses = (SocketAddress*)NativeMemory.AllocZeroed(Batch, (nuint)sizeof(SocketAddress));
        *_vector = new IoVector { Start = (nint)_payload, Length = (nuint)payload };
        for (var i = 0; i < Batch; i++)
        {
            _messages[i] = new Libc.MessageHeader
            {
                Name = (nint)(_addresses + i),
                NameLength = family == AddressFamily.InterNetworkV6 ? SocketAddress.LengthOfIPv6 : SocketAddress.LengthOfIPv4,
                Vectors = (nint)_vector,
                VectorCount = 1,
            };
        }
    }

    /// <summary>Sends the next 64 datagrams, or as many as the socket takes.</summary>
    /// <returns>How many it took.</returns>
    /// <exception cref="LinuxException">ENETUNREACH and the like.</exception>
    public int Send()
    {
        for (var i = 0; i < Batch; i++)
        {
            _addresses[i] = _destinations[_next];
            _next = _next + 1 == _destinations.Length ? 0 : _next + 1;
        }

        var sent = Libc.SendMessages(_socket.SafeHandle, _messages, Batch, 0);
        return sent >= 0 ? sent
            : LinuxException.LastErrno is Errno.EINTR or Errno.EAGAIN ? 0
            : throw LinuxException.FromLastError("send datagrams");
    }

    public void Dispose()
    {
        _socket.Dispose();
        NativeMemory.Free(_addresses);
        NativeMemory.Free(_messages);
        NativeMemory.Free(_vector);
        NativeMemory.Free(_payload);
    }

    /// <summary>struct iovec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct IoVector
    {
        public nint Start;
        public nuint Length;
    }

    /// <summary>struct sockaddr_in, or the longer sockaddr_in6; port and addresses in network byte order.</summary>
    [StructLayout(LayoutKind.Explicit, Size = (int)LengthOfIPv6)]
    private struct SocketAddress
    {
        public const uint LengthOfIPv4 = 16, LengthOfIPv6 = 28;

        [FieldOffset(0)]
        public ushort Family;
        [FieldOffset(2)]
        public ushort Port;
        [FieldOffset(4)]
        public uint Address4;
        [FieldOffset(8)]
        public ulong Address6High;
        [FieldOffset(16)]
        public ulong Address6Low;
        [FieldOffset(24)]
        public uint Scope;

        public static SocketAddress From(IPAddress address, int port)
        {
            byte[] bytes = address.GetAddressBytes();
            var made = new SocketAddress { Port = BinaryPrimitives.ReverseEndianness(checked((ushort)port)) };
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
            {
                return made with
                {
                    Family = Netlink.KernelFamily.Inet6,
                    Address6High = MemoryMarshal.Read<ulong>(bytes),
                    Address6Low = MemoryMarshal.Read<ulong>(bytes.AsSpan(8)),
                    Scope = (uint)address.ScopeId,
                };
            }

            return made with { Family = Netlink.KernelFamily.Inet, Address4 = MemoryMarshal.Read<uint>(bytes) };
        }
    }
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Native;

namespace Hnv.Linux.Packets;

/// <summary>
/// Sends UDP datagrams over IPv4 as fast as sendmmsg(2) takes them: many with one system call, each to the next address of a list.
/// For one thread at a time.
/// </summary>
public sealed unsafe class DatagramBurst : IDisposable
{
    private const int Batch = 64;
    private readonly Socket _socket;
    private readonly SocketAddress4[] _destinations;
    private readonly byte* _payload;
    private readonly IoVector* _vector;
    private readonly Libc.MessageHeader* _messages;
    private readonly SocketAddress4* _addresses;
    private int _next;

    /// <param name="inside">Network namespace to send from.</param>
    /// <param name="destinations">IPv4 addresses, taken in turn, again and again.</param>
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

        _destinations = [.. destinations.Select(address => SocketAddress4.From(address, port))];
        _socket = inside.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        _payload = (byte*)NativeMemory.AllocZeroed((nuint)payload + 1);
        _vector = (IoVector*)NativeMemory.AllocZeroed((nuint)sizeof(IoVector));
        _messages = (Libc.MessageHeader*)NativeMemory.AllocZeroed(Batch, (nuint)sizeof(Libc.MessageHeader));
        _addresses = (SocketAddress4*)NativeMemory.AllocZeroed(Batch, (nuint)sizeof(SocketAddress4));
        *_vector = new IoVector { Start = (nint)_payload, Length = (nuint)payload };
        for (var i = 0; i < Batch; i++)
        {
            _messages[i] = new Libc.MessageHeader { Name = (nint)(_addresses + i), NameLength = (uint)sizeof(SocketAddress4), Vectors = (nint)_vector, VectorCount = 1 };
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

    /// <summary>struct sockaddr_in; port and address in network byte order.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 16)]
    private struct SocketAddress4
    {
        public ushort Family, Port;
        public uint Address;

        public static SocketAddress4 From(IPAddress address, int port) => new()
        {
            Family = Netlink.KernelFamily.Inet,
            Port = BinaryPrimitives.ReverseEndianness(checked((ushort)port)),
            Address = MemoryMarshal.Read<uint>(address.GetAddressBytes()),
        };
    }
}

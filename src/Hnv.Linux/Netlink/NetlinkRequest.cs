using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace Hnv.Linux.Netlink;

/// <summary>
/// Writes a netlink message: struct nlmsghdr, a header of the family, then attributes (struct nlattr: length, type, value,
/// padded to 4 bytes), which nest. Everything is in host byte order but where an attribute's definition says otherwise.
/// </summary>
internal sealed class NetlinkRequest
{
    public const int HeaderSize = 16; // struct nlmsghdr
    private byte[] _buffer = new byte[256];
    private int _length = HeaderSize;

    public NetlinkRequest(RouteMessage type, NetlinkFlags flags)
    {
        Type = type;
        MemoryMarshal.Write(_buffer.AsSpan(4), (ushort)type);
        MemoryMarshal.Write(_buffer.AsSpan(6), (ushort)flags);
    }

    public RouteMessage Type { get; }

    /// <summary>The finished message, with its length and sequence number.</summary>
    public ReadOnlySpan<byte> Finish(uint sequence)
    {
        MemoryMarshal.Write(_buffer, (uint)_length);
        MemoryMarshal.Write(_buffer.AsSpan(8), sequence);
        return _buffer.AsSpan(0, _length);
    }

    /// <summary>Appends a fixed header (struct ifinfomsg, rtmsg …).</summary>
    public NetlinkRequest Header<T>(in T header)
        where T : unmanaged
    {
        MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in header)).CopyTo(Reserve(Marshal.SizeOf<T>()));
        return this;
    }

    public NetlinkRequest Put(ushort type, ReadOnlySpan<byte> value)
    {
        var span = Reserve(4 + value.Length);
        MemoryMarshal.Write(span, (ushort)(4 + value.Length));
        MemoryMarshal.Write(span[2..], type);
        value.CopyTo(span[4..]);
        return this;
    }

    public NetlinkRequest Put<T>(ushort type, T value)
        where T : unmanaged => Put(type, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>A value in network byte order.</summary>
    public NetlinkRequest PutBigEndian(ushort type, ushort value) => Put(type, BinaryPrimitives.ReverseEndianness(value));

    public NetlinkRequest Put(ushort type, string value) => Put(type, Encoding.UTF8.GetBytes(value + '\0'));

    public NetlinkRequest Put(ushort type, IPAddress value) => Put(type, value.GetAddressBytes());

    /// <summary>Opens an attribute whose value is all that is written until <see cref="End"/> gets the answer of this call.</summary>
    public int Begin(ushort type)
    {
        var start = _length;
        Put(type, []);
        return start;
    }

    public NetlinkRequest End(int start)
    {
        MemoryMarshal.Write(_buffer.AsSpan(start), (ushort)(_length - start));
        return this;
    }

    private Span<byte> Reserve(int size)
    {
        var padded = (size + 3) & ~3;
        if (_length + padded > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + padded));
        }

        _length += padded;
        return _buffer.AsSpan(_length - padded, size);
    }
}

using System.Net;
using System.Runtime.InteropServices;

namespace Hnv.Linux.Netlink;

/// <summary>struct nlmsghdr, linux/netlink.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NetlinkHeader
{
    public uint Length;
    public ushort Type, Flags;
    public uint Sequence, PortId;
}

/// <summary>One message from the kernel, without its header.</summary>
internal readonly record struct NetlinkReply(RouteMessage Type, byte[] Payload)
{
    /// <exception cref="NetlinkException">EBADMSG: the message is shorter.</exception>
    public T Header<T>()
        where T : unmanaged => MemoryMarshal.TryRead(Payload, out T header) ? header : throw Malformed($"it has {Payload.Length} bytes");

    /// <summary>The attributes behind a header of type <typeparamref name="T"/>.</summary>
    public unsafe NetlinkAttributes Attributes<T>()
        where T : unmanaged => new(Payload.AsSpan(Math.Min((sizeof(T) + 3) & ~3, Payload.Length)));

    /// <exception cref="NetlinkException">EBADMSG: the address is not that long, or has bits behind the prefix.</exception>
    public IPNetwork Prefix(IPAddress address, int length)
    {
        try
        {
            return new IPNetwork(address, length);
        }
        catch (ArgumentException)
        {
            throw Malformed($"{address}/{length} is no prefix");
        }
    }

    /// <summary>The message contradicts itself.</summary>
    public NetlinkException Malformed(string how) => new($"understand the kernel's message {Type}", Errno.EBADMSG, how);
}

/// <summary>Takes apart what one read from a netlink socket gave.</summary>
internal static class NetlinkMessages
{
    private const int ErrorMessage = 1; // NLMSGERR_ATTR_MSG

    /// <summary>All messages; a malformed one ends them, as in the kernel's nlmsg_ok().</summary>
    public static List<NetlinkReply> Read(ReadOnlySpan<byte> datagram)
    {
        var messages = new List<NetlinkReply>();
        for (var rest = datagram; TryCut(ref rest, out var header, out var payload);)
        {
            messages.Add(new((RouteMessage)header.Type, payload.ToArray()));
        }

        return messages;
    }

    /// <summary>Cuts the first message off.</summary>
    public static unsafe bool TryCut(ref ReadOnlySpan<byte> rest, out NetlinkHeader header, out ReadOnlySpan<byte> payload)
    {
        header = rest.Length >= sizeof(NetlinkHeader) ? MemoryMarshal.Read<NetlinkHeader>(rest) : default;
        var length = (int)header.Length;
        if (length < sizeof(NetlinkHeader) || length > rest.Length)
        {
            payload = default;
            return false;
        }

        payload = rest[sizeof(NetlinkHeader)..length];
        rest = rest[Math.Min((length + 3) & ~3, rest.Length)..];
        return true;
    }

    /// <param name="attributesAt">Where the kernel's own words are, behind the error.</param>
    /// <exception cref="NetlinkException">What the kernel answered.</exception>
    public static void ThrowIfFailed(string operation, in NetlinkHeader header, ReadOnlySpan<byte> payload, int attributesAt)
    {
        var error = payload.Length >= 4 ? MemoryMarshal.Read<int>(payload) : 0;
        if (error < 0)
        {
            var hasWords = ((NetlinkReplyFlags)header.Flags).HasFlag(NetlinkReplyFlags.Attributes) && payload.Length > attributesAt;
            var words = hasWords ? new NetlinkAttributes(payload[attributesAt..]).GetString(ErrorMessage) : null;
            throw new NetlinkException(operation, (Errno)(-error), words ?? "");
        }
    }
}

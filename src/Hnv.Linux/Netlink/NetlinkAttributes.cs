using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace Hnv.Linux.Netlink;

/// <summary>Reads a run of netlink attributes; malformed ones end the run, as in the kernel's nla_ok().</summary>
internal readonly ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    private const int TypeMask = 0x3fff; // NLA_TYPE_MASK: without the flags "nested" and "network byte order"
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public bool TryGet(int type, out ReadOnlySpan<byte> value)
    {
        var rest = _bytes;
        while (rest.Length >= 4)
        {
            int length = MemoryMarshal.Read<ushort>(rest);
            if (length < 4 || length > rest.Length)
            {
                break;
            }

            if ((MemoryMarshal.Read<ushort>(rest[2..]) & TypeMask) == type)
            {
                value = rest[4..length];
                return true;
            }

            rest = rest[Math.Min((length + 3) & ~3, rest.Length)..];
        }

        value = default;
        return false;
    }

    public T? Get<T>(int type)
        where T : unmanaged => TryGet(type, out var value) && value.Length >= Marshal.SizeOf<T>() ? MemoryMarshal.Read<T>(value) : null;

    public string? GetString(int type) => TryGet(type, out var value) ? Encoding.UTF8.GetString(value.TrimEnd((byte)0)) : null;

    public IPAddress? GetAddress(int type) => TryGet(type, out var value) && value.Length is 4 or 16 ? new IPAddress(value) : null;

    public NetlinkAttributes Nested(int type) => TryGet(type, out var value) ? new(value) : default;
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hnv.Wire;

/// <summary>Walks the options of a DHCP message (RFC 2132, section 2), and makes them.</summary>
/// <remarks>The walk passes over pads, and ends at the end option.</remarks>
public ref struct DhcpOptions(ReadOnlySpan<byte> options)
{
    /// <summary>Bytes that one option has room for.</summary>
    public const int MaxData = 255;

    private ReadOnlySpan<byte> _rest = options;

    /// <summary>Of the option just read; the end option when the walk is over.</summary>
    public DhcpOption Code { get; private set; }

    /// <summary>Of the option just read, without code and length.</summary>
    public ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>The walk ended at a truncated option, or without an end.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>The content of the first such option; null when there is none or the options are malformed.</summary>
    public static byte[]? Find(ReadOnlySpan<byte> options, DhcpOption code)
    {
        byte[]? found = null;
        var walk = new DhcpOptions(options);
        while (walk.MoveNext())
        {
            if (walk.Code == code)
            {
                found ??= walk.Data.ToArray();
            }
        }

        return walk.IsMalformed ? null : found;
    }

    /// <returns>False at the end, or when the rest is malformed.</returns>
    public bool MoveNext()
    {
        if (Code == DhcpOption.End)
        {
            return false;
        }

        _rest = _rest.TrimStart((byte)DhcpOption.Pad);
        bool ends = _rest is [(byte)DhcpOption.End, ..];
        if (ends || _rest.Length < 2 || _rest.Length < 2 + _rest[1])
        {
            IsMalformed = !ends;
            Code = DhcpOption.End;
            Data = default;
            return false;
        }

        Code = (DhcpOption)_rest[0];
        Data = _rest.Slice(2, _rest[1]);
        _rest = _rest[(2 + Data.Length)..];
        return true;
    }

    /// <param name="data">At most <see cref="MaxData"/> bytes.</param>
    public static byte[] Option(DhcpOption code, params ReadOnlySpan<byte> data) => [(byte)code, checked((byte)data.Length), .. data];

    public static byte[] Type(DhcpMessageType type) => Option(DhcpOption.MessageType, (byte)type);

    public static byte[] Addresses(DhcpOption code, params IEnumerable<IPAddress> addresses) => Option(code, [.. addresses.SelectMany(address => address.GetAddressBytes())]);

    public static byte[] Text(DhcpOption code, string text) => Option(code, Encoding.ASCII.GetBytes(text));

    public static byte[] Number16(DhcpOption code, ushort value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return Option(code, bytes);
    }

    public static byte[] Number32(DhcpOption code, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return Option(code, bytes);
    }

    public static byte[] SubnetMask(IPNetwork prefix) =>
        Number32(DhcpOption.SubnetMask, prefix.PrefixLength == 0 ? 0 : uint.MaxValue << (32 - prefix.PrefixLength));

    /// <summary>Each route is the length of its prefix, as many bytes of it as that covers, and the next hop (RFC 3442).</summary>
    public static byte[] ClasslessRoutes(IEnumerable<(IPNetwork Prefix, IPAddress NextHop)> routes)
    {
        List<byte> data = [];
        foreach ((IPNetwork prefix, IPAddress nextHop) in routes)
        {
            if (prefix.BaseAddress.AddressFamily != AddressFamily.InterNetwork)
            {
                throw new ArgumentException($"{prefix} is no IPv4 prefix.", nameof(routes));
            }

            data.Add((byte)prefix.PrefixLength);
            data.AddRange(prefix.BaseAddress.GetAddressBytes().Take((prefix.PrefixLength + 7) / 8));
            data.AddRange(nextHop.GetAddressBytes());
        }

        return Option(DhcpOption.ClasslessRoutes, [.. data]);
    }
}

using System.Buffers.Binary;
using System.Net;
using Hnv.Model.Addressing;

namespace Hnv.Wire;

/// <summary>
/// Walks the options of a neighbour discovery message (RFC 4861, section 4.6).
/// <code>
/// var options = new NeighborOptions(bytes);
/// while (options.MoveNext()) { … options.Type … options.Data … }
/// </code>
/// </summary>
public ref struct NeighborOptions(ReadOnlySpan<byte> options)
{
    private ReadOnlySpan<byte> _rest = options;

    /// <summary>Of the option just read.</summary>
    public NeighborOptionType Type { get; private set; }

    /// <summary>Of the option just read, without type and length.</summary>
    public ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>The walk ended at an option of length zero or a truncated one: the whole message is to be discarded (section 6.1).</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>The link-layer address of an option of <paramref name="type"/>; null when there is none or the options are malformed.</summary>
    public static MacAddress? FindLinkLayerAddress(ReadOnlySpan<byte> options, NeighborOptionType type)
    {
        MacAddress? found = null;
        var walk = new NeighborOptions(options);
        while (walk.MoveNext())
        {
            if (walk.Type == type && walk.Data.Length == MacAddress.Length)
            {
                found ??= MacAddress.FromBytes(walk.Data);
            }
        }

        return walk.IsMalformed ? null : found;
    }

    /// <returns>False at the end, or when the rest is malformed.</returns>
    public bool MoveNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        int length = _rest.Length < 2 ? 0 : _rest[1] * 8;
        if (length == 0 || length > _rest.Length)
        {
            IsMalformed = true;
            _rest = default;
            return false;
        }

        Type = (NeighborOptionType)_rest[0];
        Data = _rest[2..length];
        _rest = _rest[length..];
        return true;
    }

    /// <summary>Source or target link-layer address, 8 bytes.</summary>
    public static byte[] LinkLayerAddress(NeighborOptionType type, MacAddress mac)
    {
        byte[] option = new byte[8];
        option[0] = (byte)type;
        option[1] = 1;
        mac.CopyTo(option.AsSpan(2));
        return option;
    }

    /// <summary>MTU, 8 bytes (section 4.6.4).</summary>
    public static byte[] Mtu(uint mtu)
    {
        byte[] option = new byte[8];
        option[0] = (byte)NeighborOptionType.Mtu;
        option[1] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(option.AsSpan(4), mtu);
        return option;
    }

    /// <summary>Prefix information, 32 bytes (section 4.6.2).</summary>
    /// <param name="flags">0x80 on-link, 0x40 autonomous.</param>
    /// <param name="validSeconds">Seconds; all ones: for ever.</param>
    /// <param name="preferredSeconds">Seconds; all ones: for ever.</param>
    public static byte[] Prefix(IPNetwork prefix, byte flags, uint validSeconds, uint preferredSeconds)
    {
        byte[] option = new byte[32];
        option[0] = (byte)NeighborOptionType.PrefixInformation;
        option[1] = 4;
        option[2] = (byte)prefix.PrefixLength;
        option[3] = flags;
        BinaryPrimitives.WriteUInt32BigEndian(option.AsSpan(4), validSeconds);
        BinaryPrimitives.WriteUInt32BigEndian(option.AsSpan(8), preferredSeconds);
        IpAddresses.WriteIPv6(prefix.BaseAddress, option.AsSpan(16));
        return option;
    }

    /// <summary>DNS servers, 8 bytes and 16 for each (RFC 8106, section 5.1).</summary>
    /// <param name="seconds">All ones: for ever.</param>
    public static byte[] RecursiveDnsServers(uint seconds, params IEnumerable<IPAddress> servers) =>
        Timed(NeighborOptionType.RecursiveDnsServer, seconds, [.. servers.SelectMany(server => server.GetAddressBytes())]);

    /// <summary>A DNS search domain (RFC 8106, section 5.2).</summary>
    /// <param name="seconds">All ones: for ever.</param>
    public static byte[] DnsSearchList(uint seconds, string domain) => Timed(NeighborOptionType.DnsSearchList, seconds, DomainName.Encode(domain));

    private static byte[] Timed(NeighborOptionType type, uint seconds, byte[] data)
    {
        byte[] option = new byte[(8 + data.Length + 7) / 8 * 8];
        option[0] = (byte)type;
        option[1] = (byte)(option.Length / 8);
        BinaryPrimitives.WriteUInt32BigEndian(option.AsSpan(4), seconds);
        data.CopyTo(option, 8);
        return option;
    }
}

/// <summary>Options of neighbour discovery.</summary>
public enum NeighborOptionType : byte
{
    None = 0,
    SourceLinkLayerAddress = 1,
    TargetLinkLayerAddress = 2,
    PrefixInformation = 3,
    RedirectedHeader = 4,
    Mtu = 5,

    /// <summary>Proves that a looped-back DAD probe is one's own (RFC 7527).</summary>
    Nonce = 14,

    /// <summary>RFC 8106.</summary>
    RecursiveDnsServer = 25,

    /// <summary>RFC 8106.</summary>
    DnsSearchList = 31,
}

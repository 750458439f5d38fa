using System.Buffers.Binary;
using System.Net;

namespace Hnv.Wire;

/// <summary>Walks DHCPv6 options (RFC 8415, section 21.1), also those inside an identity association, and makes them.</summary>
public ref struct Dhcpv6Options(ReadOnlySpan<byte> options)
{
    private const int HeaderLength = 4;

    private ReadOnlySpan<byte> _rest = options;

    /// <summary>Of the option just read.</summary>
    public Dhcpv6Option Code { get; private set; }

    /// <summary>Of the option just read, without code and length.</summary>
    public ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>The walk ended at a truncated option.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>The content of the first such option; null when there is none or the options are malformed.</summary>
    public static byte[]? Find(ReadOnlySpan<byte> options, Dhcpv6Option code)
    {
        byte[]? found = null;
        var walk = new Dhcpv6Options(options);
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
        if (_rest.IsEmpty)
        {
            return false;
        }

        int length = _rest.Length < HeaderLength ? int.MaxValue - HeaderLength : BinaryPrimitives.ReadUInt16BigEndian(_rest[2..]);
        if (HeaderLength + length > _rest.Length)
        {
            IsMalformed = true;
            _rest = default;
            return false;
        }

        Code = (Dhcpv6Option)BinaryPrimitives.ReadUInt16BigEndian(_rest);
        Data = _rest.Slice(HeaderLength, length);
        _rest = _rest[(HeaderLength + length)..];
        return true;
    }

    public static byte[] Option(Dhcpv6Option code, params ReadOnlySpan<byte> data)
    {
        byte[] option = new byte[HeaderLength + data.Length];
        BinaryPrimitives.WriteUInt16BigEndian(option, (ushort)code);
        BinaryPrimitives.WriteUInt16BigEndian(option.AsSpan(2), checked((ushort)data.Length));
        data.CopyTo(option.AsSpan(HeaderLength));
        return option;
    }

    /// <summary>A server's or client's identifier made of a UUID (RFC 6355), 22 bytes.</summary>
    public static byte[] UuidIdentifier(Dhcpv6Option code, Guid uuid)
    {
        Span<byte> duid = stackalloc byte[18];
        duid.Clear();
        duid[1] = 4;
        uuid.TryWriteBytes(duid[2..], bigEndian: true, out _);
        return Option(code, duid);
    }

    /// <summary>IA_NA, or IA_PD (RFC 8415, 21.4 and 21.21).</summary>
    /// <param name="renewalSeconds">T1; 0: the other side's choice.</param>
    /// <param name="rebindingSeconds">T2; 0: the other side's choice.</param>
    public static byte[] Association(Dhcpv6Option code, uint identifier, uint renewalSeconds, uint rebindingSeconds, params byte[][] options) =>
        Option(code, [.. Numbers(identifier, renewalSeconds, rebindingSeconds), .. options.SelectMany(option => option)]);

    /// <summary>IA_TA (RFC 8415, 21.5).</summary>
    public static byte[] TemporaryAssociation(uint identifier, params byte[][] options) =>
        Option(Dhcpv6Option.TemporaryAddresses, [.. Numbers(identifier), .. options.SelectMany(option => option)]);

    /// <summary>An address inside an association (RFC 8415, 21.6).</summary>
    public static byte[] Address(IPAddress address, uint preferredSeconds, uint validSeconds) =>
        Option(Dhcpv6Option.Address, [.. address.GetAddressBytes(), .. Numbers(preferredSeconds, validSeconds)]);

    public static byte[] Status(Dhcpv6Status status) => Option(Dhcpv6Option.StatusCode, (byte)((ushort)status >> 8), (byte)status);

    public static byte[] DnsServers(params IEnumerable<IPAddress> servers) =>
        Option(Dhcpv6Option.DnsServers, [.. servers.SelectMany(server => server.GetAddressBytes())]);

    public static byte[] DomainSearchList(string domain) => Option(Dhcpv6Option.DomainSearchList, DomainName.Encode(domain));

    private static byte[] Numbers(params ReadOnlySpan<uint> numbers)
    {
        byte[] bytes = new byte[numbers.Length * 4];
        for (int i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(i * 4), numbers[i]);
        }

        return bytes;
    }
}

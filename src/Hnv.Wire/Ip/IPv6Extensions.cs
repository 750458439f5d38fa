using System.Buffers.Binary;

namespace Hnv.Wire;

/// <summary>Skips the extension headers of IPv6 (RFC 8200, section 4; lengths of unknown ones: RFC 6564).</summary>
public static class IPv6Extensions
{
    /// <summary>Walks from the first header behind the fixed one to the first that is no extension.</summary>
    /// <param name="upper">
    /// Protocol of <paramref name="payload"/>. In fragments other than the first the payload is a piece from the middle; see <paramref name="fragment"/>.
    /// </param>
    /// <param name="fragment">The last fragment header met, if any.</param>
    /// <returns>False when an extension header is truncated.</returns>
    public static bool TrySkip(
        IpProtocol first, ReadOnlySpan<byte> bytes, out IpProtocol upper, out ReadOnlySpan<byte> payload, out IPv6FragmentHeader? fragment)
    {
        upper = first;
        payload = bytes;
        fragment = null;
        while (IsExtension(upper))
        {
            if (payload.Length < 8)
            {
                return false;
            }

            int length = upper switch
            {
                IpProtocol.IPv6Fragment => IPv6FragmentHeader.Length,
                IpProtocol.AuthenticationHeader => (payload[1] + 2) * 4, // RFC 4302, section 2.2
                _ => (payload[1] + 1) * 8,
            };
            if (length > payload.Length)
            {
                return false;
            }

            if (upper == IpProtocol.IPv6Fragment)
            {
                ushort word = BinaryPrimitives.ReadUInt16BigEndian(payload[2..]);
                fragment = new IPv6FragmentHeader((ushort)(word >> 3), (word & 1) != 0, BinaryPrimitives.ReadUInt32BigEndian(payload[4..]));
            }

            upper = (IpProtocol)payload[0];
            payload = payload[length..];
            if (fragment is { Offset: > 0 })
            {
                return true; // what follows is data, whatever it looks like
            }
        }

        return true;
    }

    private static bool IsExtension(IpProtocol protocol) => protocol is IpProtocol.HopByHopOptions or IpProtocol.IPv6Routing
        or IpProtocol.IPv6Fragment or IpProtocol.IPv6DestinationOptions or IpProtocol.AuthenticationHeader
        or IpProtocol.Mobility or IpProtocol.HostIdentity or IpProtocol.Shim6;
}

/// <summary>Fragment header (RFC 8200, section 4.5).</summary>
/// <param name="Offset">In units of 8 bytes.</param>
public readonly record struct IPv6FragmentHeader(ushort Offset, bool MoreFragments, uint Identification)
{
    public const int Length = 8;

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    public void Write(Span<byte> destination, IpProtocol next)
    {
        destination[0] = (byte)next;
        destination[1] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)(Offset << 3 | (MoreFragments ? 1 : 0)));
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], Identification);
    }
}

using System.Buffers.Binary;

namespace Hnv.Wire;

/// <summary>A message between DHCPv6 client and server (RFC 8415, section 8): four bytes before the options.</summary>
/// <param name="TransactionId">24 bits.</param>
public readonly record struct Dhcpv6Message(Dhcpv6MessageType Type, uint TransactionId)
{
    public const int Length = 4;
    public const ushort ClientPort = 546;
    public const ushort ServerPort = 547;

    /// <returns>False when truncated.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out Dhcpv6Message message, out ReadOnlySpan<byte> options)
    {
        message = default;
        options = default;
        if (bytes.Length < Length)
        {
            return false;
        }

        uint first = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        message = new Dhcpv6Message((Dhcpv6MessageType)(first >> 24), first & 0xffffff);
        options = bytes[Length..];
        return true;
    }

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)Type << 24 | TransactionId & 0xffffff);

    /// <summary>The message with its options.</summary>
    public byte[] ToArray(params byte[][] options)
    {
        byte[] header = new byte[Length];
        Write(header);
        return [.. header, .. options.SelectMany(option => option)];
    }
}

/// <summary>RFC 8415, section 7.3.</summary>
public enum Dhcpv6MessageType : byte
{
    None = 0,
    Solicit = 1,
    Advertise = 2,
    Request = 3,
    Confirm = 4,
    Renew = 5,
    Rebind = 6,
    Reply = 7,
    Release = 8,
    Decline = 9,
    Reconfigure = 10,
    InformationRequest = 11,
    RelayForward = 12,
    RelayReply = 13,
}

/// <summary>RFC 8415, section 24, and as said.</summary>
public enum Dhcpv6Option : ushort
{
    None = 0,
    ClientId = 1,
    ServerId = 2,
    NonTemporaryAddresses = 3,
    TemporaryAddresses = 4,
    Address = 5,
    OptionRequest = 6,
    ElapsedTime = 8,
    StatusCode = 13,
    RapidCommit = 14,

    /// <summary>RFC 3646.</summary>
    DnsServers = 23,

    /// <summary>RFC 3646.</summary>
    DomainSearchList = 24,
    PrefixDelegation = 25,
}

/// <summary>RFC 8415, section 21.13.</summary>
public enum Dhcpv6Status : ushort
{
    Success = 0,
    UnspecifiedFailure = 1,
    NoAddressesAvailable = 2,
    NoBinding = 3,
    NotOnLink = 4,
    UseMulticast = 5,
    NoPrefixAvailable = 6,
}

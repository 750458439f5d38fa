using System.Buffers.Binary;
using System.Net;
using Hnv.Model.Addressing;

namespace Hnv.Wire;

/// <summary>The fixed part of a DHCP message (RFC 2131, section 2) over Ethernet, magic cookie included: 240 bytes before the options.</summary>
/// <param name="IsReply">From a server.</param>
/// <param name="Flags">0x8000: answer by broadcast.</param>
/// <param name="ClientAddress">ciaddr: the client's, as it knows it.</param>
/// <param name="YourAddress">yiaddr: the client's, as the server says.</param>
/// <param name="RelayAddress">giaddr.</param>
/// <param name="ClientMac">chaddr.</param>
public readonly record struct DhcpMessage(
    bool IsReply, uint TransactionId, ushort Flags, IPAddress ClientAddress, IPAddress YourAddress, IPAddress RelayAddress, MacAddress ClientMac)
{
    public const int Length = 240;
    public const ushort ServerPort = 67;
    public const ushort ClientPort = 68;
    public const ushort Broadcast = 0x8000;

    private const uint Cookie = 0x63825363;

    /// <summary>A client's message that knows no address.</summary>
    public static DhcpMessage Request(uint transactionId, MacAddress client) =>
        new(false, transactionId, 0, IPAddress.Any, IPAddress.Any, IPAddress.Any, client);

    /// <returns>False when truncated, without cookie, or of another kind of link.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out DhcpMessage message, out ReadOnlySpan<byte> options)
    {
        message = default;
        options = default;
        if (bytes.Length < Length || bytes[0] is not (1 or 2) || bytes[1] != 1 || bytes[2] != MacAddress.Length
            || BinaryPrimitives.ReadUInt32BigEndian(bytes[236..]) != Cookie)
        {
            return false;
        }

        message = new DhcpMessage(
            bytes[0] == 2, BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]), BinaryPrimitives.ReadUInt16BigEndian(bytes[10..]),
            new IPAddress(bytes[12..16]), new IPAddress(bytes[16..20]), new IPAddress(bytes[24..28]), MacAddress.FromBytes(bytes.Slice(28, MacAddress.Length)));
        options = bytes[Length..];
        return true;
    }

    /// <summary>Writes <see cref="Length"/> bytes; what has no field here is zero.</summary>
    public void Write(Span<byte> destination)
    {
        destination[..Length].Clear();
        destination[0] = (byte)(IsReply ? 2 : 1);
        destination[1] = 1;
        destination[2] = MacAddress.Length;
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], TransactionId);
        BinaryPrimitives.WriteUInt16BigEndian(destination[10..], Flags);
        ClientAddress.TryWriteBytes(destination[12..], out _);
        YourAddress.TryWriteBytes(destination[16..], out _);
        RelayAddress.TryWriteBytes(destination[24..], out _);
        ClientMac.CopyTo(destination[28..]);
        BinaryPrimitives.WriteUInt32BigEndian(destination[236..], Cookie);
    }

    /// <summary>The message with its options, and the end of them.</summary>
    public byte[] ToArray(params byte[][] options)
    {
        byte[] header = new byte[Length];
        Write(header);
        return [.. header, .. options.SelectMany(option => option), (byte)DhcpOption.End];
    }
}

/// <summary>Option 53 (RFC 2132, 9.6).</summary>
public enum DhcpMessageType : byte
{
    None = 0,
    Discover = 1,
    Offer = 2,
    Request = 3,
    Decline = 4,
    Ack = 5,
    Nak = 6,
    Release = 7,
    Inform = 8,
}

/// <summary>Options of DHCP: RFC 2132, and as said.</summary>
public enum DhcpOption : byte
{
    Pad = 0,
    SubnetMask = 1,
    Router = 3,
    DomainNameServer = 6,
    HostName = 12,
    DomainName = 15,
    InterfaceMtu = 26,
    RequestedAddress = 50,
    LeaseTime = 51,
    MessageType = 53,
    ServerIdentifier = 54,
    ParameterRequestList = 55,
    MaximumMessageSize = 57,
    RenewalTime = 58,
    RebindingTime = 59,
    ClientIdentifier = 61,

    /// <summary>RFC 4039.</summary>
    RapidCommit = 80,

    /// <summary>RFC 3442.</summary>
    ClasslessRoutes = 121,
    End = 255,
}

namespace Hnv.Wire;

/// <summary>Types of ICMP for IPv4 (RFC 792).</summary>
public enum IcmpV4Type : byte
{
    EchoReply = 0,
    DestinationUnreachable = 3,
    Redirect = 5,
    EchoRequest = 8,
    TimeExceeded = 11,
    ParameterProblem = 12,
}

/// <summary>Codes of <see cref="IcmpV4Type.DestinationUnreachable"/> (RFC 792, RFC 1812, section 5.2.7.1).</summary>
public enum IcmpV4Unreachable : byte
{
    Network = 0,
    Host = 1,
    Protocol = 2,
    Port = 3,

    /// <summary>The low half of the second word is the next hop's MTU (RFC 1191, section 4).</summary>
    FragmentationNeeded = 4,
    AdministrativelyProhibited = 13,
}

/// <summary>Types of ICMPv6 (RFC 4443, RFC 4861). Errors are below 128.</summary>
public enum IcmpV6Type : byte
{
    None = 0,
    DestinationUnreachable = 1,

    /// <summary>The second word is the MTU.</summary>
    PacketTooBig = 2,
    TimeExceeded = 3,
    ParameterProblem = 4,
    EchoRequest = 128,
    EchoReply = 129,
    MulticastListenerReport = 131,
    RouterSolicitation = 133,
    RouterAdvertisement = 134,
    NeighborSolicitation = 135,
    NeighborAdvertisement = 136,
    Redirect = 137,
    MulticastListenerReportV2 = 143,
}

/// <summary>Codes of <see cref="IcmpV6Type.DestinationUnreachable"/> (RFC 4443, section 3.1).</summary>
public enum IcmpV6Unreachable : byte
{
    NoRoute = 0,
    AdministrativelyProhibited = 1,
    BeyondScope = 2,
    Address = 3,
    Port = 4,
}

namespace Hnv.Wire;

/// <summary>Protocol numbers of IPv4 and next headers of IPv6 (IANA "Assigned Internet Protocol Numbers").</summary>
public enum IpProtocol : byte
{
    HopByHopOptions = 0,
    Icmp = 1,
    Igmp = 2,
    Tcp = 6,
    Udp = 17,
    IPv6Routing = 43,
    IPv6Fragment = 44,
    Gre = 47,
    Esp = 50,
    AuthenticationHeader = 51,
    IcmpV6 = 58,
    IPv6NoNextHeader = 59,
    IPv6DestinationOptions = 60,
    Vrrp = 112,
    Sctp = 132,
    Mobility = 135,
    HostIdentity = 139,
    Shim6 = 140,
}

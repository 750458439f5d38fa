namespace Hnv.Wire;

/// <summary>EtherTypes (IEEE 802 Numbers of IANA), in host byte order.</summary>
public enum EtherType : ushort
{
    None = 0,
    IPv4 = 0x0800,
    Arp = 0x0806,

    /// <summary>In GRE: an Ethernet frame follows (RFC 7637, section 3.2, and RFC 1701).</summary>
    TransparentEthernetBridging = 0x6558,

    /// <summary>802.1Q customer tag.</summary>
    Vlan = 0x8100,
    IPv6 = 0x86dd,

    /// <summary>802.1ad service tag.</summary>
    ServiceVlan = 0x88a8,
    Lldp = 0x88cc,
}

namespace Hnv.Model.Resources;

/// <summary>Who says which addresses VMs have.</summary>
public enum LearningMode
{
    /// <summary>Policy: the addresses at the ports, and explicit records.</summary>
    Static,

    /// <summary>The VMs too: what they prove becomes a record (New-NetVirtualizationLookupRecord -Type Dynamic).</summary>
    Dynamic,
}

/// <summary>What may prove that a VM has an address.</summary>
[Flags]
public enum LearningSources : byte
{
    None = 0,

    /// <summary>A DHCPACK delivered to the port.</summary>
    Dhcp = 1,

    /// <summary>ARP with a sender address.</summary>
    Arp = 2,

    /// <summary>Neighbor solicitation with a source, neighbor advertisement.</summary>
    Nd = 4,

    /// <summary>A DHCPv6 REPLY delivered to the port.</summary>
    Dhcpv6 = 8,

    /// <summary>Duplicate address detection (RFC 4862).</summary>
    Slaac = 16,

    All = Dhcp | Arp | Nd | Dhcpv6 | Slaac,
}

/// <summary>What becomes of broadcast and multicast frames in a subnet.</summary>
public enum FloodingMode
{
    /// <summary>Dropped.</summary>
    None,

    /// <summary>A copy for every host with a member of the subnet, made at the source.</summary>
    Unicast,

    /// <summary>One copy to a multicast group of the provider network.</summary>
    Multicast,
}

/// <summary>How the distributed gateway announces itself in a subnet (RFC 4861).</summary>
public enum RouterAdvertisementMode
{
    /// <summary>Not at all.</summary>
    Off,

    /// <summary>VMs make their own addresses from the prefix (RFC 4862).</summary>
    Slaac,

    /// <summary>VMs ask a DHCPv6 server (RFC 8415).</summary>
    Managed,
}

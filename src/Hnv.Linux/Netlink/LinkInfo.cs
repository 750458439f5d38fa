using System.Net.NetworkInformation;

namespace Hnv.Linux.Netlink;

/// <summary>An interface as rtnetlink describes it.</summary>
/// <param name="Index">Number of the interface in its namespace.</param>
/// <param name="Mac">Null when it has no 6-byte link-layer address.</param>
/// <param name="Mtu">Bytes of layer 3.</param>
/// <param name="Kind">Driver kind (<c>veth</c>, <c>bridge</c>, <c>vxlan</c>, <c>tun</c> …); empty for physical devices and loopback.</param>
/// <param name="Master">Index of the bridge or bond it belongs to.</param>
/// <param name="Peer">Index of the other end or lower device (IFLA_LINK), in namespace <paramref name="PeerNamespaceId"/>.</param>
/// <param name="PeerNamespaceId">Null: the peer is in the same namespace.</param>
public sealed record LinkInfo(
    int Index, string Name, PhysicalAddress? Mac, int Mtu, LinkFlags Flags, string Kind, int? Master, int? Peer, int? PeerNamespaceId)
{
    private const ushort EthernetType = 1; // ARPHRD_ETHER

    /// <summary>The VLAN of a VLAN device (802.1Q); null for everything else.</summary>
    public int? Vlan { get; init; }

    /// <summary>Of an ipvlan device: 0 is L2, 1 L3, 2 L3S (IPVLAN_MODE_*); null for everything else.</summary>
    public int? IpvlanMode { get; init; }

    /// <summary>Its frames begin with an Ethernet header (ARPHRD_ETHER); not so those of loopback, tun, WireGuard and the tunnels of IP in IP.</summary>
    public bool IsEthernet { get; init; } = true;

    /// <summary>Set up by the administrator.</summary>
    public bool IsUp => Flags.HasFlag(LinkFlags.Up);

    /// <summary>
    /// Up, with a carrier, and its queues at work: frames pass. After the carrier has come this takes the kernel a moment,
    /// in which frames are silently lost (<see cref="Rtnetlink.WaitUntilRunning"/>).
    /// </summary>
    public bool IsRunning => Flags.HasFlag(LinkFlags.Up | LinkFlags.Running);

    internal static LinkInfo Read(in NetlinkReply reply)
    {
        var header = reply.Header<LinkHeader>();
        var attributes = reply.Attributes<LinkHeader>();
        var mac = attributes.TryGet(LinkAttribute.Address, out var bytes) && bytes.Length == 6 ? new PhysicalAddress(bytes.ToArray()) : null;
        var info = attributes.Nested(LinkAttribute.LinkInfo);
        var kind = info.GetString(LinkAttribute.InfoKind) ?? "";
        return new LinkInfo(
            header.Index,
            attributes.GetString(LinkAttribute.Name) ?? "",
            mac,
            (int)(attributes.Get<uint>(LinkAttribute.Mtu) ?? 0),
            (LinkFlags)header.Flags,
            kind,
            attributes.Get<int>(LinkAttribute.Master),
            attributes.Get<int>(LinkAttribute.Link) is { } peer and not 0 ? peer : null,
            attributes.Get<int>(LinkAttribute.LinkNamespaceId))
        {
            IsEthernet = header.Type == EthernetType,
            Vlan = kind == "vlan" ? info.Nested(LinkAttribute.InfoData).Get<ushort>(LinkAttribute.VlanId) : null,
            IpvlanMode = kind == "ipvlan" ? info.Nested(LinkAttribute.InfoData).Get<ushort>(LinkAttribute.IpvlanMode) : null,
        };
    }
}

/// <summary>IFF_* of linux/if.h.</summary>
[Flags]
public enum LinkFlags
{
    None = 0,
    Up = 1,
    Broadcast = 2,
    Loopback = 8,
    PointToPoint = 0x10,

    /// <summary>Operational (RFC 2863), or the driver does not say.</summary>
    Running = 0x40,
    NoArp = 0x80,
    Promiscuous = 0x100,
    AllMulticast = 0x200,
    Multicast = 0x1000,

    /// <summary>The carrier is there.</summary>
    LowerUp = 0x10000,
}

/// <summary>IFLA_* of linux/if_link.h.</summary>
internal static class LinkAttribute
{
    public const ushort Address = 1, Name = 3, Mtu = 4, Link = 5, Master = 10, LinkInfo = 18, NamespaceFd = 28;
    public const ushort TransmitQueues = 31, ReceiveQueues = 32, LinkNamespaceId = 37;
    public const ushort InfoKind = 1, InfoData = 2; // IFLA_INFO_*
    public const ushort VlanId = 1; // IFLA_VLAN_ID
    public const ushort IpvlanMode = 1; // IFLA_IPVLAN_MODE
    public const ushort VethPeer = 1; // VETH_INFO_PEER
    public const ushort BridgeMulticastSnooping = 23; // IFLA_BR_MCAST_SNOOPING
    public const ushort VxlanId = 1, VxlanGroup = 2, VxlanLink = 3, VxlanLocal = 4, VxlanLearning = 7, VxlanPort = 15; // IFLA_VXLAN_*
    public const ushort VxlanGroup6 = 16, VxlanLocal6 = 17, VxlanZeroChecksum6Transmit = 19, VxlanZeroChecksum6Receive = 20, VxlanCollectMetadata = 25;
}

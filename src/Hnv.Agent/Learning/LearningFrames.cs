using System.Net;
using System.Net.Sockets;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Agent.Learning;

/// <summary>The frames that the agent itself makes.</summary>
internal static class LearningFrames
{
    private static readonly MacAddress s_broadcast = new(0xffff_ffff_ffff);
    private static readonly MacAddress s_allNodes = new(0x3333_0000_0001);
    private static readonly IPAddress s_allNodesAddress = IPAddress.Parse("ff02::1");

    /// <summary>A holder's announcement: gratuitous ARP (RFC 5227, 3), or an unsolicited neighbour advertisement (RFC 4861, 7.2.6).</summary>
    public static byte[] Announcement(IPAddress address, MacAddress mac) => address.AddressFamily == AddressFamily.InterNetwork
        ? PacketBuilder.Ethernet(mac, s_broadcast).Arp(new ArpPacket(ArpOperation.Request, mac, address, default, address)).ToArray()
        : PacketBuilder.Ethernet(mac, s_allNodes)
            .IPv6(address, s_allNodesAddress, static h => h with { HopLimit = 255 })
            .NeighborAdvertisement(address, NeighborAdvertisementFlags.Override, NeighborOptions.LinkLayerAddress(NeighborOptionType.TargetLinkLayerAddress, mac))
            .ToArray();

    /// <summary>
    /// Asks a VM whether it still has an address, without teaching it anything: an ARP probe (RFC 5227, 2.1.1), or a neighbour solicitation
    /// from the distributed gateway.
    /// </summary>
    /// <returns>Null where there is nobody to ask as.</returns>
    public static byte[]? Question(IPAddress address, MacAddress mac, IPAddress? gateway6)
    {
        MacAddress gateway = WellKnownMacs.DistributedGateway;
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return PacketBuilder.Ethernet(gateway, mac).Arp(new ArpPacket(ArpOperation.Request, gateway, IPAddress.Any, default, address)).ToArray();
        }

        return gateway6 is null
            ? null
            : PacketBuilder.Ethernet(gateway, mac)
                .IPv6(gateway6, address, static h => h with { HopLimit = 255 })
                .NeighborSolicitation(address, NeighborOptions.LinkLayerAddress(NeighborOptionType.SourceLinkLayerAddress, gateway))
                .ToArray();
    }
}

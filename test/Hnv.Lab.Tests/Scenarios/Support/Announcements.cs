using System.Net;
using System.Net.Sockets;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>What VMs say of their addresses: gratuitous ARP by <c>arping</c>, and unsolicited neighbour advertisements, for which no tool is at hand.</summary>
internal static class Announcements
{
    private static readonly MacAddress s_broadcast = new(0xffff_ffff_ffff);
    private static readonly MacAddress s_allNodes = new(0x3333_0000_0001);
    private static readonly IPAddress s_allNodesAddress = IPAddress.Parse("ff02::1");

    /// <summary>A VM announces an address once.</summary>
    public static async Task SayAsync(LabVm vm, IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            // It counts answers, and there are none.
            _ = await vm.ExecAsync("arping", "-U", "-c", "1", "-i", "eth0", "-S", address.ToString(), address.ToString());
            return;
        }

        using PacketSocket adapter = vm.OpenPacketSocket();
        adapter.Send(Of(address, vm.Spec.First.Mac));
    }

    /// <summary>The frame.</summary>
    public static byte[] Of(IPAddress address, MacAddress mac, bool reply = false) => address.AddressFamily == AddressFamily.InterNetwork
        ? PacketBuilder.Ethernet(mac, s_broadcast).Arp(new ArpPacket(reply ? ArpOperation.Reply : ArpOperation.Request, mac, address, default, address)).ToArray()
        : PacketBuilder.Ethernet(mac, s_allNodes).IPv6(address, s_allNodesAddress, static h => h with { HopLimit = 255 })
            .NeighborAdvertisement(address, NeighborAdvertisementFlags.Override, NeighborOptions.LinkLayerAddress(NeighborOptionType.TargetLinkLayerAddress, mac))
            .ToArray();

    /// <summary>Whether a frame announces that an adapter has an address.</summary>
    public static bool IsOf(byte[] frame, IPAddress address, MacAddress mac)
    {
        if (!EthernetHeader.TryParse(frame, out EthernetHeader ethernet, out ReadOnlySpan<byte> packet) || ethernet.Source != mac || !ethernet.Destination.IsGroup)
        {
            return false;
        }

        return ethernet.Type switch
        {
            EtherType.Arp => ArpPacket.TryParse(packet, out ArpPacket arp) && arp.IsGratuitous && arp.SenderAddress.Equals(address),
            EtherType.IPv6 => IPv6Header.TryParse(packet, out IPv6Header ip, out ReadOnlySpan<byte> message) && ip.NextHeader == IpProtocol.IcmpV6
                && NeighborAdvertisement.TryParse(message, out NeighborAdvertisement advertisement, out _) && advertisement.Target.Equals(address),
            _ => false,
        };
    }

    /// <summary>A UDP datagram from an address to a VM, as its neighbour would send it.</summary>
    public static byte[] Datagram(MacAddress mac, IPAddress from, LabVm to) => from.AddressFamily == AddressFamily.InterNetwork
        ? PacketBuilder.Ethernet(mac, to.Spec.First.Mac).IPv4(from, to.Address4).Udp(9, 9).Payload(new byte[32]).ToArray()
        : PacketBuilder.Ethernet(mac, to.Spec.First.Mac).IPv6(from, to.Address6).Udp(9, 9).Payload(new byte[32]).ToArray();
}

using System.Net;
using System.Net.NetworkInformation;

namespace Hnv.Linux.Netlink;

/// <summary>An entry of the neighbour table (ARP, ND).</summary>
/// <param name="Mac">Null while it is unresolved.</param>
public sealed record NeighbourInfo(int InterfaceIndex, IPAddress Address, PhysicalAddress? Mac, NeighbourStates State)
{
    internal static NeighbourInfo? Read(in NetlinkReply reply)
    {
        var header = reply.Header<NeighbourHeader>();
        var attributes = reply.Attributes<NeighbourHeader>();
        return attributes.GetAddress(NeighbourAttribute.Destination) is { } address
            ? new NeighbourInfo(header.Index, address, NeighbourAttribute.ReadMac(attributes), (NeighbourStates)header.State)
            : null;
    }
}

/// <summary>An entry of the forwarding database of a bridge or a vxlan device.</summary>
/// <param name="InterfaceIndex">The port (for a bridge) or the vxlan device.</param>
/// <param name="Remote">For vxlan: the other end.</param>
/// <param name="Bridge">Index of the bridge whose entry it is; null for the device's own.</param>
public sealed record ForwardingEntry(int InterfaceIndex, PhysicalAddress? Mac, IPAddress? Remote, int? Bridge, NeighbourStates State)
{
    internal static ForwardingEntry Read(in NetlinkReply reply)
    {
        var header = reply.Header<NeighbourHeader>();
        var attributes = reply.Attributes<NeighbourHeader>();
        return new ForwardingEntry(
            header.Index,
            NeighbourAttribute.ReadMac(attributes),
            attributes.GetAddress(NeighbourAttribute.Destination),
            attributes.Get<int>(NeighbourAttribute.Master),
            (NeighbourStates)header.State);
    }
}

/// <summary>NUD_* of linux/neighbour.h.</summary>
[Flags]
public enum NeighbourStates
{
    None = 0,
    Incomplete = 1,
    Reachable = 2,
    Stale = 4,
    Delay = 8,
    Probe = 0x10,
    Failed = 0x20,
    NoArp = 0x40,
    Permanent = 0x80,
}

/// <summary>NDA_* of linux/neighbour.h.</summary>
internal static class NeighbourAttribute
{
    public const ushort Destination = 1, LinkAddress = 2, Master = 9;

    public static PhysicalAddress? ReadMac(in NetlinkAttributes attributes) =>
        attributes.TryGet(LinkAddress, out var mac) && mac.Length == 6 ? new PhysicalAddress(mac.ToArray()) : null;
}

using System.Net;
using System.Net.NetworkInformation;

namespace Hnv.Linux.Netlink;

/// <content>Neighbour tables and forwarding databases.</content>
public sealed partial class Rtnetlink
{
    private const byte OwnTable = 2; // NTF_SELF: of the device itself, not of the bridge it is a port of

    /// <param name="interfaceIndex">Of one interface; null: of all.</param>
    public IReadOnlyList<NeighbourInfo> GetNeighbours(int? interfaceIndex = null) =>
        [.. _socket.Request(new NetlinkRequest(RouteMessage.GetNeighbour, Dump).Header(new NeighbourHeader()), "list neighbours")
            .Where(reply => reply.Header<NeighbourHeader>().Family is KernelFamily.Inet or KernelFamily.Inet6)
            .Select(reply => NeighbourInfo.Read(reply))
            .OfType<NeighbourInfo>()
            .Where(neighbour => interfaceIndex is null || neighbour.InterfaceIndex == interfaceIndex)];

    /// <summary>Sets an entry, whatever was there.</summary>
    public void SetNeighbour(int interfaceIndex, IPAddress address, PhysicalAddress mac, NeighbourStates state = NeighbourStates.Permanent)
    {
        ArgumentNullException.ThrowIfNull(mac);
        _socket.Request(
            NeighbourRequest(RouteMessage.NewNeighbour, Change | NetlinkFlags.Create | NetlinkFlags.Replace, interfaceIndex, address, state)
                .Put(NeighbourAttribute.LinkAddress, mac.GetAddressBytes()),
            $"set neighbour {address} of interface {interfaceIndex}");
    }

    /// <returns>False when there was none.</returns>
    public bool DeleteNeighbour(int interfaceIndex, IPAddress address)
    {
        try
        {
            _socket.Request(
                NeighbourRequest(RouteMessage.DeleteNeighbour, Change, interfaceIndex, address, NeighbourStates.None),
                $"delete neighbour {address} of interface {interfaceIndex}");
            return true;
        }
        catch (NetlinkException e) when (e.Errno == Errno.ENOENT)
        {
            return false;
        }
    }

    /// <summary>The forwarding databases of all bridges and vxlan devices.</summary>
    public IReadOnlyList<ForwardingEntry> GetForwardingEntries() =>
        [.. _socket.Request(new NetlinkRequest(RouteMessage.GetNeighbour, Dump).Header(new NeighbourHeader { Family = KernelFamily.Bridge }), "list forwarding entries")
            .Select(reply => ForwardingEntry.Read(reply))];

    /// <summary>
    /// Adds one more remote end for a MAC to a vxlan device (<c>bridge fdb append</c>); the all-zero MAC gets what is flooded.
    /// </summary>
    public void AppendForwardingEntry(int vxlanIndex, PhysicalAddress mac, IPAddress remote)
    {
        ArgumentNullException.ThrowIfNull(mac);
        var header = new NeighbourHeader
        {
            Family = KernelFamily.Bridge,
            Index = vxlanIndex,
            State = (ushort)(NeighbourStates.Permanent | NeighbourStates.NoArp),
            Flags = OwnTable,
        };
        _socket.Request(
            new NetlinkRequest(RouteMessage.NewNeighbour, Change | NetlinkFlags.Create | NetlinkFlags.Append)
                .Header(header)
                .Put(NeighbourAttribute.LinkAddress, mac.GetAddressBytes())
                .Put(NeighbourAttribute.Destination, remote),
            $"append {remote} for {mac} to the forwarding database of interface {vxlanIndex}");
    }

    private static NetlinkRequest NeighbourRequest(RouteMessage type, NetlinkFlags flags, int interfaceIndex, IPAddress address, NeighbourStates state) =>
        new NetlinkRequest(type, flags)
            .Header(new NeighbourHeader { Family = KernelFamily.Of(address), Index = interfaceIndex, State = (ushort)state })
            .Put(NeighbourAttribute.Destination, address);
}

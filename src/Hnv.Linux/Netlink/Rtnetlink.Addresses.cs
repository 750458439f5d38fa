using System.Net;

namespace Hnv.Linux.Netlink;

/// <content>Addresses of interfaces.</content>
public sealed partial class Rtnetlink
{
    /// <param name="interfaceIndex">Of one interface; null: of all.</param>
    public IReadOnlyList<AddressInfo> GetAddresses(int? interfaceIndex = null) =>
        [.. _socket.Request(new NetlinkRequest(RouteMessage.GetAddress, Dump).Header(new AddressHeader()), "list addresses")
            .Select(reply => AddressInfo.Read(reply))
            .Where(address => interfaceIndex is null || address.InterfaceIndex == interfaceIndex)];

    /// <exception cref="NetlinkException">EEXIST when the interface has it already.</exception>
    public void AddAddress(int interfaceIndex, IPAddress address, int prefixLength, AddressFlags flags = AddressFlags.None) =>
        _socket.Request(
            AddressRequest(RouteMessage.NewAddress, Create, interfaceIndex, address, prefixLength).Put(AddressAttribute.Flags, (uint)flags),
            $"add address {address}/{prefixLength} to interface {interfaceIndex}");

    /// <summary>
    /// Joins a multicast group, until the address is deleted or the interface goes: no process needs to hold it (<c>ip address add
    /// GROUP/32 dev IF autojoin</c>). Of scope host, so that nothing is sent from it.
    /// </summary>
    /// <param name="protocol">Says whose it is: <see cref="AddressInfo.Protocol"/>.</param>
    /// <exception cref="NetlinkException">EEXIST when the interface has it already; ENOBUFS beyond net.ipv4.igmp_max_memberships.</exception>
    public void AddGroup(int interfaceIndex, IPAddress group, byte protocol) =>
        _socket.Request(
            AddressRequest(RouteMessage.NewAddress, Create, interfaceIndex, group, group.GetAddressBytes().Length * 8, ScopeHost)
                .Put(AddressAttribute.Flags, (uint)AddressFlags.AutoJoin)
                .Put(AddressAttribute.Protocol, protocol),
            $"join {group} at interface {interfaceIndex}");

    /// <returns>False when the interface did not have it.</returns>
    public bool DeleteAddress(int interfaceIndex, IPAddress address, int prefixLength)
    {
        try
        {
            _socket.Request(
                AddressRequest(RouteMessage.DeleteAddress, Change, interfaceIndex, address, prefixLength),
                $"delete address {address}/{prefixLength} of interface {interfaceIndex}");
            return true;
        }
        catch (NetlinkException e) when (e.Errno == Errno.EADDRNOTAVAIL)
        {
            return false;
        }
    }

    private const byte ScopeHost = 254; // RT_SCOPE_HOST

    private static NetlinkRequest AddressRequest(
        RouteMessage type, NetlinkFlags flags, int interfaceIndex, IPAddress address, int prefixLength, byte scope = 0) =>
        new NetlinkRequest(type, flags)
            .Header(new AddressHeader { Family = KernelFamily.Of(address), PrefixLength = checked((byte)prefixLength), Scope = scope, Index = interfaceIndex })
            .Put(AddressAttribute.Local, address)
            .Put(AddressAttribute.Address, address);
}

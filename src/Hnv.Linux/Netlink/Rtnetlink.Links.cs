using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Hnv.Linux.Native;

namespace Hnv.Linux.Netlink;

/// <content>Interfaces.</content>
public sealed partial class Rtnetlink
{
    private const uint UpFlag = (uint)LinkFlags.Up;

    public IReadOnlyList<LinkInfo> GetLinks() =>
        [.. _socket.Request(new NetlinkRequest(RouteMessage.GetLink, Dump).Header(new LinkHeader()), "list interfaces").Select(reply => LinkInfo.Read(reply))];

    /// <returns>Null when there is none of that name.</returns>
    public LinkInfo? FindLink(string name)
    {
        try
        {
            return GetLink(name);
        }
        catch (NetlinkException e) when (e.Errno == Errno.ENODEV)
        {
            return null;
        }
    }

    /// <returns>Null when there is none of that index.</returns>
    public LinkInfo? FindLink(int index)
    {
        try
        {
            return ReadLink(new NetlinkRequest(RouteMessage.GetLink, Change).Header(new LinkHeader { Index = index }), $"read interface {index}");
        }
        catch (NetlinkException e) when (e.Errno == Errno.ENODEV)
        {
            return null;
        }
    }

    /// <exception cref="NetlinkException">ENODEV when there is none of that name.</exception>
    public LinkInfo GetLink(string name) =>
        ReadLink(new NetlinkRequest(RouteMessage.GetLink, Change).Header(new LinkHeader()).Put(LinkAttribute.Name, name), $"read interface {name}");

    /// <summary>Makes a veth pair; both ends are down.</summary>
    /// <returns>The end in this namespace.</returns>
    /// <exception cref="NetlinkException">EEXIST when either name is taken.</exception>
    public LinkInfo CreateVeth(VethSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        using var peerNamespace = spec.PeerNamespace is null ? default : new FdLease(spec.PeerNamespace.Handle);
        var request = NewLink(spec.Name, spec.Mac, spec.Mtu);
        PutQueues(request, spec.Queues);
        var (info, data) = BeginInfo(request, "veth");
        var peer = request.Begin(LinkAttribute.VethPeer);
        PutCommon(request.Header(new LinkHeader()), spec.PeerName, spec.PeerMac, spec.Mtu);
        PutQueues(request, spec.Queues);
        if (spec.PeerNamespace is not null)
        {
            request.Put(LinkAttribute.NamespaceFd, peerNamespace.Fd);
        }

        request.End(peer).End(data).End(info);
        return Make(request, spec.Name, $"create veth {spec.Name} with peer {spec.PeerName}");
    }

    public LinkInfo CreateBridge(BridgeSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var request = NewLink(spec.Name, spec.Mac, spec.Mtu);
        var (info, data) = BeginInfo(request, "bridge");
        if (spec.MulticastSnooping is { } snooping)
        {
            request.Put(LinkAttribute.BridgeMulticastSnooping, (byte)(snooping ? 1 : 0));
        }

        return Make(request.End(data).End(info), spec.Name, $"create bridge {spec.Name}");
    }

    public LinkInfo CreateVxlan(VxlanSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var request = NewLink(spec.Name, spec.Mac, spec.Mtu);
        var (info, data) = BeginInfo(request, "vxlan");
        if (spec.IsExternal)
        {
            request.Put(LinkAttribute.VxlanCollectMetadata, (byte)1);
        }
        else
        {
            request.Put(LinkAttribute.VxlanId, (uint)spec.Id);
        }

        request.Put(LinkAttribute.VxlanLearning, (byte)(spec.Learning && !spec.IsExternal ? 1 : 0))
            .PutBigEndian(LinkAttribute.VxlanPort, checked((ushort)spec.DestinationPort));
        if (spec.ZeroChecksum6)
        {
            request.Put(LinkAttribute.VxlanZeroChecksum6Transmit, (byte)1).Put(LinkAttribute.VxlanZeroChecksum6Receive, (byte)1);
        }

        if (spec.Local is { } local)
        {
            request.Put(IsV6(local) ? LinkAttribute.VxlanLocal6 : LinkAttribute.VxlanLocal, local);
        }

        if (spec.Remote is { } remote)
        {
            request.Put(IsV6(remote) ? LinkAttribute.VxlanGroup6 : LinkAttribute.VxlanGroup, remote);
        }

        if (spec.Device is { } device)
        {
            request.Put(LinkAttribute.VxlanLink, device);
        }

        return Make(request.End(data).End(info), spec.Name, $"create vxlan {spec.Name}");
    }

    /// <summary>Changes all that is set in <paramref name="change"/> with one request.</summary>
    public void ChangeLink(int index, LinkChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        var header = new LinkHeader { Index = index };
        if (change.Up is { } up)
        {
            (header.Change, header.Flags) = (UpFlag, up ? UpFlag : 0);
        }

        var request = new NetlinkRequest(RouteMessage.SetLink, Change).Header(header);
        PutCommon(request, change.Name, change.Mac, change.Mtu);
        if (change.Master is { } master)
        {
            request.Put(LinkAttribute.Master, master);
        }

        using var target = change.Namespace is null ? default : new FdLease(change.Namespace.Handle);
        if (change.Namespace is not null)
        {
            request.Put(LinkAttribute.NamespaceFd, target.Fd);
        }

        _socket.Request(request, $"change interface {index} ({change})");
    }

    public void SetUp(int index) => ChangeLink(index, new LinkChange { Up = true });

    public void SetDown(int index) => ChangeLink(index, new LinkChange { Up = false });

    /// <summary>
    /// Waits until frames pass. When both ends of a veth pair have been set up, the kernel starts their queues a moment
    /// later, from a work queue; until then it drops frames without a word.
    /// </summary>
    /// <returns>False when the time is over.</returns>
    /// <exception cref="NetlinkException">ENODEV when the interface is gone.</exception>
    public bool WaitUntilRunning(int index, TimeSpan timeout)
    {
        var start = Stopwatch.GetTimestamp();
        while (FindLink(index) is { } link)
        {
            if (link.IsRunning)
            {
                return true;
            }

            if (Stopwatch.GetElapsedTime(start) > timeout)
            {
                return false;
            }

            Thread.Sleep(1);
        }

        throw new NetlinkException($"wait for interface {index}", Errno.ENODEV);
    }

    /// <summary>Deletes a virtual interface, of a veth pair both ends.</summary>
    /// <returns>False when there was none of that index.</returns>
    public bool DeleteLink(int index)
    {
        try
        {
            _socket.Request(new NetlinkRequest(RouteMessage.DeleteLink, Change).Header(new LinkHeader { Index = index }), $"delete interface {index}");
            return true;
        }
        catch (NetlinkException e) when (e.Errno == Errno.ENODEV)
        {
            return false;
        }
    }

    private static NetlinkRequest NewLink(string name, PhysicalAddress? mac, int? mtu) =>
        PutCommon(new NetlinkRequest(RouteMessage.NewLink, Create).Header(new LinkHeader()), name, mac, mtu);

    private static NetlinkRequest PutCommon(NetlinkRequest request, string? name, PhysicalAddress? mac, int? mtu)
    {
        if (name is not null)
        {
            request.Put(LinkAttribute.Name, name);
        }

        if (mac is not null)
        {
            request.Put(LinkAttribute.Address, mac.GetAddressBytes());
        }

        return mtu is { } bytes ? request.Put(LinkAttribute.Mtu, (uint)bytes) : request;
    }

    private static void PutQueues(NetlinkRequest request, int? queues)
    {
        if (queues is { } count)
        {
            request.Put(LinkAttribute.TransmitQueues, (uint)count).Put(LinkAttribute.ReceiveQueues, (uint)count);
        }
    }

    private static (int Info, int Data) BeginInfo(NetlinkRequest request, string kind)
    {
        var info = request.Begin(LinkAttribute.LinkInfo);
        request.Put(LinkAttribute.InfoKind, kind);
        return (info, request.Begin(LinkAttribute.InfoData));
    }

    private static bool IsV6(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6;

    private LinkInfo Make(NetlinkRequest request, string name, string operation)
    {
        _socket.Request(request, operation);
        return GetLink(name);
    }

    private LinkInfo ReadLink(NetlinkRequest request, string operation) =>
        LinkInfo.Read(_socket.Request(request, operation).Single(reply => reply.Type == RouteMessage.NewLink));
}

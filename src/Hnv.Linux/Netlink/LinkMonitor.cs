using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Hnv.Linux.Netlink;

/// <summary>
/// Changes of links, addresses, routes, rules and, as far as they go, tc filters in the namespace in which the calling thread made this instance. It subscribes
/// when made: make it, list with <see cref="Rtnetlink"/>, then read, and nothing is missed between.
/// </summary>
public sealed class LinkMonitor : IDisposable
{
    // RTMGRP_LINK, TC, IPV4_IFADDR, IPV4_ROUTE, IPV4_RULE, IPV6_IFADDR, IPV6_ROUTE, and 1 << (RTNLGRP_IPV6_RULE - 1)
    private const uint Groups = 0x1 | 0x8 | 0x10 | 0x40 | 0x80 | 0x100 | 0x400 | 0x40000;
    private readonly NetlinkSocket _socket;

    /// <param name="receiveBufferSize">Bytes of events the kernel keeps for a reader that is behind (limited by net.core.rmem_max).</param>
    public LinkMonitor(int receiveBufferSize = 1 << 20) => _socket = new NetlinkSocket(Groups) { ReceiveBufferSize = receiveBufferSize };

    /// <summary>Events as they come, until cancelled. For one reader.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async IAsyncEnumerable<NetworkEvent> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        while (true)
        {
            List<NetlinkReply>? messages = null;
            try
            {
                messages = await _socket.ReceiveAsync(cancellation);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.NoBufferSpaceAvailable)
            {
                // Reported below: an iterator may not yield inside catch.
            }

            if (messages is null)
            {
                yield return new NetworkEvent.Overrun();
                continue;
            }

            foreach (var seen in messages.SelectMany(Translate))
            {
                yield return seen;
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>What a message says. One that contradicts itself says that something changed, and not what: it counts as lost.</summary>
    internal static IEnumerable<NetworkEvent> Translate(NetlinkReply message)
    {
        try
        {
            return [.. Read(message)];
        }
        catch (NetlinkException)
        {
            return [new NetworkEvent.Overrun()];
        }
    }

    private static IEnumerable<NetworkEvent> Read(NetlinkReply message) => message.Type switch
    {
        // Bridges repeat messages about their ports under their own family: "deleted" means there that a port left.
        RouteMessage.NewLink or RouteMessage.DeleteLink when message.Header<LinkHeader>().Family != KernelFamily.Unspecified => [],
        RouteMessage.NewLink => [new NetworkEvent.LinkChanged(LinkInfo.Read(message))],
        RouteMessage.DeleteLink when LinkInfo.Read(message) is var link => [new NetworkEvent.LinkDeleted(link.Index, link.Name)],
        RouteMessage.NewAddress or RouteMessage.DeleteAddress =>
            [new NetworkEvent.AddressChanged(AddressInfo.Read(message), message.Type == RouteMessage.DeleteAddress)],
        RouteMessage.NewRoute or RouteMessage.DeleteRoute =>
            RouteInfo.ReadAll(message).Select(route => new NetworkEvent.RouteChanged(route, message.Type == RouteMessage.DeleteRoute)),
        RouteMessage.NewRule or RouteMessage.DeleteRule => [new NetworkEvent.RulesChanged()],
        RouteMessage.DeleteQdisc or RouteMessage.DeleteFilter when message.Header<TcHeader>() is { IsAtFilterQdisc: true, Index: > 0 and var index } =>
            [new NetworkEvent.FilterLost(index)],
        _ => [],
    };
}

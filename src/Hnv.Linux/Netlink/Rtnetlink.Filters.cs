using Hnv.Linux.Bpf;

namespace Hnv.Linux.Netlink;

/// <content>tc: where filters are attached, and how many.</content>
public sealed partial class Rtnetlink
{
    private const ushort TcKind = 1; // TCA_KIND
    private const ushort TcOptions = 2; // TCA_OPTIONS
    private const uint IngressParent = 0xfffffff1; // TC_H_INGRESS, TC_H_CLSACT
    private const uint RootParent = 0xffffffff; // TC_H_ROOT

    /// <summary>
    /// <c>clsact</c>, <c>ingress</c>, or null when the interface has neither. It matters: what is attached to egress of an ingress qdisc
    /// lands, without a word, among the filters of ingress.
    /// </summary>
    public string? FindFilterQdisc(int interfaceIndex) => FindQdisc(interfaceIndex, IngressParent);

    /// <summary>By what the interface queues what it sends: <c>noqueue</c>, <c>fq</c>, <c>htb</c> …; null while it has none, before it was set up the first time.</summary>
    public string? FindRootQdisc(int interfaceIndex) => FindQdisc(interfaceIndex, RootParent);

    private string? FindQdisc(int interfaceIndex, uint parent)
    {
        // Without echo the kernel tells everybody but who asked.
        var request = new NetlinkRequest(RouteMessage.GetQdisc, Change | NetlinkFlags.Echo).Header(new TcHeader { Index = interfaceIndex, Parent = parent });
        try
        {
            return _socket.Request(request, $"read the qdisc of interface {interfaceIndex}").Select(reply => reply.Attributes<TcHeader>().GetString(TcKind)).FirstOrDefault();
        }
        catch (NetlinkException e) when (e.Errno is Errno.ENOENT)
        {
            return null;
        }
    }

    /// <summary>How many filters, of everybody, an interface has at clsact or ingress, in both directions; 0 when it has no such qdisc.</summary>
    public int CountFilters(int interfaceIndex) =>
        CountFilters(interfaceIndex, TcDirection.Ingress) + CountFilters(interfaceIndex, TcDirection.Egress);

    private int CountFilters(int interfaceIndex, TcDirection direction)
    {
        // TC_H_CLSACT with TC_H_MIN_INGRESS or TC_H_MIN_EGRESS, linux/pkt_sched.h.
        var parent = direction == TcDirection.Ingress ? 0xfffffff2 : 0xfffffff3;
        var request = new NetlinkRequest(RouteMessage.GetFilter, Dump).Header(new TcHeader { Index = interfaceIndex, Parent = parent });
        // Classifiers tell of themselves once (without options) and of each filter.
        return _socket.Request(request, $"list the filters of interface {interfaceIndex}").Count(reply =>
            reply.Attributes<TcHeader>().TryGet(TcKind, out _) && reply.Attributes<TcHeader>().TryGet(TcOptions, out _));
    }
}

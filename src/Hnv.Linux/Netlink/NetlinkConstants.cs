using System.Runtime.InteropServices;

namespace Hnv.Linux.Netlink;

/// <summary>NLM_F_* of linux/netlink.h.</summary>
[Flags]
internal enum NetlinkFlags
{
    Request = 1,
    Ack = 4,
    Echo = 8,
    Dump = 0x300,
    Replace = 0x100,
    Exclusive = 0x200,
    Create = 0x400,
    Append = 0x800,
}

/// <summary>NLM_F_* of the kernel's answers, where the same bits mean other things.</summary>
[Flags]
internal enum NetlinkReplyFlags
{
    None = 0,
    DumpInterrupted = 0x10,

    /// <summary>NLM_F_ACK_TLVS: attributes follow the error.</summary>
    Attributes = 0x200,
}

/// <summary>RTM_* of linux/rtnetlink.h.</summary>
internal enum RouteMessage
{
    Error = 2, // NLMSG_ERROR
    Done = 3, // NLMSG_DONE
    NewLink = 16,
    DeleteLink = 17,
    GetLink = 18,
    SetLink = 19,
    NewAddress = 20,
    DeleteAddress = 21,
    GetAddress = 22,
    NewRoute = 24,
    DeleteRoute = 25,
    GetRoute = 26,
    NewNeighbour = 28,
    DeleteNeighbour = 29,
    GetNeighbour = 30,
    NewRule = 32,
    DeleteRule = 33,
    GetRule = 34,
    DeleteQdisc = 37,
    GetQdisc = 38,
    DeleteFilter = 45,
    GetFilter = 46,
}

/// <summary>AF_* as the kernel counts them (the framework's numbers differ).</summary>
internal static class KernelFamily
{
    public const byte Unspecified = 0, Inet = 2, Bridge = 7, Inet6 = 10, Netlink = 16, Packet = 17;

    public static byte Of(System.Net.IPAddress address) => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? Inet6 : Inet;
}

/// <summary>struct ifinfomsg, linux/rtnetlink.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LinkHeader
{
    public byte Family;
    private readonly byte _pad;
    public ushort Type;
    public int Index;
    public uint Flags;
    public uint Change;
}

/// <summary>struct ifaddrmsg, linux/if_addr.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AddressHeader
{
    public byte Family, PrefixLength, Flags, Scope;
    public int Index;
}

/// <summary>struct rtmsg, linux/rtnetlink.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RouteHeader
{
    public byte Family, DestinationLength, SourceLength, Tos, Table, Protocol, Scope, Type;
    public uint Flags;
}

/// <summary>struct fib_rule_hdr, linux/fib_rules.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RuleHeader
{
    public byte Family, DestinationLength, SourceLength, Tos, Table;
    private readonly byte _reserved1, _reserved2;
    public byte Action;
    public uint Flags;
}

/// <summary>struct rtnexthop, linux/rtnetlink.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NextHopHeader
{
    public ushort Length;
    public byte Flags, Hops;
    public int Index;
}

/// <summary>struct tcmsg, linux/rtnetlink.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TcHeader
{
    public byte Family;
    private readonly byte _pad1;
    private readonly ushort _pad2;
    public int Index; // TCM_IFINDEX_MAGIC_BLOCK, -1, for a block that interfaces share
    public uint Handle, Parent, Info;

    /// <summary>Whether it is about a clsact or ingress qdisc, or a filter at one: their major number is TC_H_MAJ(TC_H_CLSACT), and theirs alone.</summary>
    public readonly bool IsAtFilterQdisc => Parent >> 16 == 0xffff && Parent != uint.MaxValue; // TC_H_ROOT is all ones.
}

/// <summary>struct ndmsg, linux/neighbour.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NeighbourHeader
{
    public byte Family;
    private readonly byte _pad1;
    private readonly ushort _pad2;
    public int Index;
    public ushort State;
    public byte Flags, Type;
}

using System.Net;

namespace Hnv.Linux.Netlink;

/// <summary>A rule that sends packets from some addresses to a routing table (<c>ip rule add from SOURCE lookup TABLE</c>).</summary>
/// <param name="Source">Null: from anywhere.</param>
/// <param name="Priority">Rules are asked in this order, the lowest first; the table main is asked at 32766.</param>
/// <param name="Protocol">Who made it (RTPROT_*); 2 is the kernel.</param>
public sealed record RuleInfo(IPNetwork? Source, int Table, int Priority, byte Protocol)
{
    internal static RuleInfo Read(in NetlinkReply reply)
    {
        var header = reply.Header<RuleHeader>();
        var attributes = reply.Attributes<RuleHeader>();
        return new RuleInfo(
            attributes.GetAddress(RuleAttribute.Source) is { } source ? reply.Prefix(Masked(source, header.SourceLength), header.SourceLength) : null,
            attributes.Get<int>(RuleAttribute.Table) ?? header.Table,
            attributes.Get<int>(RuleAttribute.Priority) ?? 0,
            attributes.Get<byte>(RuleAttribute.Protocol) ?? 0);
    }

    /// <summary>The kernel takes a source with bits behind its prefix, and gives it back as it was said.</summary>
    private static IPAddress Masked(IPAddress address, int length)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int bit = length; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPAddress(bytes);
    }
}

/// <summary>FRA_* and FR_ACT_* of linux/fib_rules.h.</summary>
internal static class RuleAttribute
{
    public const ushort Source = 2, Priority = 6, Table = 15, Protocol = 21;
    public const byte ToTable = 1; // FR_ACT_TO_TBL
}

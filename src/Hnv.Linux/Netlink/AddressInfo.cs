using System.Net;

namespace Hnv.Linux.Netlink;

/// <summary>An address of an interface.</summary>
/// <param name="Protocol">Who added it (IFA_PROTO, kernel 5.18); 0: not said.</param>
public sealed record AddressInfo(int InterfaceIndex, IPAddress Address, int PrefixLength, AddressFlags Flags, byte Protocol = 0)
{
    internal static AddressInfo Read(in NetlinkReply reply)
    {
        var header = reply.Header<AddressHeader>();
        var attributes = reply.Attributes<AddressHeader>();
        // On point-to-point links IFA_ADDRESS is the other end's.
        var address = attributes.GetAddress(AddressAttribute.Local) ?? attributes.GetAddress(AddressAttribute.Address) ?? IPAddress.None;
        return new AddressInfo(
            header.Index, address, header.PrefixLength, (AddressFlags)(attributes.Get<uint>(AddressAttribute.Flags) ?? header.Flags),
            attributes.Get<byte>(AddressAttribute.Protocol) ?? 0);
    }
}

/// <summary>IFA_F_* of linux/if_addr.h.</summary>
[Flags]
public enum AddressFlags
{
    None = 0,

    /// <summary>IPv6: no duplicate address detection, the address can be used at once.</summary>
    NoDuplicateDetection = 2,
    DuplicateDetectionFailed = 8,
    Deprecated = 0x20,

    /// <summary>IPv6: duplicate address detection still runs.</summary>
    Tentative = 0x40,
    Permanent = 0x80,
    NoPrefixRoute = 0x200,

    /// <summary>A multicast group that the interface joined for as long as it has the address.</summary>
    AutoJoin = 0x400,
}

/// <summary>IFA_* of linux/if_addr.h.</summary>
internal static class AddressAttribute
{
    public const ushort Address = 1, Local = 2, Flags = 8, Protocol = 11;
}

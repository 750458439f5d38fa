namespace Hnv.Linux.Netlink;

/// <summary>The kernel refused a netlink request.</summary>
/// <param name="extendedAck">The kernel's own words (NLMSGERR_ATTR_MSG), where it has some.</param>
public sealed class NetlinkException(string operation, Errno errno, string extendedAck = "") : LinuxException(operation, errno, extendedAck)
{
    public string ExtendedAck { get; } = extendedAck;
}

using Hnv.Linux.Namespaces;

namespace Hnv.Linux.Netlink;

/// <summary>
/// Links, addresses, routes and neighbours of one network namespace: the one in which the calling thread was when it made
/// this instance. From then on every thread may use it. What the kernel refuses is a <see cref="NetlinkException"/>.
/// </summary>
public sealed partial class Rtnetlink : IDisposable
{
    private const NetlinkFlags Change = NetlinkFlags.Request | NetlinkFlags.Ack;
    private const NetlinkFlags Create = Change | NetlinkFlags.Create | NetlinkFlags.Exclusive;
    private const NetlinkFlags Dump = NetlinkFlags.Request | NetlinkFlags.Dump;
    private readonly NetlinkSocket _socket = new();
    private readonly NetlinkSocket _filtering = new(strict: true);

    /// <summary>Opens the routing of a given namespace.</summary>
    public static Rtnetlink Of(NetworkNamespace networkNamespace)
    {
        ArgumentNullException.ThrowIfNull(networkNamespace);
        return networkNamespace.Run(() => new Rtnetlink());
    }

    public void Dispose()
    {
        _socket.Dispose();
        _filtering.Dispose();
    }
}

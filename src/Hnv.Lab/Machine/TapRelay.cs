using Hnv.Linux;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;

namespace Hnv.Lab.Machine;

/// <summary>
/// Plays QEMU between two taps: the one on the host is the port's interface, the one in the VM is its adapter. Every frame travels with
/// its virtio-net header, so that super-packets and unfinished checksums stay as they are, as between a guest and its host.
/// </summary>
public static class TapRelay
{
    private const TapOffloads Offloads = TapOffloads.Checksum | TapOffloads.Tso4 | TapOffloads.Tso6 | TapOffloads.TsoEcn;
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(1);

    /// <summary>Makes both taps and relays until cancelled, or until one of the two is deleted.</summary>
    public static async Task RunAsync(string hostNamespace, string hostInterface, string vmNamespace, string vmInterface, CancellationToken cancellationToken)
    {
        using TapDevice host = Open(hostNamespace, hostInterface), vm = Open(vmNamespace, vmInterface);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] directions = [Start(host, vm, stop), Start(vm, host, stop)];
        await await Task.WhenAny(directions);
        await stop.CancelAsync();
        await Task.WhenAll(directions);
    }

    private static TapDevice Open(string netns, string name)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(netns);
        TapDevice tap = TapDevice.Open(inside, new TapSpec(name) { VnetHeader = true });
        tap.SetOffload(Offloads);
        inside.Run(() => Sysctl.Write($"net/ipv6/conf/{name}/accept_dad", 0));
        return tap;
    }

    private static Task Start(TapDevice from, TapDevice to, CancellationTokenSource stop) => Task.Factory.StartNew(
        () =>
        {
            byte[] buffer = new byte[VirtioNetHeader.Size + PacketSocket.MaxFrame];
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    int length = from.Read(buffer, s_wait);
                    if (length > 0)
                    {
                        to.Write(buffer.AsSpan(0, length));
                    }
                }
                catch (LinuxException e) when (e.Errno is Errno.EIO or Errno.EINVAL)
                {
                    // EIO: the other end is down; EINVAL: a frame its kernel refuses. Either way a cable loses the frame.
                }
            }
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}

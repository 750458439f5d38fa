using System.Net.NetworkInformation;
using System.Net.Sockets;
using Hnv.Linux;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;

namespace Hnv.Lab.Machine;

/// <summary>
/// Plays QEMU between two taps: the one on the host is the port's interface, the one in the VM is its adapter. Every frame travels with
/// its virtio-net header, so that super-packets and unfinished checksums stay as they are, as between a guest and its host.
/// </summary>
/// <remarks>
/// When the VM moves, the tap on the other host is opened in advance (<c>prepare</c>), as the QEMU there does that waits for the VM's memory.
/// On <c>switch</c> the VM goes on behind the new tap from one frame to the next, announces itself by RARP, and the old tap goes.
/// Neither does what a hypervisor takes its time for: it never pauses the VM.
/// </remarks>
public sealed class TapRelay : IDisposable
{
    private const TapOffloads Offloads = TapOffloads.Checksum | TapOffloads.Tso4 | TapOffloads.Tso6 | TapOffloads.TsoEcn;

    /// <summary>How soon an old tap is closed.</summary>
    private static readonly TimeSpan s_wait = TimeSpan.FromMilliseconds(50);

    private readonly TapDevice _vm;
    private readonly Func<PhysicalAddress> _mac;
    private readonly CancellationTokenSource _stop;
    private readonly Lock _gate = new();
    private volatile TapDevice _host;
    private TapDevice? _next;
    private Task _fromHost;

    private TapRelay(TapDevice host, TapDevice vm, Func<PhysicalAddress> mac, CancellationToken cancellationToken)
    {
        _host = host;
        _vm = vm;
        _mac = mac;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _fromHost = RunFromHost(host);
    }

    /// <summary>Makes both taps and relays until cancelled, or until one of the two is deleted.</summary>
    /// <param name="control">Path of the socket that takes commands, one a connection; null: none.</param>
    public static async Task RunAsync(
        string hostNamespace, string hostInterface, string vmNamespace, string vmInterface, string? control, CancellationToken cancellationToken)
    {
        TapDevice host = Open(hostNamespace, hostInterface), vm = Open(vmNamespace, vmInterface);
        using var relay = new TapRelay(host, vm, () => MacOf(vmNamespace, vmInterface), cancellationToken);
        Task fromVm = relay.RunFromVm();
        Task[] commands = control is null ? [] : [relay.ServeAsync(control, relay._stop.Token)];
        await await Task.WhenAny([fromVm, relay.HostEndedAsync(), .. commands]);
        await relay._stop.CancelAsync();
        await Task.WhenAll([fromVm, relay._fromHost, .. commands]);
    }

    /// <summary>Tells a relay something, and waits until that is done.</summary>
    /// <exception cref="LabException">It cannot, or is not there.</exception>
    public static async Task TellAsync(string control, string command, CancellationToken cancellationToken)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(control), cancellationToken);
            await using var stream = new NetworkStream(socket);
            await using var writer = new StreamWriter(stream) { AutoFlush = true };
            using var reader = new StreamReader(stream);
            await writer.WriteLineAsync(command.AsMemory(), cancellationToken);
            string? answer = await reader.ReadLineAsync(cancellationToken);
            if (answer != "done")
            {
                throw new LabException($"The relay could not '{command}': {answer ?? "it ended"}");
            }
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw new LabException($"The relay does not answer at {control}: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        _stop.Dispose();
        _next?.Dispose();
        _host.Dispose();
        _vm.Dispose();
    }

    private async Task ServeAsync(string control, CancellationToken cancellationToken)
    {
        File.Delete(control);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(control));
        listener.Listen();
        try
        {
            while (true)
            {
                using Socket socket = await listener.AcceptAsync(cancellationToken);
                await using var stream = new NetworkStream(socket);
                using var reader = new StreamReader(stream);
                await using var writer = new StreamWriter(stream) { AutoFlush = true };
                string answer = Obey((await reader.ReadLineAsync(cancellationToken))?.Split(' ') ?? []);
                await writer.WriteLineAsync(answer.AsMemory(), cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end.
        }
    }

    private string Obey(string[] words)
    {
        try
        {
            switch (words)
            {
                case ["prepare", var netns, var name]:
                    _next?.Dispose();
                    _next = Open(netns, name);
                    return "done";
                case ["switch"] when _next is { } next:
                    _next = null;
                    Switch(next);
                    return "done";
                default:
                    return $"'{string.Join(' ', words)}' is no command that can be done now";
            }
        }
        catch (LinuxException e)
        {
            return e.Message;
        }
    }

    private void Switch(TapDevice next)
    {
        lock (_gate)
        {
            _host = next;
            next.Write(Rarp());
            _fromHost = RunFromHost(next);
        }
    }

    /// <summary>What QEMU sends for a VM that begins to run (RFC 903), behind an empty virtio-net header.</summary>
    private byte[] Rarp()
    {
        byte[] frame = new byte[VirtioNetHeader.Size + 60];
        Span<byte> rarp = frame.AsSpan(VirtioNetHeader.Size);
        byte[] mac = _mac().GetAddressBytes();
        rarp[..6].Fill(0xff);
        mac.CopyTo(rarp[6..]);
        ReadOnlySpan<byte> fixedPart = [0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 3];
        fixedPart.CopyTo(rarp[12..]);
        mac.CopyTo(rarp[22..]);
        mac.CopyTo(rarp[32..]);
        return frame;
    }

    /// <summary>Ends when the tap that is in use now ended by itself.</summary>
    private async Task HostEndedAsync()
    {
        while (true)
        {
            Task watched;
            lock (_gate)
            {
                watched = _fromHost;
            }

            await watched;
            lock (_gate)
            {
                if (ReferenceEquals(watched, _fromHost))
                {
                    return;
                }
            }
        }
    }

    private Task RunFromVm() => Start(_vm, static () => true, (relay, frame) => relay._host.Write(frame), last: null);

    /// <summary>What a tap that is not in use any more still holds is lost, as it is to a VM that was paused there.</summary>
    private Task RunFromHost(TapDevice host) =>
        Start(host, () => ReferenceEquals(host, _host), static (relay, frame) => relay._vm.Write(frame), last: () => ReferenceEquals(host, _host) ? null : host);

    private Task Start(TapDevice from, Func<bool> isInUse, WriteFrame write, Func<TapDevice?>? last) => Task.Factory.StartNew(
        () =>
        {
            byte[] buffer = new byte[VirtioNetHeader.Size + PacketSocket.MaxFrame];
            while (isInUse() && !_stop.IsCancellationRequested)
            {
                try
                {
                    int length = from.Read(buffer, s_wait);
                    if (length > 0 && isInUse())
                    {
                        write(this, buffer.AsSpan(0, length));
                    }
                }
                catch (LinuxException e) when (e.Errno is Errno.EIO or Errno.EINVAL)
                {
                    // EIO: the other end is down; EINVAL: a frame its kernel refuses. Either way a cable loses the frame.
                }
            }

            last?.Invoke()?.Dispose();
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private delegate void WriteFrame(TapRelay relay, ReadOnlySpan<byte> frame);

    private static TapDevice Open(string netns, string name)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(netns);
        TapDevice tap = TapDevice.Open(inside, new TapSpec(name) { VnetHeader = true });
        tap.SetOffload(Offloads);
        inside.Run(() => Sysctl.Write($"net/ipv6/conf/{name}/accept_dad", 0));
        return tap;
    }

    private static PhysicalAddress MacOf(string netns, string name)
    {
        using NetworkNamespace inside = NetworkNamespace.Open(netns);
        using Rtnetlink links = Rtnetlink.Of(inside);
        return links.GetLink(name).Mac ?? PhysicalAddress.None;
    }
}

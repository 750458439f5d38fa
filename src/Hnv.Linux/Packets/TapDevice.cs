using Hnv.Linux.Namespaces;
using Hnv.Linux.Native;
using Microsoft.Win32.SafeHandles;

namespace Hnv.Linux.Packets;

/// <summary>A tap to open or create.</summary>
/// <param name="Name">Up to 15 bytes.</param>
public sealed record TapSpec(string Name)
{
    /// <summary>Every frame, both ways, is preceded by a <see cref="VirtioNetHeader"/>, as QEMU has it.</summary>
    public bool VnetHeader { get; init; }

    /// <summary>Several queues: open the device once per queue.</summary>
    public bool MultiQueue { get; init; }
}

/// <summary>
/// The user-space end of a tap interface (linux/if_tun.h): what the host sends to the interface is read here, what is
/// written here the host receives from it. The interface goes when the last descriptor is closed, unless made persistent.
/// </summary>
public sealed unsafe class TapDevice : IDisposable
{
    private const int ReadWrite = 2; // O_RDWR
    private const nuint InterfaceRequestCode = 0x400454ca, OffloadRequest = 0x400454d0; // TUNSETIFF, TUNSETOFFLOAD
    private const short Tap = 2, NoPacketInformation = 0x1000, VnetHeaderFlag = 0x4000, MultiQueueFlag = 0x100; // IFF_*
    private readonly SafeFileHandle _handle;

    /// <summary>Opens a tap in the network namespace of the calling thread, creating it if need be; it is down then.</summary>
    /// <exception cref="LinuxException">EBUSY when somebody else has it open; EINVAL when it exists with other properties.</exception>
    public TapDevice(TapSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var request = default(InterfaceRequest);
        InterfaceRequest.WriteName(request.Name, spec.Name);
        request.Flags = (short)(Tap | NoPacketInformation | (spec.VnetHeader ? VnetHeaderFlag : 0) | (spec.MultiQueue ? MultiQueueFlag : 0));
        _handle = Libc.Open("/dev/net/tun", ReadWrite);
        if (Libc.Ioctl(_handle, InterfaceRequestCode, &request) != 0)
        {
            var failure = LinuxException.FromLastError($"open tap {spec.Name}");
            _handle.Dispose();
            throw failure;
        }

        Name = spec.Name;
    }

    public string Name { get; }

    /// <summary>For a child process that takes the tap over (QEMU's <c>fd=</c>).</summary>
    public SafeFileHandle Handle => _handle;

    public static TapDevice Open(NetworkNamespace networkNamespace, TapSpec spec)
    {
        ArgumentNullException.ThrowIfNull(networkNamespace);
        return networkNamespace.Run(() => new TapDevice(spec));
    }

    /// <summary>Says what this end can take unfinished; the interface's features follow. Needs the vnet header.</summary>
    public void SetOffload(TapOffloads offloads) => Control(OffloadRequest, (int)offloads, "set the offloads");

    /// <summary>Waits for a frame; one that is longer than the buffer is cut.</summary>
    /// <returns>Its length with the vnet header, or 0 when none came in time.</returns>
    public int Read(Span<byte> buffer, TimeSpan timeout)
    {
        using var lease = new FdLease(_handle);
        var entry = new Libc.PollEntry { Fd = lease.Fd, Events = Libc.PollEntry.Readable };
        var ready = Libc.Poll(&entry, 1, (int)timeout.TotalMilliseconds);
        if (ready == 0 || (ready < 0 && LinuxException.LastErrno == Errno.EINTR))
        {
            return 0;
        }

        fixed (byte* pointer = buffer)
        {
            var length = ready < 0 ? -1 : Libc.Read(_handle, pointer, (nuint)buffer.Length);
            return length >= 0 ? (int)length : throw LinuxException.FromLastError($"read from tap {Name}");
        }
    }

    /// <summary>The host receives this frame (preceded by the vnet header, if the tap has one).</summary>
    /// <exception cref="LinuxException">EIO while the interface is down; EINVAL for a header that does not fit the frame.</exception>
    public void Write(ReadOnlySpan<byte> frame)
    {
        fixed (byte* pointer = frame)
        {
            if (Libc.Write(_handle, pointer, (nuint)frame.Length) < 0)
            {
                throw LinuxException.FromLastError($"write {frame.Length} bytes to tap {Name}");
            }
        }
    }

    public void Dispose() => _handle.Dispose();

    private void Control(nuint request, nint value, string operation)
    {
        if (Libc.Ioctl(_handle, request, (void*)value) < 0)
        {
            throw LinuxException.FromLastError($"{operation} of tap {Name}");
        }
    }
}

/// <summary>TUN_F_*.</summary>
[Flags]
public enum TapOffloads
{
    None = 0,
    Checksum = 1,
    Tso4 = 2,
    Tso6 = 4,
    TsoEcn = 8,

    /// <summary>UDP segmentation; kernels from 6.2.</summary>
    Uso4 = 0x20,
    Uso6 = 0x40,
}

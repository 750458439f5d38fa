using System.Text;
using Hnv.Linux.Native;
using Microsoft.Win32.SafeHandles;

namespace Hnv.Linux.Bpf;

/// <summary>What maps and programs have in common: numbers, pins, info.</summary>
internal static unsafe class BpfDescriptor
{
    public static SafeFileHandle Check(int fd, string operation) =>
        fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw BpfException.FromLastError(operation);

    public static SafeFileHandle FromId(BpfCommand command, uint id, string operation)
    {
        var attribute = new BpfIdAttribute { Id = id };
        return Check(BpfCall.Invoke(command, ref attribute), operation);
    }

    public static void Pin(SafeFileHandle handle, string path, string what)
    {
        using var lease = new FdLease(handle);
        fixed (byte* pathPointer = ZeroTerminated(path))
        {
            var attribute = new BpfPathAttribute { Path = pathPointer, Fd = lease.Fd };
            if (BpfCall.Invoke(BpfCommand.ObjectPin, ref attribute) < 0)
            {
                throw BpfException.FromLastError($"pin {what} at {path}");
            }
        }
    }

    /// <param name="kind">bpf-map or bpf-prog: BPF_OBJ_GET opens either, and the info of one read as the other is nonsense.</param>
    public static SafeFileHandle? TryOpenPinned(string path, string kind)
    {
        fixed (byte* pathPointer = ZeroTerminated(path))
        {
            var attribute = new BpfPathAttribute { Path = pathPointer };
            var fd = BpfCall.Invoke(BpfCommand.ObjectGet, ref attribute);
            if (fd < 0 && LinuxException.LastErrno == Errno.ENOENT)
            {
                return null;
            }

            var handle = Check(fd, $"open {path}");
            if (File.ResolveLinkTarget($"/proc/self/fd/{fd}", returnFinalTarget: false)?.Name is { } name && name.EndsWith(kind, StringComparison.Ordinal))
            {
                return handle;
            }

            handle.Dispose();
            throw new BpfException($"open {path}", Errno.EINVAL, $"what is pinned there is no {kind}");
        }
    }

    public static BpfMapInfo ReadMapInfo(SafeFileHandle handle)
    {
        var info = default(BpfMapInfoBuffer);
        Read(handle, &info, sizeof(BpfMapInfoBuffer));
        return new BpfMapInfo(info.Id, (BpfMapType)info.Type, (int)info.KeySize, (int)info.ValueSize, info.MaxEntries, (BpfMapFlags)info.Flags, LibBpf.Text(info.Name));
    }

    public static BpfProgramInfo ReadProgramInfo(SafeFileHandle handle)
    {
        var info = default(BpfProgramInfoBuffer);
        Read(handle, &info, sizeof(BpfProgramInfoBuffer));
        // The first answer only counts the maps; the second call brings room for their numbers.
        var mapIds = new uint[info.MapIdCount];
        if (mapIds.Length > 0)
        {
            fixed (uint* ids = mapIds)
            {
                var again = new BpfProgramInfoBuffer { MapIdCount = (uint)mapIds.Length, MapIds = ids };
                Read(handle, &again, sizeof(BpfProgramInfoBuffer));
            }
        }

        return new BpfProgramInfo(info.Id, (BpfProgramType)info.Type, Convert.ToHexStringLower(new ReadOnlySpan<byte>(info.Tag, 8)), LibBpf.Text(info.Name), mapIds);
    }

    private static void Read(SafeFileHandle handle, void* info, int size)
    {
        using var lease = new FdLease(handle);
        var attribute = new BpfInfoAttribute { Fd = lease.Fd, Length = (uint)size, Info = info };
        if (BpfCall.Invoke(BpfCommand.ObjectGetInfo, ref attribute) < 0)
        {
            throw BpfException.FromLastError("read the info of a BPF object");
        }
    }

    private static byte[] ZeroTerminated(string path) => Encoding.UTF8.GetBytes(path + '\0');
}

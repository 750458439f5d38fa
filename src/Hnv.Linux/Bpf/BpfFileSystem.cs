using Hnv.Linux.Native;

namespace Hnv.Linux.Bpf;

/// <summary>
/// Mounts of the BPF file system, where maps and programs are pinned. An own mount is needed because
/// <c>ip netns exec</c> and <c>tc -n</c> mount /sys anew and so hide /sys/fs/bpf.
/// </summary>
public static unsafe class BpfFileSystem
{
    private const long Magic = 0xcafe4a11; // BPF_FS_MAGIC, linux/magic.h

    /// <summary>Whether a path lies on a BPF file system. False when the path does not exist.</summary>
    public static bool IsMounted(string path)
    {
        var buffer = default(Libc.StatFsBuffer);
        return Libc.StatFs(path, &buffer) == 0
            ? buffer.Type == Magic
            : LinuxException.LastErrno == Errno.ENOENT ? false : throw LinuxException.FromLastError($"statfs {path}");
    }

    /// <summary>Makes the directory and mounts a BPF file system there, for root alone, unless it is on one already.</summary>
    /// <returns>True when this call mounted it.</returns>
    public static bool Mount(string directory)
    {
        Directory.CreateDirectory(directory);
        if (IsMounted(directory))
        {
            return false;
        }

        return Libc.Mount("bpf", directory, "bpf", 0, "mode=0700") == 0
            ? true
            : throw LinuxException.FromLastError($"mount a BPF file system at {directory}");
    }

    /// <summary>Unmounts; what was pinned there and is used nowhere else goes with it. The directory stays.</summary>
    public static void Unmount(string directory)
    {
        if (Libc.Unmount(directory, 0) != 0)
        {
            throw LinuxException.FromLastError($"unmount {directory}");
        }
    }
}

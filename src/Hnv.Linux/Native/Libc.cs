using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hnv.Linux.Native;

/// <summary>glibc. Functions answer −1 and leave the reason in the last P/Invoke error.</summary>
internal static unsafe partial class Libc
{
    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint Syscall(nint number, nint a0, nint a1, nint a2);

    [LibraryImport(Library, EntryPoint = "sched_setaffinity", SetLastError = true)]
    public static partial int SchedSetAffinity(int pid, nuint size, byte* mask);

    [LibraryImport(Library, EntryPoint = "unshare", SetLastError = true)]
    public static partial int Unshare(int flags);

    [LibraryImport(Library, EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Mount(string source, string target, string? type, nuint flags, string? data);

    [LibraryImport(Library, EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unmount(string target, int flags);

    [LibraryImport(Library, EntryPoint = "statfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int StatFs(string path, StatFsBuffer* buffer);

    /// <summary>fcntl with an int argument (F_DUPFD_CLOEXEC).</summary>
    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Fcntl(int fd, int command, nint argument);

    [LibraryImport(Library, EntryPoint = "vsnprintf")]
    public static partial int FormatVarArgs(byte* buffer, nuint size, byte* format, nint arguments);

    public const int NewNetworkNamespace = 0x40000000; // CLONE_NEWNET
    public const int DuplicateCloseOnExec = 1030; // F_DUPFD_CLOEXEC

    public static SafeFileHandle Duplicate(int fd, string what)
    {
        var copy = Fcntl(fd, DuplicateCloseOnExec, 0);
        return copy >= 0 ? new SafeFileHandle(copy, ownsHandle: true) : throw LinuxException.FromLastError($"duplicate the descriptor of {what}");
    }

    /// <summary>struct statfs (asm-generic/statfs.h, 64 bit); only the magic number matters here.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 120)]
    public struct StatFsBuffer
    {
        public long Type;
    }
}

using System.Net.Sockets;
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

    [LibraryImport(Library, EntryPoint = "setns", SetLastError = true)]
    public static partial int SetNamespace(SafeFileHandle fd, int kind);

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenPath(string path, int flags, int mode);

    [LibraryImport(Library, EntryPoint = "flock", SetLastError = true)]
    public static partial int Flock(SafeFileHandle fd, int operation);

    [LibraryImport(Library, EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unlink(string path);

    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    private static partial int CreateSocket(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(SafeHandle socket, void* address, uint length);

    [LibraryImport(Library, EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetSocketOption(SafeHandle socket, int level, int name, void* value, uint length);

    [LibraryImport(Library, EntryPoint = "sendmmsg", SetLastError = true)]
    public static partial int SendMessages(SafeHandle socket, MessageHeader* messages, uint count, int flags);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(SafeHandle fd, nuint request, void* argument);

    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport(Library, EntryPoint = "clock_gettime", SetLastError = true)]
    public static partial int ClockGetTime(int clock, TimeSpec* time);

    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventFd(uint initial, int flags);

    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Map(nint address, nuint length, int protection, int flags, SafeFileHandle fd, nint offset);

    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(nint address, nuint length);

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(SafeFileHandle fd, byte* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(SafeFileHandle fd, byte* buffer, nuint count);

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

    public const int ProtectRead = 1, ProtectReadWrite = 3; // PROT_*
    public const int MapShared = 1; // MAP_SHARED

    private const int CloseOnExec = 0x80000; // O_CLOEXEC and SOCK_CLOEXEC

    /// <summary>Opens directories, namespaces and devices too, which the framework's file API refuses.</summary>
    public static SafeFileHandle Open(string path, int flags = 0, int mode = 0)
    {
        var fd = OpenPath(path, flags | CloseOnExec, mode);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw LinuxException.FromLastError($"open {path}");
    }

    /// <summary>A socket of a family the framework does not know; it belongs to the calling thread's network namespace.</summary>
    public static SafeSocketHandle NewSocket(int family, int type, int protocol, string what)
    {
        var fd = CreateSocket(family, type | CloseOnExec, protocol);
        return fd >= 0 ? new SafeSocketHandle(fd, ownsHandle: true) : throw LinuxException.FromLastError($"open {what}");
    }

    /// <summary>A counter that wakes whoever polls it.</summary>
    public static SafeFileHandle NewEvent()
    {
        var fd = EventFd(0, CloseOnExec);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw LinuxException.FromLastError("make an eventfd");
    }

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

    /// <summary>struct timespec, 64 bit.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        public long Seconds, Nanoseconds;
    }

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public const short Readable = 1; // POLLIN
        public int Fd;
        public short Events, Returned;
    }

    /// <summary>struct mmsghdr: struct msghdr, 64 bit, and the number of bytes sent.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MessageHeader
    {
        public nint Name;
        public uint NameLength;
        public nint Vectors;
        public nuint VectorCount;
        public nint Control;
        public nuint ControlLength;
        public int Flags;
        public uint Sent;
        private readonly uint _pad;
    }
}

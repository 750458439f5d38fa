using System.Runtime.InteropServices;

namespace Hnv.Linux;

/// <summary>Tells pipes in the file system (FIFOs), whose opening waits for a writer, from the files and open pipes that a path may lead to as well.</summary>
public static unsafe partial class NamedPipe
{
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const uint Type = 0x1; // STATX_TYPE
    private const ushort TypeMask = 0xf000; // S_IFMT
    private const ushort Pipe = 0x1000; // S_IFIFO

    /// <summary>Whether a path leads to one. <c>/dev/stdin</c> and <c>/dev/fd/N</c>, by which shells hand over pipes that are open already, do not; nor does what is not there.</summary>
    public static bool Is(string path)
    {
        var buffer = default(StatX);
        return StatXCall(CurrentDirectory, path, 0, Type, &buffer) == 0
            && (buffer.Mode & TypeMask) == Pipe
            && File.ResolveLinkTarget(path, returnFinalTarget: true)?.Name.StartsWith("pipe:[", StringComparison.Ordinal) != true;
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatXCall(int directory, string path, int flags, uint mask, StatX* buffer);

    /// <summary>struct statx, linux/stat.h: what is needed of its 256 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatX
    {
        [FieldOffset(28)]
        public ushort Mode;
    }
}

using System.Runtime.InteropServices;

namespace Hnv.Linux;

/// <summary>Who owns files. What root makes for a service must belong to the service's user.</summary>
public static unsafe partial class FileOwnership
{
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const uint UserAndGroup = 0x8 | 0x10; // STATX_UID | STATX_GID

    /// <summary>User and group of a file or directory; a link's own.</summary>
    /// <exception cref="IOException">It is not there, or may not be looked at.</exception>
    public static (uint User, uint Group) Of(string path)
    {
        var buffer = default(StatX);
        return StatXCall(CurrentDirectory, path, NoFollow, UserAndGroup, &buffer) == 0
            ? (buffer.User, buffer.Group)
            : throw new IOException($"The owner of {path} cannot be read: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    /// <summary>Gives a directory's content, at any depth, to the directory's own user and group. Links are not followed.</summary>
    /// <exception cref="IOException">Something may not be given away: this process is not root.</exception>
    public static void GiveContentsToOwnerOf(string directory)
    {
        (uint user, uint group) = Of(directory);
        var everything = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None, ReturnSpecialDirectories = false };
        foreach (string path in Directory.EnumerateFileSystemEntries(directory, "*", everything))
        {
            Give(path, user, group);
        }
    }

    /// <summary>Gives one file, directory or link to a user and group.</summary>
    /// <exception cref="IOException">It may not be given away: this process is not root.</exception>
    public static void Give(string path, uint user, uint group)
    {
        if (Of(path) != (user, group) && ChangeOwner(path, user, group) != 0)
        {
            throw new IOException($"{path} cannot be given to user {user}: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatXCall(int directory, string path, int flags, uint mask, StatX* buffer);

    /// <summary>struct statx, linux/stat.h: what is needed of its 256 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatX
    {
        [FieldOffset(20)]
        public uint User;

        [FieldOffset(24)]
        public uint Group;
    }
}

namespace Hnv.Linux;

/// <summary>
/// Puts new content in the place of a file: whoever reads it, after a crash of the machine too, finds the old content or the new one, whole.
/// Written beside it, synced, renamed, directory synced. Such a file is readable by its owner alone.
/// </summary>
public static class ReplacedFile
{
    /// <summary>Behind the name of a file that is being written. One that a crash left says nothing, and is written over by the next replacement.</summary>
    public const string Unfinished = ".new";

    /// <exception cref="IOException">The disk is full, or failed.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        using (FileStream file = Begin(path))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        Finish(path);
    }

    /// <param name="path">The file; its directory exists.</param>
    /// <param name="write">Writes the content to an empty file.</param>
    /// <exception cref="IOException">The disk is full, or failed.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Write(string path, Action<FileStream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        using (FileStream file = Begin(path))
        {
            write(file);
            file.Flush(flushToDisk: true);
        }

        Finish(path);
    }

    private static FileStream Begin(string path)
    {
        // A leftover may have another owner's mode.
        File.Delete(path + Unfinished);
        return new FileStream(path + Unfinished, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    }

    private static void Finish(string path)
    {
        File.Move(path + Unfinished, path, overwrite: true);
        DirectorySync.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }
}

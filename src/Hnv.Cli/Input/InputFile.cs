using Hnv.Cli.Output;
using Hnv.Linux;

namespace Hnv.Cli.Input;

/// <summary>
/// Reads what users name as a file, whole, but no more than a limit: a device has no end. Pipes that a shell hands over (<c>&lt;(…)</c>, <c>/dev/stdin</c>) are files
/// like any other; a named pipe is none, since its opening waits for somebody who writes.
/// </summary>
internal static class InputFile
{
    /// <summary>Bytes of a file of settings, certificates or keys.</summary>
    public const int SmallFile = 1 << 20;

    private const string NoSuchFile = "There is no such file.";

    /// <summary>The content of a file.</summary>
    /// <param name="path">As the user gave it.</param>
    /// <param name="limit">Bytes; whole MB.</param>
    /// <param name="expected">What would be right where the file cannot be read.</param>
    /// <param name="whenTooLarge">What would be right where it is larger.</param>
    /// <param name="where">What messages call it; null: its path.</param>
    /// <exception cref="CliException">It cannot be read, or is larger.</exception>
    public static byte[] Read(string path, int limit, string expected, string whenTooLarge, string? where = null)
    {
        using FileStream file = Open(path, expected, where);
        return Read(file, limit, where ?? path, whenTooLarge, expected);
    }

    /// <summary>Opens a file without waiting for anybody.</summary>
    /// <param name="path">As the user gave it; empty is no file.</param>
    /// <param name="expected">What would be right where it cannot be opened.</param>
    /// <param name="where">What messages call it; null: its path.</param>
    /// <param name="exitCode">Of the exception.</param>
    /// <exception cref="CliException">It cannot be opened.</exception>
    public static FileStream Open(string path, string expected, string? where = null, int exitCode = ExitCodes.Usage)
    {
        string? problem;
        try
        {
            problem = path.Length == 0 ? NoSuchFile
                : Directory.Exists(path) ? "is a directory."
                : NamedPipe.Is(path) ? "is a named pipe (FIFO), which is not waited for."
                : null;
            if (problem is null)
            {
                return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = e is FileNotFoundException or DirectoryNotFoundException ? NoSuchFile : e.Message;
        }

        throw new CliException(exitCode, [new CliError(problem, where ?? (path.Length == 0 ? "''" : path), expected)]);
    }

    /// <summary>A stream to its end.</summary>
    /// <param name="stream">Read from where it stands, and left open.</param>
    /// <param name="limit">Bytes; whole MB.</param>
    /// <param name="where">What messages call it.</param>
    /// <param name="whenTooLarge">What would be right where it is longer.</param>
    /// <param name="expected">What would be right where it cannot be read.</param>
    /// <exception cref="CliException">It cannot be read, as a directory that a shell gave as standard input, or is longer than the limit.</exception>
    public static byte[] Read(Stream stream, int limit, string where, string whenTooLarge, string expected)
    {
        try
        {
            return ReadToEnd(stream, limit, where, whenTooLarge);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Usage(IoProblem.Of(e), expected, where);
        }
    }

    private static byte[] ReadToEnd(Stream stream, int limit, string where, string whenTooLarge)
    {
        byte[] content = new byte[Math.Min(limit, SmallFile) + 1];
        int length = 0;
        while (true)
        {
            int read = stream.Read(content, length, content.Length - length);
            length += read;
            if (read == 0)
            {
                return content[..length];
            }

            if (length > limit)
            {
                throw TooLarge(limit, where, whenTooLarge);
            }

            if (length == content.Length)
            {
                Array.Resize(ref content, (int)Math.Min(limit + 1L, 2L * length));
            }
        }
    }

    private static CliException TooLarge(int limit, string where, string remedy) =>
        CliException.Usage($"has more than the {limit >> 20} MB that are read.", remedy, where);
}

using Hnv.Linux.Native;

namespace Hnv.Linux.Processes;

/// <summary>Who reads what this process writes.</summary>
public static unsafe class OutputReader
{
    private const short Error = 0x8; // POLLERR: a pipe whose reading ends are all closed
    private const short HungUp = 0x10; // POLLHUP: a terminal or socket whose other side is closed

    /// <summary>Whether nobody can read any more what is written there; found out without writing. False of files.</summary>
    /// <param name="descriptor">Of this process; 1: standard output.</param>
    public static bool IsGone(int descriptor)
    {
        var entry = new Libc.PollEntry { Fd = descriptor };
        return Libc.Poll(&entry, 1, 0) == 1 && (entry.Returned & (Error | HungUp)) != 0;
    }
}

using System.Runtime.InteropServices;

namespace Hnv.Linux.Processes;

/// <summary>Signals to processes that were written down.</summary>
public static partial class ProcessSignals
{
    /// <summary>Asks to end.</summary>
    public const int Terminate = 15; // SIGTERM

    /// <summary>What Ctrl-C sends.</summary>
    public const int Interrupt = 2; // SIGINT

    /// <summary>Ends at once.</summary>
    public const int Kill = 9; // SIGKILL

    /// <summary>Freezes until <see cref="Continue"/>.</summary>
    public const int Stop = 19; // SIGSTOP

    /// <summary>Ends a freeze.</summary>
    public const int Continue = 18; // SIGCONT

    /// <summary>Sends a signal if this very process still runs.</summary>
    /// <returns>False when it does not.</returns>
    /// <exception cref="LinuxException">EPERM.</exception>
    public static bool Send(this ProcessIdentity process, int signal)
    {
        ArgumentNullException.ThrowIfNull(process);
        if (!process.IsAlive)
        {
            return false;
        }

        if (SendSignal(process.Pid, signal) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == (int)Errno.ESRCH ? false : throw LinuxException.FromLastError($"send signal {signal} to process {process.Pid}");
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);
}

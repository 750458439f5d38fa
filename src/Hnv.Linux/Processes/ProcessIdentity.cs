using System.Globalization;

namespace Hnv.Linux.Processes;

/// <summary>
/// A process as it can be written down and recognised later: pids are used again, pid with start time and boot are not.
/// </summary>
/// <param name="StartTime">Clock ticks after boot (field 22 of /proc/PID/stat).</param>
/// <param name="BootId">/proc/sys/kernel/random/boot_id.</param>
public sealed record ProcessIdentity(int Pid, long StartTime, Guid BootId)
{
    private static readonly Guid ThisBoot = Guid.Parse(File.ReadAllText("/proc/sys/kernel/random/boot_id"));

    public static ProcessIdentity Current => Of(Environment.ProcessId) ?? throw new InvalidOperationException("/proc does not show this process.");

    /// <summary>
    /// Whether this very process still runs. A zombie does not, but its first thread may be one while others still end: until they have, the process
    /// holds its files, locks and sockets.
    /// </summary>
    public bool IsAlive => BootId == ThisBoot && Of(Pid) == this;

    /// <returns>Null when no process of that number runs.</returns>
    public static ProcessIdentity? Of(int pid)
    {
        try
        {
            return Parse(pid, File.ReadAllText($"/proc/{pid}/stat"));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException || IsGone(e))
        {
            return null;
        }
    }

    /// <summary>Fields are counted behind the last parenthesis: the command's name in front of it may hold anything.</summary>
    internal static ProcessIdentity? Parse(int pid, string stat)
    {
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        bool othersEnd = fields[17] is not ("0" or "1"); // num_threads; 0 where the process is just being reaped.
        return fields[0] is "Z" or "X" && !othersEnd ? null : new ProcessIdentity(pid, long.Parse(fields[19], CultureInfo.InvariantCulture), ThisBoot);
    }

    /// <summary>ESRCH: the process ended between opening and reading.</summary>
    private static bool IsGone(Exception e) => e is IOException && e.HResult == (int)Errno.ESRCH;
}

using Hnv.Linux.Native;

namespace Hnv.Linux;

/// <summary>CLOCK_BOOTTIME, the clock of bpf_ktime_get_boot_ns: since the machine started, sleep included.</summary>
public static unsafe class BootClock
{
    private const int Boottime = 7; // CLOCK_BOOTTIME

    /// <summary>Nanoseconds.</summary>
    public static ulong Now
    {
        get
        {
            var time = default(Libc.TimeSpec);
            return Libc.ClockGetTime(Boottime, &time) == 0
                ? ((ulong)time.Seconds * 1_000_000_000) + (ulong)time.Nanoseconds
                : throw LinuxException.FromLastError("read CLOCK_BOOTTIME");
        }
    }
}

using Hnv.Linux.Native;

namespace Hnv.Linux;

/// <summary>
/// CLOCK_BOOTTIME: nanoseconds since boot, sleep included; what bpf_ktime_get_boot_ns() gives a BPF program. (The
/// framework's Stopwatch is CLOCK_MONOTONIC, bpf_ktime_get_ns().)
/// </summary>
public static unsafe class BootClock
{
    private const int BootTime = 7; // CLOCK_BOOTTIME

    public static long Nanoseconds
    {
        get
        {
            var time = default(Libc.TimeSpecification);
            return Libc.ClockGetTime(BootTime, &time) == 0
                ? (time.Seconds * 1_000_000_000) + time.Nanoseconds
                : throw LinuxException.FromLastError("read CLOCK_BOOTTIME");
        }
    }
}

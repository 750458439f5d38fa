using Hnv.Linux.Native;

namespace Hnv.Linux.Bpf;

/// <summary>Runs work on one CPU, so that what a program wrote to a per-CPU map can be found again.</summary>
public static unsafe class CpuPinning
{
    /// <param name="cpu">An online CPU.</param>
    /// <exception cref="LinuxException">EINVAL when the CPU is not there or not allowed.</exception>
    public static T Run<T>(int cpu, Func<T> work)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cpu);
        ArgumentNullException.ThrowIfNull(work);
        return DedicatedThread.Run($"cpu {cpu}", () =>
        {
            var mask = stackalloc byte[(cpu / 64 * 8) + 8]; // cpu_set_t: an array of longs; C# zeroes it.
            mask[cpu / 8] = (byte)(1 << (cpu % 8));
            return Libc.SchedSetAffinity(0, (nuint)((cpu / 64 * 8) + 8), mask) == 0
                ? work()
                : throw LinuxException.FromLastError($"pin a thread to CPU {cpu}");
        });
    }

    public static void Run(int cpu, Action work) => Run(cpu, () =>
    {
        work();
        return 0;
    });
}

using System.Globalization;

namespace Hnv.Bench.Measuring;

/// <summary>Processor time of the whole machine, from /proc/stat: softirqs belong to no process.</summary>
internal readonly record struct CpuMeter(double BusySeconds, double TotalSeconds)
{
    /// <summary>Unit of /proc/stat: USER_HZ is 100 on every architecture.</summary>
    private const double Tick = 0.01;

    public static CpuMeter Read()
    {
        // cpu user nice system idle iowait irq softirq steal guest guest_nice; guest time is in user already, steal is others'.
        double[] fields = [.. File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(field => double.Parse(field, CultureInfo.InvariantCulture) * Tick)];
        double busy = fields[0] + fields[1] + fields[2] + fields[5] + fields[6];
        return new CpuMeter(busy, busy + fields[3] + fields[4] + fields[7]);
    }

    public static double BusyBetween(CpuMeter before, CpuMeter after) => after.BusySeconds - before.BusySeconds;

    /// <summary>Share of the machine (0 to 1) in use while nothing of ours runs.</summary>
    public static async Task<double> ShareInUseAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        CpuMeter before = Read();
        await Task.Delay(time, cancellationToken);
        CpuMeter after = Read();
        return (after.BusySeconds - before.BusySeconds) / Math.Max(Tick, after.TotalSeconds - before.TotalSeconds);
    }
}

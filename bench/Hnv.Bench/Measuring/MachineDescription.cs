using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Hnv.Bench.Measuring;

/// <summary>Where and from what a result comes.</summary>
/// <param name="LoadAverage">Of the last minute, before the benchmark began.</param>
/// <param name="Commit">Of the sources that the program was built from.</param>
public sealed record MachineDescription(string Processor, int Cores, string Kernel, double MemoryGiB, double LoadAverage, string Runtime, string? Commit)
{
    public static MachineDescription Read() => new(
        Field("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount,
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        Math.Round(double.Parse(Field("/proc/meminfo", "MemTotal")!.Split(' ')[0], CultureInfo.InvariantCulture) / (1 << 20), 1),
        double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture),
        RuntimeInformation.FrameworkDescription,
        typeof(MachineDescription).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+').ElementAtOrDefault(1));

    private static string? Field(string file, string name) =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
}

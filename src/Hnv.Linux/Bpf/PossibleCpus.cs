using System.Globalization;

namespace Hnv.Linux.Bpf;

/// <summary>
/// The CPUs the kernel has reserved room for. Per-CPU maps hold a value for each of them, whether online or not; what
/// the runtime counts (its own affinity) is a different number.
/// </summary>
public static class PossibleCpus
{
    /// <summary>Highest CPU number + 1, from /sys/devices/system/cpu/possible.</summary>
    public static int Count { get; } = Parse(File.ReadAllText("/sys/devices/system/cpu/possible"));

    /// <summary>Reads a kernel CPU list such as <c>0-3,8</c>.</summary>
    internal static int Parse(string list) =>
        list.Trim().Split(',').Max(range => int.Parse(range.Split('-')[^1], CultureInfo.InvariantCulture)) + 1;
}

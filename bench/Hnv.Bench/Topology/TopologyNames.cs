using System.Globalization;
using Hnv.Linux.Namespaces;

namespace Hnv.Bench.Topology;

/// <summary>Names that tell whose they are: <c>hnvbench-PID-NUMBER-MACHINE</c>.</summary>
internal static class TopologyNames
{
    /// <summary>Of namespaces, and of the directory under /run with the data planes' pins.</summary>
    public const string Prefix = "hnvbench-";

    private static int s_number;

    public static string Next() => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref s_number)}");

    /// <summary>Process number in a name; null when it is not one of these.</summary>
    public static int? OwnerOf(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && int.TryParse(name.Split('-')[1], NumberStyles.None, CultureInfo.InvariantCulture, out int pid) ? pid : null;
}

/// <summary>What an earlier run that was killed left behind.</summary>
internal static class Leftovers
{
    public static void Remove()
    {
        foreach (string name in NetworkNamespace.List())
        {
            if (TopologyNames.OwnerOf(name) is { } pid && !Directory.Exists($"/proc/{pid}"))
            {
                NetworkNamespace.Delete(name);
            }
        }

        foreach (string directory in Directory.EnumerateDirectories("/run", TopologyNames.Prefix + "*"))
        {
            if (TopologyNames.OwnerOf(Path.GetFileName(directory)) is { } pid && !Directory.Exists($"/proc/{pid}"))
            {
                PinDirectories.Remove(directory);
            }
        }
    }
}

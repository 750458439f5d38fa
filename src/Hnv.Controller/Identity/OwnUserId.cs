namespace Hnv.Controller.Identity;

/// <summary>The effective user of this process, as the kernel says it (proc(5), status: Uid).</summary>
internal static class OwnUserId
{
    public static uint Value { get; } = Read();

    private static uint Read()
    {
        string line = File.ReadLines("/proc/self/status").First(static l => l.StartsWith("Uid:", StringComparison.Ordinal));
        return uint.Parse(line.Split('\t')[2], System.Globalization.CultureInfo.InvariantCulture);
    }
}

using System.Globalization;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Reading;

/// <summary>Fill level and memory of maps, by walking their keys and by their fdinfo.</summary>
internal static class MapUsageReader
{
    private const string MemoryField = "memlock:";

    /// <summary>Of a map of maps the figures of the map in it.</summary>
    /// <param name="known">How many entries it has, where that is known without a walk.</param>
    public static TableUsage Read(string name, BpfMap map, long? known)
    {
        using BpfMap? inner = map.Info.IsMapOfMaps ? map.LookupInner(0u) : null;
        BpfMap counted = inner ?? map;
        return new TableUsage(name, known ?? Count(counted), counted.Info.MaxEntries, ReadBytes(counted));
    }

    /// <summary>Entries now; all of an array always exist.</summary>
    public static long Count(BpfMap map)
    {
        if (map.Info.Type is BpfMapType.Array or BpfMapType.PerCpuArray or BpfMapType.ProgramArray)
        {
            return map.Info.MaxEntries;
        }

        if (map.Info.Type is BpfMapType.RingBuffer)
        {
            return 0; // A queue: what is in it is on its way out.
        }

        byte[] previous = new byte[map.Info.KeySize], next = new byte[map.Info.KeySize];
        long count = 0;
        for (bool more = map.TryGetNextKey([], next); more && count < map.Info.MaxEntries; count++)
        {
            (previous, next) = (next, previous);
            more = map.TryGetNextKey(previous, next);
        }

        return count;
    }

    private static long? ReadBytes(BpfMap map)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{map.Handle.DangerousGetHandle()}");
        string? line = File.ReadLines(path).FirstOrDefault(line => line.StartsWith(MemoryField, StringComparison.Ordinal));
        return long.TryParse(line?[MemoryField.Length..].Trim(), NumberStyles.Integer, CultureInfo.InvariantCulture, out long bytes) ? bytes : null;
    }
}

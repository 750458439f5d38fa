using Hnv.Datapath.Layouts;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Maps;

/// <summary>
/// Where VRRP routers' MACs were announced last. The programs write them together with the addresses that they were announced with; when the
/// last such address is forgotten, nothing tells the programs that the MAC is free, and another host's router would be refused.
/// </summary>
internal static class VirtualMacs
{
    /// <summary>Forgets MACs with which nobody holds an address where they were announced.</summary>
    /// <returns>How many.</returns>
    public static int Forget(BpfMap map, GrowableMap<RecordKey, LearnedEntry> learned)
    {
        List<KeyValuePair<MacKey, VirtualMacEntry>> known = map.ReadAll<MacKey, VirtualMacEntry>();
        if (known.Count == 0)
        {
            return 0;
        }

        // Read after the MACs: the programs write the address first.
        HashSet<(MacKey, LocationEntry)> used =
            [.. learned.ReadAll().Select(static l => (new MacKey(l.Key.Vsid, l.Value.Record.Mac, 0), new LocationEntry(l.Value.Record.Pa, l.Value.Record.Ifindex)))];
        int forgotten = 0;
        foreach ((MacKey key, VirtualMacEntry entry) in known.Where(m => !used.Contains((m.Key, m.Value.At))))
        {
            // Announced anew meanwhile: leave it.
            if (map.TryLookup(in key, out VirtualMacEntry now) && now == entry && map.Delete(in key))
            {
                forgotten++;
            }
        }

        return forgotten;
    }
}

using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Maps;

/// <summary>Copies entries from a map of an older layout.</summary>
internal sealed class MapCopy(IReadOnlyList<MapMigration> migrations)
{
    /// <summary>Copies what can be converted, replacing what is there.</summary>
    /// <returns>False when there is no way from the one layout to the other; nothing was copied.</returns>
    /// <exception cref="BpfException">E.g. E2BIG when the new map is smaller than what the old one holds.</exception>
    public bool Run(string name, BpfMap from, int fromLayout, BpfMap to, int toLayout)
    {
        MapMigration[] steps = [.. migrations.Where(step => step.Map == name && step.FromLayout >= fromLayout && step.FromLayout < toLayout).OrderBy(step => step.FromLayout)];
        bool sameSizes = from.Info.KeySize == to.Info.KeySize && from.Info.UserValueSize == to.Info.UserValueSize;
        if (from.Info.Type is BpfMapType.RingBuffer or BpfMapType.ProgramArray || (steps.Length == 0 && !sameSizes))
        {
            return false;
        }

        byte[] previous = new byte[from.Info.KeySize], key = new byte[from.Info.KeySize];
        bool more = from.TryGetNextKey([], key);
        for (long count = 0; more && count < 2 * from.Info.MaxEntries; count++)
        {
            byte[] value = new byte[from.Info.UserValueSize];
            if (from.TryLookup(key, value))
            {
                Write(to, steps, key, value);
            }

            (previous, key) = (key, previous);
            more = from.TryGetNextKey(previous, key);
        }

        return true;
    }

    private static void Write(BpfMap to, MapMigration[] steps, byte[] key, byte[] value)
    {
        (byte[] Key, byte[] Value)? entry = (key, value);
        foreach (MapMigration step in steps)
        {
            entry = step.Convert(entry.Value.Key, entry.Value.Value);
            if (entry is null)
            {
                return;
            }
        }

        to.Update(entry.Value.Key, entry.Value.Value);
    }
}

using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Hnv.Datapath.Layouts;
using Hnv.Linux.Bpf;

namespace Hnv.Datapath.Maps;

/// <summary>Sizes of the maps, and what lies in those that hold another map.</summary>
internal static class MapCatalog
{
    /// <summary>HNV_LINK_LOCAL_MAX of the programs, with room to spare.</summary>
    public const int ClaimsPerPort = 8;

    private static readonly FrozenDictionary<string, (int Key, int Value)> s_inner = new Dictionary<string, (int, int)>(StringComparer.Ordinal)
    {
        [MapNames.Records] = (Unsafe.SizeOf<RecordKey>(), Unsafe.SizeOf<RecordEntry>()),
        [MapNames.Learned] = (Unsafe.SizeOf<RecordKey>(), Unsafe.SizeOf<LearnedEntry>()),
        [MapNames.Macs] = (Unsafe.SizeOf<MacKey>(), Unsafe.SizeOf<LocationEntry>()),
    }.ToFrozenDictionary();

    /// <summary>Entries that a map is created with, of a map of maps those of the first one inside; null: as its source says.</summary>
    public static int? Size(string name, MapSizes sizes) => name switch
    {
        MapNames.Ports or MapNames.Devices or MapNames.Traffic or MapNames.IcmpLimits or MapNames.StormLimits or MapNames.EventLimits or MapNames.LearnedCounts
            or MapNames.Leases or MapNames.Advertised => sizes.Ports,
        MapNames.Claims => sizes.Ports * ClaimsPerPort,
        MapNames.Subnets or MapNames.Dhcp4 or MapNames.Dhcp6 or MapNames.RouterAdvertisements => sizes.Subnets,
        MapNames.Routes => sizes.Routes,
        MapNames.Records => sizes.Records,
        MapNames.Learned => sizes.Learned,
        MapNames.Macs => sizes.Macs,
        MapNames.Members => sizes.Members,
        MapNames.Moves or MapNames.Activations => sizes.Moves,
        MapNames.VirtualMacs => sizes.VirtualMacs,
        MapNames.LocalPas => sizes.LocalPas,
        MapNames.Peers or MapNames.PeerLearned => sizes.Peers,
        MapNames.PathMtus => sizes.PathMtus,
        MapNames.Counters => sizes.Counters,
        MapNames.Networks => sizes.Networks,
        _ => null,
    };

    /// <summary>The shape that a program's source gives a map.</summary>
    /// <exception cref="InvalidOperationException">A map of maps that this catalog does not know: a mistake in the build.</exception>
    public static MapShape ShapeOf(BpfObjectMap map)
    {
        if (map.Type is not (BpfMapType.ArrayOfMaps or BpfMapType.HashOfMaps))
        {
            return new MapShape(map.Type, map.KeySize, map.ValueSize);
        }

        return s_inner.TryGetValue(map.Name, out (int Key, int Value) inner)
            ? new MapShape(map.Type, map.KeySize, map.ValueSize, inner.Key, inner.Value)
            : throw new InvalidOperationException($"Nobody said what lies in the map of maps '{map.Name}'.");
    }
}

using System.Runtime.InteropServices;
using Hnv.Datapath.Layouts;

namespace Hnv.Datapath.Maps;

/// <summary>From layout 1, which knew no learning and no flooding, to layout 2: what existed stays, and learns and floods nothing.</summary>
internal static class Layout2
{
    private const int PortSize = 28;
    private const int SubnetSize = 72;
    private const int LearnedSize = 88;

    public static IReadOnlyList<MapMigration> Migrations { get; } =
    [
        new(MapNames.Ports, 1, static (key, value) => (key, Extended(value, PortSize))),
        new(MapNames.Subnets, 1, static (key, value) => (key, Extended(value, SubnetSize))),
        new(MapNames.Counters, 1, static (key, value) => MemoryMarshal.Read<CounterKey>(key).PortId == 0 ? null : (key, value)), // The uplinks' begin anew.
        new(MapNames.Traffic, 1, static (key, value) => (key, ToVm(value))),
        new(MapNames.Learned, 1, static (key, value) => (key, Extended(value, LearnedSize))), // Link-local claims: record, four zeros, time.
    ];

    /// <summary>Of each CPU the second half: packets and bytes to the VM. Those from it are in the counters.</summary>
    private static byte[] ToVm(byte[] value) => [.. value.Chunk(32).SelectMany(cpu => cpu[16..])];

    private static byte[] Extended(byte[] value, int size)
    {
        Array.Resize(ref value, size);
        return value;
    }
}

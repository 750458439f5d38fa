namespace Hnv.Datapath.Maps;

/// <summary>
/// How the entries of one map get from one layout to the next. Maps without one are copied as they are when their sizes did not change,
/// and start empty otherwise.
/// </summary>
/// <param name="Map">Name.</param>
/// <param name="FromLayout">HNV_LAYOUT of the entries it takes; it makes those of <paramref name="FromLayout"/> + 1.</param>
/// <param name="Convert">Old key and value to new ones, as bytes of the map's sizes; of per-CPU maps the values of all possible CPUs.
/// Null: the entry is dropped.</param>
internal sealed record MapMigration(string Map, int FromLayout, Func<byte[], byte[], (byte[] Key, byte[] Value)?> Convert)
{
    /// <summary>Migrations of this build, one for each map and layout whose entries changed.</summary>
    public static IReadOnlyList<MapMigration> All { get; } = Layout2.Migrations;
}

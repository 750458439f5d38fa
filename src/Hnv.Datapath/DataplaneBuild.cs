using System.Collections.Immutable;
using Hnv.Datapath.Kernel;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Maps;
using Hnv.Datapath.Programs;

namespace Hnv.Datapath;

/// <summary>What a build brings along; tests play other builds with it.</summary>
internal sealed record DataplaneBuild
{
    public ImmutableArray<ProgramImage> Images { get; init; } = ProgramImage.Embedded;

    public int Layout { get; init; } = Layouts.Layout.Version;

    public IReadOnlyList<MapMigration> Migrations { get; init; } = MapMigration.All;

    /// <summary>Null: ask the kernel.</summary>
    public KernelFeatures? Features { get; init; }
}

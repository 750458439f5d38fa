using System.Collections.Immutable;

namespace Hnv.Bench;

/// <summary>What to measure, how long, and where the results go.</summary>
public sealed record BenchOptions
{
    /// <summary>Names of benchmarks; empty: all.</summary>
    public ImmutableArray<string> Names { get; init; } = [];

    /// <summary>Length of one measurement.</summary>
    public int Seconds { get; init; } = 3;

    /// <summary>How often every variant is measured; they take turns, and medians are told.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>
    /// One short round of everything that needs no controller, to see that all of it works. Says nothing about speed, and writes no files.
    /// </summary>
    public bool Quick { get; init; }

    /// <summary>
    /// Instead of NVGRE over IPv4 all four forms, each beside kernel VXLAN and a bridge over the same family. Benchmarks that know nothing of forms are
    /// left out; the results are called after this.
    /// </summary>
    public bool Forms { get; init; }

    /// <summary>Folder for one JSON file per benchmark; null: none are written.</summary>
    public string? ResultsDirectory { get; init; }

    /// <summary>The <c>hnv</c> program of the lab that some benchmarks start; null: the running one.</summary>
    public string? Executable { get; init; }

    internal TimeSpan Duration => Quick ? TimeSpan.FromMilliseconds(200) : TimeSpan.FromSeconds(Seconds);

    /// <summary>How long is looked, before each measurement, at what the machine does beside.</summary>
    internal TimeSpan BackgroundLook => TimeSpan.FromMilliseconds(Quick ? 20 : 300);

    internal int EffectiveRounds => Quick ? 1 : Rounds;
}

using System.Collections.Immutable;

namespace Hnv.Bench;

/// <summary>What to measure, how long, and where the results go.</summary>
public sealed record BenchOptions
{
    /// <summary>Names of benchmarks; empty: all.</summary>
    public ImmutableArray<string> Names { get; init; } = [];

    /// <summary>Length of one measurement; null: 3, and 1 for <see cref="Forms"/>, of which there are many more.</summary>
    public int? Seconds { get; init; }

    /// <summary>How often every variant is measured; they take turns, and medians are told.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>
    /// One short round of everything that needs no controller, to see that all of it works. Says nothing about speed, and writes no files.
    /// </summary>
    public bool Quick { get; init; }

    /// <summary>
    /// Instead of NVGRE over IPv4 all four forms, each beside what is compared over the same family. Of benchmarks whose answer does not depend on the form,
    /// the reason is told; the results are called after this.
    /// </summary>
    public bool Forms { get; init; }

    /// <summary>Folder for one JSON file per benchmark; null: none are written.</summary>
    public string? ResultsDirectory { get; init; }

    /// <summary>The <c>hnv</c> program of the lab that some benchmarks start; null: the running one.</summary>
    public string? Executable { get; init; }

    internal TimeSpan Duration => Quick ? TimeSpan.FromMilliseconds(200) : TimeSpan.FromSeconds(Seconds ?? (Forms ? 1 : 3));

    /// <summary>How long is looked, before each measurement, at what the machine does beside.</summary>
    internal TimeSpan BackgroundLook => TimeSpan.FromMilliseconds(Quick ? 20 : Forms ? 100 : 300);

    internal int EffectiveRounds => Quick ? 1 : Rounds;
}

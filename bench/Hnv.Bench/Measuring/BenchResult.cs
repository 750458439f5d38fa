using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hnv.Bench.Measuring;

/// <summary>What a benchmark found.</summary>
public sealed record BenchResult
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public string Name { get; init; } = string.Empty;

    public string Title { get; init; } = string.Empty;

    public DateTimeOffset Started { get; init; }

    /// <summary>Length of one measurement.</summary>
    public int Seconds { get; init; }

    public int Rounds { get; init; }

    public MachineDescription? Machine { get; init; }

    /// <summary>
    /// Share of the machine (0 to 1) that others used in the moments before the measurements: the largest. Above a few per cent the
    /// numbers say little.
    /// </summary>
    public double BackgroundLoad { get; init; }

    public required ImmutableArray<Series> Series { get; init; }

    public ImmutableArray<Ratio> Ratios { get; init; } = [];

    public ImmutableArray<AimOutcome> Aims { get; init; } = [];

    public string ToJson() => JsonSerializer.Serialize(this, s_json);
}

/// <summary>One quantity of one variant, measured once per round.</summary>
/// <param name="Group">What the variants of a table have in common, e.g. "into a veth".</param>
public sealed record Series(string Group, string Variant, string Metric, string Unit, ImmutableArray<double> Samples)
{
    public double Median => Statistics.Median(Samples);

    public double Smallest => Samples.Min();

    public double Largest => Samples.Max();
}

/// <summary>One variant in terms of another: the median of the rounds' quotients, since what disturbs a round disturbs both.</summary>
public sealed record Ratio(string Group, string Metric, string Variant, string To, ImmutableArray<double> Samples)
{
    public double Median => Statistics.Median(Samples);

    public double Smallest => Samples.Min();

    public double Largest => Samples.Max();
}

/// <summary>What was hoped for, beside what came out. Never a condition.</summary>
public sealed record AimOutcome(string Text, double Measured, bool Met);

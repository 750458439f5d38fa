namespace Hnv.Bench.Measuring;

/// <summary>A hope about a ratio: at least, or at most, a bound.</summary>
internal sealed record Aim(string Text, string Group, string Metric, string Variant, string To, double Bound, bool AtLeast)
{
    public static Aim Least(string text, string group, string metric, string variant, string to, double bound) => new(text, group, metric, variant, to, bound, true);

    public static Aim Most(string text, string group, string metric, string variant, string to, double bound) => new(text, group, metric, variant, to, bound, false);

    /// <returns>Null when the ratio was not measured.</returns>
    public AimOutcome? Judge(IEnumerable<Ratio> ratios) =>
        ratios.FirstOrDefault(ratio => ratio.Group == Group && ratio.Metric == Metric && ratio.Variant == Variant && ratio.To == To) is { } found
            ? new AimOutcome(Text, found.Median, AtLeast ? found.Median >= Bound : found.Median <= Bound)
            : null;
}

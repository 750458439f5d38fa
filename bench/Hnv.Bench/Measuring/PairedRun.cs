using System.Collections.Immutable;

namespace Hnv.Bench.Measuring;

/// <summary>One quantity, measured once.</summary>
internal readonly record struct Reading(string Metric, string Unit, double Value);

/// <summary>Something that can be measured again and again.</summary>
/// <param name="Group">Ratios are taken within a group.</param>
internal sealed record Variant(string Group, string Name, Func<CancellationToken, Task<IReadOnlyList<Reading>>> Measure);

/// <summary>
/// Measures variants in turn, round after round, each round beginning with another one, so that whatever the machine does beside
/// hits all of them alike.
/// </summary>
internal static class PairedRun
{
    /// <param name="reference">Names of the variants that the others are divided by.</param>
    public static async Task<BenchResult> MeasureAsync(
        IReadOnlyList<Variant> variants, IReadOnlyList<string> reference, IReadOnlyList<Aim> aims, BenchContext context, CancellationToken cancellationToken)
    {
        var samples = new Dictionary<(Variant Variant, string Metric, string Unit), List<double>>();
        double background = 0;
        for (int round = 0; round < context.Options.EffectiveRounds; round++)
        {
            for (int i = 0; i < variants.Count; i++)
            {
                Variant variant = variants[(round + i) % variants.Count];
                cancellationToken.ThrowIfCancellationRequested();
                context.Progress($"round {round + 1} of {context.Options.EffectiveRounds}, {variant.Name} {variant.Group}");
                background = Math.Max(background, await CpuMeter.ShareInUseAsync(context.Options.BackgroundLook, cancellationToken));
                foreach (Reading reading in await variant.Measure(cancellationToken))
                {
                    var key = (variant, reading.Metric, reading.Unit);
                    if (!samples.TryGetValue(key, out List<double>? values))
                    {
                        samples[key] = values = [];
                    }

                    values.Add(reading.Value);
                }
            }
        }

        ImmutableArray<Series> series =
            [.. samples.OrderBy(entry => variants.IndexOf(entry.Key.Variant)).Select(entry => new Series(entry.Key.Variant.Group, entry.Key.Variant.Name, entry.Key.Metric, entry.Key.Unit, [.. entry.Value.Select(Shorten)]))];
        ImmutableArray<Ratio> ratios = [.. Divide(series, reference)];
        return new BenchResult { Series = series, Ratios = ratios, BackgroundLoad = Math.Round(background, 3), Aims = [.. aims.Select(aim => aim.Judge(ratios)).OfType<AimOutcome>()] };
    }

    /// <summary>Each variant by each reference that was named before it, of the same group and metric, round by round.</summary>
    public static IEnumerable<Ratio> Divide(IReadOnlyList<Series> series, IReadOnlyList<string> reference) =>
        from one in series
        from other in series.TakeWhile(before => before != one)
        where one.Group == other.Group && one.Metric == other.Metric && reference.Contains(other.Variant) && one.Samples.Length == other.Samples.Length
        select new Ratio(one.Group, one.Metric, one.Variant, other.Variant, [.. one.Samples.Zip(other.Samples, (a, b) => Shorten(a / b))]);

    private static int IndexOf(this IReadOnlyList<Variant> variants, Variant variant) => variants.TakeWhile(other => other != variant).Count();

    /// <summary>Five digits are more than any of this is worth.</summary>
    private static double Shorten(double value) =>
        value == 0 || !double.IsFinite(value) ? value : Math.Round(value, Math.Clamp(4 - (int)Math.Floor(Math.Log10(Math.Abs(value))), 0, 15));
}

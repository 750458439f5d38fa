using System.Collections.Immutable;

namespace Hnv.Bench.Measuring;

/// <summary>One quantity, measured once.</summary>
internal readonly record struct Reading(string Metric, string Unit, double Value);

/// <summary>Something that can be measured again and again.</summary>
/// <param name="Group">Ratios are taken within a group.</param>
internal sealed record Variant(string Group, string Name, Func<CancellationToken, Task<IReadOnlyList<Reading>>> Measure)
{
    /// <summary>
    /// Into how many slices each round is cut, in which variants take turns, too; a round's value is the median of its slices, and so is its quotient. For what takes
    /// microseconds: what a machine does beside in tenths of a second hits a few slices of all variants then, and not one variant.
    /// </summary>
    public int Slices { get; init; } = 1;
}

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
        var measured = new Dictionary<(Variant Variant, string Metric), Quantity>();
        double background = 0;
        for (int round = 0; round < context.Options.EffectiveRounds; round++)
        {
            for (int slice = 0; slice < variants.Max(variant => variant.Slices); slice++)
            {
                for (int i = 0; i < variants.Count; i++)
                {
                    Variant variant = variants[(round + slice + i) % variants.Count];
                    cancellationToken.ThrowIfCancellationRequested();
                    if (slice >= variant.Slices)
                    {
                        continue;
                    }

                    if (slice == 0)
                    {
                        context.Progress($"round {round + 1} of {context.Options.EffectiveRounds}, {variant.Name} {variant.Group}");
                        background = Math.Max(background, await CpuMeter.ShareInUseAsync(context.Options.BackgroundLook, cancellationToken));
                    }

                    foreach (Reading reading in await variant.Measure(cancellationToken))
                    {
                        if (!measured.TryGetValue((variant, reading.Metric), out Quantity? quantity))
                        {
                            measured[(variant, reading.Metric)] = quantity = new Quantity(variant, reading.Metric, reading.Unit, []);
                        }

                        quantity.Samples.Add(reading.Value);
                    }
                }
            }
        }

        Quantity[] quantities = [.. measured.Values.OrderBy(quantity => variants.IndexOf(quantity.Variant))];
        ImmutableArray<Ratio> ratios = [.. Divide(quantities, reference)];
        return new BenchResult
        {
            Series = [.. quantities.Select(one => new Series(one.Variant.Group, one.Variant.Name, one.Metric, one.Unit, Rounds(one.Samples, one.Variant.Slices)))],
            Ratios = ratios,
            BackgroundLoad = Math.Round(background, 3),
            Aims = [.. aims.Select(aim => aim.Judge(ratios)).OfType<AimOutcome>()],
        };
    }

    /// <summary>Each variant by each reference that was named before it, of the same group and metric, slice by slice.</summary>
    private static IEnumerable<Ratio> Divide(IReadOnlyList<Quantity> quantities, IReadOnlyList<string> reference) =>
        from one in quantities
        from other in quantities.TakeWhile(before => before != one)
        where one.Variant.Group == other.Variant.Group && one.Metric == other.Metric && reference.Contains(other.Variant.Name) && one.Samples.Count == other.Samples.Count
        select new Ratio(one.Variant.Group, one.Metric, one.Variant.Name, other.Variant.Name, Rounds([.. one.Samples.Zip(other.Samples, (a, b) => a / b)], one.Variant.Slices));

    private static ImmutableArray<double> Rounds(IReadOnlyList<double> samples, int slices) => [.. samples.Chunk(slices).Select(round => Shorten(Statistics.Median(round)))];

    private static int IndexOf(this IReadOnlyList<Variant> variants, Variant variant) => variants.TakeWhile(other => other != variant).Count();

    /// <summary>One quantity of one variant, slice by slice.</summary>
    private sealed record Quantity(Variant Variant, string Metric, string Unit, List<double> Samples);

    /// <summary>Five digits are more than any of this is worth.</summary>
    private static double Shorten(double value) =>
        value == 0 || !double.IsFinite(value) ? value : Math.Round(value, Math.Clamp(4 - (int)Math.Floor(Math.Log10(Math.Abs(value))), 0, 15));
}

using Hnv.Bench.Measuring;

namespace Hnv.Bench.Tests;

public sealed class MeasuringTests
{
    [Theory]
    [InlineData(new double[] { 3, 1, 2 }, 2)]
    [InlineData(new double[] { 4, 1, 2, 3 }, 2.5)]
    [InlineData(new double[] { 7 }, 7)]
    public void Median_OfUnsortedValues_IsTheMiddle(double[] values, double expected) => Assert.Equal(expected, Statistics.Median(values));

    [Fact]
    public void Percentile_BetweenTwoValues_Interpolates() => Assert.Equal(9.9, Statistics.Percentile([0, 10], 0.99), 9);

    [Fact]
    public async Task Measure_VariantsOfAGroup_TakeTurnsAndAreDividedRoundByRound()
    {
        List<string> order = [];
        var values = new Dictionary<string, Queue<double>>(StringComparer.Ordinal) { ["slow"] = new([1, 10, 100]), ["fast"] = new([2, 30, 200]) };
        Variant Make(string name) => new("g", name, _ =>
        {
            order.Add(name);
            return Task.FromResult<IReadOnlyList<Reading>>([new Reading("m", "u", values[name].Dequeue())]);
        });

        BenchResult result = await PairedRun.MeasureAsync(
            [Make("slow"), Make("fast")], ["slow", "fast"],
            [Aim.Least("twice", "g", "m", "fast", "slow", 2), Aim.Most("at most as much", "g", "m", "fast", "slow", 1), Aim.Least("unknown", "g", "m", "warp", "slow", 1)],
            new BenchContext(new BenchOptions { Rounds = 3 }, _ => { }), TestContext.Current.CancellationToken);

        Assert.Equal(["slow", "fast", "fast", "slow", "slow", "fast"], order);
        Ratio ratio = Assert.Single(result.Ratios);
        Assert.Equal(("fast", "slow"), (ratio.Variant, ratio.To));
        Assert.Equal([2, 3, 2], ratio.Samples);
        Assert.Equal(2, ratio.Median);
        Assert.Equal([("twice", true), ("at most as much", false)], result.Aims.Select(aim => (aim.Text, aim.Met)));
    }

    [Fact]
    public async Task Measure_RoundsOfSlices_TakesTurnsSliceBySliceAndTellsMediansOfEachRound()
    {
        List<string> order = [];
        // The machine is ten times slower in the second slice, and of that round's value nothing is seen.
        var values = new Dictionary<string, Queue<double>>(StringComparer.Ordinal) { ["one"] = new([1, 10, 2, 3, 3, 3]), ["other"] = new([2, 60, 5, 3, 9, 6]), ["whole"] = new([7, 8]) };
        Variant Make(string name, int slices) => new("g", name, _ =>
        {
            order.Add(name);
            return Task.FromResult<IReadOnlyList<Reading>>([new Reading("m", "u", values[name].Dequeue())]);
        })
        {
            Slices = slices,
        };

        BenchResult result = await PairedRun.MeasureAsync(
            [Make("one", 3), Make("other", 3), Make("whole", 1)], ["one"], [], new BenchContext(new BenchOptions { Rounds = 2 }, _ => { }), TestContext.Current.CancellationToken);

        Assert.Equal(["one", "other", "whole", "other", "one", "one", "other", "other", "whole", "one", "one", "other", "one", "other"], order);
        Assert.Equal([2, 3], result.Series.Single(s => s.Variant == "one").Samples);
        Assert.Equal([5, 6], result.Series.Single(s => s.Variant == "other").Samples);
        Assert.Equal([7, 8], result.Series.Single(s => s.Variant == "whole").Samples);
        Ratio ratio = Assert.Single(result.Ratios);
        Assert.Equal([2.5, 2], ratio.Samples);
    }
}

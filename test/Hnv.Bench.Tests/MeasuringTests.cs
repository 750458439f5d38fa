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
}

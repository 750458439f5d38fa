using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Linux.Namespaces;

namespace Hnv.Bench.Tests;

/// <summary>That every benchmark runs and measures something. How fast anything is, no test says.</summary>
public sealed class QuickRunTests
{
    public static TheoryData<string> Names => [.. BenchCatalog.All.Where(benchmark => benchmark.HasQuickForm).Select(benchmark => benchmark.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task RunAsync_Quick_MeasuresEveryVariantAndLeavesNothing(string name)
    {
        BenchResult result = Assert.Single(await BenchRunner.RunAsync(new BenchOptions { Names = [name], Quick = true }, null, _ => { }, TestContext.Current.CancellationToken));

        Assert.Equal(name, result.Name);
        Assert.All(result.Series, series => Assert.All(series.Samples, sample => Assert.True(sample > 0 && double.IsFinite(sample), $"{series.Variant}, {series.Metric}: {sample}")));
        Assert.All(result.Series.GroupBy(series => (series.Group, series.Metric)), table => Assert.True(table.Count() > 1, $"{table.Key} has nothing to compare with"));
        Assert.NotEmpty(result.Ratios);
        Assert.Contains("\"median\"", result.ToJson(), StringComparison.Ordinal);
        string own = $"{TopologyNames.Prefix}{Environment.ProcessId}-";
        Assert.DoesNotContain(NetworkNamespace.List(), name => name.StartsWith(own, StringComparison.Ordinal));
        Assert.DoesNotContain(Directory.EnumerateDirectories("/run"), path => Path.GetFileName(path).StartsWith(own, StringComparison.Ordinal));
    }

    [Fact]
    public async Task RunAsync_UnknownName_NamesThoseThatExist()
    {
        BenchException e = await Assert.ThrowsAsync<BenchException>(() =>
            BenchRunner.RunAsync(new BenchOptions { Names = ["warp"] }, null, _ => { }, TestContext.Current.CancellationToken));

        Assert.Contains("warp", e.Message, StringComparison.Ordinal);
        Assert.Contains("tcp-mtu", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_Cancelled_LeavesNoNamespace()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

        // Cancelled in the middle of the first measurement, while everything is built.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            BenchRunner.RunAsync(new BenchOptions { Names = ["tcp-rr"], Quick = true }, null, _ => stop.Cancel(), stop.Token));

        Assert.DoesNotContain(NetworkNamespace.List(), name => name.StartsWith($"{TopologyNames.Prefix}{Environment.ProcessId}-", StringComparison.Ordinal));
    }

    [Fact]
    public void RemoveLeftovers_NamespaceOfADeadProcess_IsGone()
    {
        const string dead = "hnvbench-99999999-1-host1"; // Above every pid_max.
        using NetworkNamespace abandoned = NetworkNamespace.Create(dead);
        try
        {
            Leftovers.Remove();

            Assert.DoesNotContain(dead, NetworkNamespace.List());
        }
        finally
        {
            NetworkNamespace.Delete(dead);
        }
    }
}

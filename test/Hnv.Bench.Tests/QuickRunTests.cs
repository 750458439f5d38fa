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
    public Task RunAsync_QuickForms_ComparesEachWithKernelVxlanOverItsFamily() => ComparesAsync("tcp-rr", "between veths");

    /// <summary>Each form takes two verifications of all programs: the others are for the long run.</summary>
    [Theory]
    [Trait("Category", "Soak")]
    [InlineData("tcp-mtu", "into a tap")]
    [InlineData("tcp-whole", "into a veth")]
    [InlineData("udp-pps", "into a veth")]
    public Task RunAsync_QuickFormsOfTheOthers_DoSoToo(string name, string group) => ComparesAsync(name, group);

    [Fact]
    [Trait("Category", "Soak")]
    public async Task RunAsync_QuickForms_TimesTheProgramsOfEach() =>
        Assert.Equal(["nvgre4", "nvgre6", "vxlan4", "vxlan6"], (await RunFormsAsync("programs")).Series.Select(s => s.Variant).Distinct());

    [Fact]
    public async Task RunAsync_FormsOfWhatHasNone_NamesThoseThatHave() => Assert.Contains(
        "tcp-mtu",
        (await Assert.ThrowsAsync<BenchException>(() => RunFormsAsync("flood"))).Message,
        StringComparison.Ordinal);

    private static async Task ComparesAsync(string name, string group)
    {
        BenchResult result = await RunFormsAsync(name);

        Assert.Equal($"{name}-forms", result.Name);
        foreach (string family in (string[])["4", "6"])
        {
            string[] rows = [.. result.Ratios.Where(r => r.Group == $"{group}, over IPv{family}" && r.To == "vxlan").Select(r => r.Variant).Distinct()];
            Assert.Equal([$"nvgre{family}", $"vxlan{family}"], rows);
        }
    }

    private static async Task<BenchResult> RunFormsAsync(string name) => Assert.Single(
        await BenchRunner.RunAsync(new BenchOptions { Names = [name], Quick = true, Forms = true }, null, _ => { }, TestContext.Current.CancellationToken));

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

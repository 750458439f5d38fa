using Hnv.Bench.Measuring;
using Hnv.Lab;

namespace Hnv.Bench.Topology;

/// <summary>What benchmarks with a controller and agents have in common.</summary>
internal static class Labs
{
    /// <summary>A lab of its own name.</summary>
    public static LabOptions Options(BenchOptions options) => new()
    {
        Name = "b" + Guid.NewGuid().ToString("N")[..8],
        Executable = options.Executable,
    };

    /// <summary>The <c>hnv</c> program.</summary>
    public static string Executable(BenchOptions options) =>
        options.Executable ?? (Path.GetFileName(Environment.ProcessPath) == "hnv" ? Environment.ProcessPath! : Path.Combine(AppContext.BaseDirectory, "hnv"));

    /// <summary>Median and 99th percentile of many equal measurements, as two quantities.</summary>
    public static IEnumerable<Series> Distribution(string group, string variant, string unit, IReadOnlyList<double> samples) =>
    [
        new Series(group, variant, "median", unit, [Math.Round(Statistics.Median(samples), 2)]),
        new Series(group, variant, "99 %", unit, [Math.Round(Statistics.Percentile(samples, 0.99), 2)]),
        new Series(group, variant, "largest", unit, [Math.Round(samples.Max(), 2)]),
    ];
}

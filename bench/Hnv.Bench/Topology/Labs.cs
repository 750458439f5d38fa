using System.Net.Sockets;
using Hnv.Bench.Measuring;
using Hnv.Lab;
using Hnv.Wire;

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

    /// <summary>Hosts h1, h2 and h3 with provider addresses of the form's family.</summary>
    public static LabBuilder HostsOf(EncapsulationForm form)
    {
        var builder = new LabBuilder();
        for (int i = 1; i <= 3; i++)
        {
            builder.Host($"h{i}", form.Family == AddressFamily.InterNetworkV6 ? $"fd00:4::{10 + i}/64" : null);
        }

        return builder;
    }

    /// <summary>As manifests call it.</summary>
    public static string EncapsulationOf(EncapsulationForm form) => form.Encapsulation.ToString().ToLowerInvariant();

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

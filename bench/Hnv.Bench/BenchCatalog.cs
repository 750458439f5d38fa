using Hnv.Bench.Benchmarks;

namespace Hnv.Bench;

/// <summary>All benchmarks, in the order in which they run.</summary>
public static class BenchCatalog
{
    internal static IReadOnlyList<IBenchmark> All { get; } =
    [
        new TcpBenchmark(Topology.WireSize.MtuSized),
        new TcpBenchmark(Topology.WireSize.WholeSuperPackets),
        new OffloadBenchmark(),
        new UdpPacketRateBenchmark(),
        new RoundTripBenchmark(),
        new FloodBenchmark(),
        new ProgramsBenchmark(),
        new RecordsBenchmark(),
        new ApplyBenchmark(),
        new LearnedBenchmark(),
        new MigrationBenchmark(),
        new FailoverBenchmark(),
        new AgentMemoryBenchmark(),
    ];

    /// <summary>Name and title of every benchmark.</summary>
    public static IReadOnlyList<BenchEntry> Entries { get; } = [.. All.Select(benchmark => new BenchEntry(benchmark.Name, benchmark.Title))];

    /// <exception cref="BenchException">A name is unknown, or a program that is needed is not there.</exception>
    internal static IReadOnlyList<IBenchmark> Choose(BenchOptions options)
    {
        string[] unknown = [.. options.Names.Where(name => All.All(benchmark => benchmark.Name != name))];
        if (unknown.Length > 0)
        {
            throw new BenchException($"No benchmark is called {string.Join(" or ", unknown)}. There are: {string.Join(", ", All.Select(benchmark => benchmark.Name))}.");
        }

        IBenchmark[] chosen = [.. All.Where(benchmark =>
            (options.Names.IsEmpty || options.Names.Contains(benchmark.Name)) && (!options.Quick || benchmark.HasQuickForm) && (!options.Forms || benchmark.FormsTitle is not null))];
        if (chosen.Length == 0)
        {
            throw new BenchException(string.Join(' ', [.. SameInAllForms(options), $"None of these has what is asked for. All forms are compared by {string.Join(", ", All.Where(benchmark => benchmark.FormsTitle is not null).Select(benchmark => benchmark.Name))}."]));
        }

        string[] missing = [.. chosen.SelectMany(benchmark => benchmark.Needs).Distinct(StringComparer.Ordinal).Where(program => !IsInstalled(program))];
        return missing.Length == 0
            ? chosen
            : throw new BenchException($"{string.Join(" and ", missing)} cannot be found. On Debian: apt-get install {string.Join(' ', missing)}");
    }

    /// <summary>A sentence for each benchmark that is meant and whose answer is the same in all forms, where forms are asked for.</summary>
    internal static IEnumerable<string> SameInAllForms(BenchOptions options) => All
        .Where(benchmark => options.Forms && benchmark.SameInAllForms is not null && (options.Names.IsEmpty || options.Names.Contains(benchmark.Name)))
        .Select(benchmark => $"{benchmark.Name} is the same in all forms: {benchmark.SameInAllForms}.");

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));
}

/// <summary>A benchmark, for those who choose.</summary>
public sealed record BenchEntry(string Name, string Title);

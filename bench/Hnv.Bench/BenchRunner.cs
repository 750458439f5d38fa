using Hnv.Bench.Measuring;
using Hnv.Bench.Reports;
using Hnv.Bench.Topology;
using Spectre.Console;

namespace Hnv.Bench;

/// <summary><c>hnv bench</c>: runs benchmarks one after the other and tells what came out.</summary>
public static class BenchRunner
{
    /// <summary>Measures, and prints each benchmark's tables as soon as they are there.</summary>
    /// <param name="tables">Where the tables go; null: nowhere.</param>
    /// <param name="progress">Is told what is going on.</param>
    /// <returns>The results, in the order of the catalogue; <see cref="BenchResult.ToJson"/> makes a document of each.</returns>
    /// <exception cref="BenchException">Unknown names, missing programs, or traffic that does not pass.</exception>
    public static async Task<IReadOnlyList<BenchResult>> RunAsync(
        BenchOptions options, IAnsiConsole? tables, Action<string> progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        IReadOnlyList<IBenchmark> benchmarks = BenchCatalog.Choose(options);
        Leftovers.Remove();
        List<BenchResult> results = [];
        foreach (string reason in BenchCatalog.SameInAllForms(options))
        {
            progress(reason);
        }

        foreach (IBenchmark benchmark in benchmarks)
        {
            MachineDescription machine = MachineDescription.Read();
            double background = Math.Round(await CpuMeter.ShareInUseAsync(options.BackgroundLook, cancellationToken), 3);
            DateTimeOffset started = DateTimeOffset.UtcNow;
            BenchResult result = await benchmark.RunAsync(new BenchContext(options, text => progress($"{benchmark.Name}: {text}")), cancellationToken);
            result = result with
            {
                Name = options.Forms ? $"{benchmark.Name}-forms" : benchmark.Name,
                Title = options.Forms ? benchmark.FormsTitle! : benchmark.Title,
                Started = started,
                Machine = machine,
                Seconds = (int)options.Duration.TotalSeconds,
                Rounds = options.EffectiveRounds,
                BackgroundLoad = Math.Max(background, result.BackgroundLoad),
            };
            results.Add(result);
            if (tables is not null)
            {
                ResultTables.Write(tables, result);
            }

            if (options.ResultsDirectory is { } folder && !options.Quick)
            {
                Directory.CreateDirectory(folder);
                await File.WriteAllTextAsync(Path.Combine(folder, $"{result.Name}.json"), result.ToJson() + "\n", cancellationToken);
            }
        }

        return results;
    }
}

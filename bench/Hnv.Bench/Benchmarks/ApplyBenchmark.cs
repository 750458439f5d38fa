using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hnv.Api.Answers;
using Hnv.Api.Rest;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Lab;

namespace Hnv.Bench.Benchmarks;

/// <summary>From a changed record to the moment when all hosts concerned have it in their kernels.</summary>
internal sealed class ApplyBenchmark : IBenchmark
{
    private const string Group = "one record, three hosts";
    private const string Request = "REST request";
    private const string Command = "hnv apply --wait";
    private const int Warm = 5;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public string Name => "apply";

    public string Title => "A changed lookup record, from apply to realised on three hosts (SQLite)";

    public string? SameInAllForms => "a record goes through the controller and the agents to one map for all forms, and nothing is encapsulated";

    public bool HasQuickForm => false;

    public IReadOnlyList<string> Needs { get; } = [];

    public async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        context.Progress("starting a lab of three hosts");
        LabBuilder builder = new LabBuilder().Hosts("h1", "h2", "h3").Network("blue", (5001, ["10.0.0.0/16"]));
        for (int i = 1; i <= 3; i++)
        {
            builder.Vm($"b{i}", $"h{i}", "blue", 5001, [$"10.0.0.{4 + i}"]);
        }

        await using NetworkLab lab = await NetworkLab.StartAsync(builder.Build(), Labs.Options(context.Options), cancellationToken);
        string file = Path.Combine(lab.Options.Directory, "bench.json");
        List<double> requests = [], commands = [];
        int repetitions = Math.Max(20, context.Options.EffectiveRounds * 20);
        for (int i = 0; i < Warm + repetitions; i++)
        {
            context.Progress($"{i + 1} of {Warm + repetitions}");
            TimeSpan request = await TimeRequestAsync(lab, Record(2 * i), cancellationToken);
            // A command takes a multiple of a request; a quarter as many tell enough.
            TimeSpan? command = i % 4 == 0 ? await TimeCommandAsync(lab, context.Options, file, Record((2 * i) + 1), cancellationToken) : null;
            if (i >= Warm)
            {
                requests.Add(request.TotalMilliseconds);
                commands.AddRange(command is { } time ? [time.TotalMilliseconds] : []);
            }
        }

        return new BenchResult
        {
            Series = [.. Labs.Distribution(Group, Request, "ms", requests), .. Labs.Distribution(Group, Command, "ms", commands)],
            Aims =
            [
                new AimOutcome("REST request to realised under 100 ms (median)", Statistics.Median(requests), Statistics.Median(requests) < 100),
                new AimOutcome("hnv apply --wait under 100 ms (median)", Statistics.Median(commands), Statistics.Median(commands) < 100),
            ],
        };
    }

    private static JsonElement Record(int i) => JsonSerializer.SerializeToElement(new
    {
        kind = "LookupRecord",
        name = "bench",
        tenant = "blue",
        vsid = 5001,
        customerAddress = "10.0.200.1",
        mac = string.Create(CultureInfo.InvariantCulture, $"06:07:00:00:{i >> 8 & 255:x2}:{i & 255:x2}"),
        providerAddress = "192.168.4.12",
        type = "Static",
    });

    private static async Task<TimeSpan> TimeRequestAsync(NetworkLab lab, JsonElement record, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        ApplyResponse response = await lab.Client.ApplyAsync([record], cancellationToken: cancellationToken);
        ConvergenceAnswer answer = await lab.Client.ConvergenceAsync(response.Revision, s_patience, cancellationToken);
        return answer.Converged
            ? Stopwatch.GetElapsedTime(start)
            : throw new BenchException($"Not realised after {s_patience.TotalSeconds} s: {string.Join(", ", answer.Pending.Select(pending => pending.Host))}");
    }

    private static async Task<TimeSpan> TimeCommandAsync(NetworkLab lab, BenchOptions options, string file, JsonElement record, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(file, record.ToString(), cancellationToken);
        long start = Stopwatch.GetTimestamp();
        using Process hnv = Process.Start(new ProcessStartInfo(Labs.Executable(options), ["apply", "--controller", lab.ControllerAddress, "-f", file, "--wait"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        Task<string> output = hnv.StandardOutput.ReadToEndAsync(cancellationToken), error = hnv.StandardError.ReadToEndAsync(cancellationToken);
        await hnv.WaitForExitAsync(cancellationToken);
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        await output;
        return hnv.ExitCode == 0 ? took : throw new BenchException($"hnv apply --wait ended with {hnv.ExitCode}: {await error}");
    }
}

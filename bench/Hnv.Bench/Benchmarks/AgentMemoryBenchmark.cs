using System.Globalization;
using System.Text.Json;
using Hnv.Api.Answers;
using Hnv.Api.Rest;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Lab;

namespace Hnv.Bench.Benchmarks;

/// <summary>What a lookup record costs an agent: resident memory of the process before and after many came.</summary>
internal sealed class AgentMemoryBenchmark : IBenchmark
{
    private const string Group = "agent";
    private const int Chunk = 1_000;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    public string Name => "agent-memory";

    public string Title => "Resident memory of an agent with 100 000 lookup records, as they come from the controller";

    public string? SameInAllForms => "an agent keeps a record as it came, whatever its subnet's packets look like";

    public bool HasQuickForm => false;

    public IReadOnlyList<string> Needs { get; } = [];

    public async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        const int records = 100_000;
        LabBuilder builder = new LabBuilder().Hosts("h1", "h2").Network("blue", (5001, ["10.0.0.0/8"]))
            .Vm("b1", "h1", "blue", 5001, ["10.0.0.5"]).Vm("b2", "h2", "blue", 5001, ["10.0.0.7"]);
        await using NetworkLab lab = await NetworkLab.StartAsync(builder.Build(), Labs.Options(context.Options), cancellationToken);
        long before = ResidentBytes(lab.Host("h1").Agent.Pid);
        long revision = 0;
        foreach (int[] chunk in Enumerable.Range(0, records).Chunk(Chunk))
        {
            context.Progress($"{chunk[0]} of {records} records");
            ApplyResponse response = await lab.Client.ApplyAsync(chunk.Select(Record), cancellationToken: cancellationToken);
            revision = response.Revision;
        }

        context.Progress("waiting until the hosts have realised them");
        ConvergenceAnswer answer = await ConvergeAsync(lab, revision, cancellationToken);
        if (!answer.Converged)
        {
            throw new BenchException($"Not realised: {string.Join(", ", answer.Pending.Select(pending => pending.Host))}");
        }

        long after = ResidentBytes(lab.Host("h1").Agent.Pid);
        double each = (after - before) / (double)records;
        return new BenchResult
        {
            Series =
            [
                new Series(Group, "without records", "resident memory", "MiB", [before / 1048576.0]),
                new Series(Group, $"{records} records", "resident memory", "MiB", [after / 1048576.0]),
                new Series(Group, "each record", "growth", "bytes", [each]),
            ],
            Aims = [new AimOutcome("at most 1 KiB for a record", each, each <= 1024)],
        };
    }

    private static async Task<ConvergenceAnswer> ConvergeAsync(NetworkLab lab, long revision, CancellationToken cancellationToken)
    {
        DateTime end = DateTime.UtcNow + s_patience;
        ConvergenceAnswer answer;
        do
        {
            answer = await lab.Client.ConvergenceAsync(revision, TimeSpan.FromSeconds(30), cancellationToken);
        }
        while (!answer.Converged && DateTime.UtcNow < end);
        return answer;
    }

    private static JsonElement Record(int i) => JsonSerializer.SerializeToElement(new
    {
        kind = "LookupRecord",
        name = string.Create(CultureInfo.InvariantCulture, $"bench-{i}"),
        tenant = "blue",
        vsid = 5001,
        customerAddress = string.Create(CultureInfo.InvariantCulture, $"10.{1 + (i >> 16)}.{i >> 8 & 255}.{i & 255}"),
        mac = string.Create(CultureInfo.InvariantCulture, $"06:08:{i >> 24 & 255:x2}:{i >> 16 & 255:x2}:{i >> 8 & 255:x2}:{i & 255:x2}"),
        providerAddress = "192.168.4.12",
        type = "Static",
    });

    private static long ResidentBytes(int? pid)
    {
        string line = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}

using System.Collections.Immutable;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Lab;
using Hnv.Lab.Reachability;
using Hnv.Lab.Topology;

namespace Hnv.Bench.Benchmarks;

/// <summary>
/// A VM moves between two hosts, to and fro, while it and a VM of a third exchange a thousand datagrams a second each way. What a hypervisor takes its time
/// for, the VM's pause, is not in it: this is the network's share.
/// </summary>
internal sealed class MigrationBenchmark : IBenchmark
{
    private const int Moves = 20;
    private const string BothWays = "both directions";

    /// <summary>The median black-out that Google published for Andromeda (NSDI 2018).</summary>
    private const double Andromeda = 65;

    public string Name => "migration";

    public string Title => "A VM moves to another host: black-out and lost datagrams, a thousand a second each way";

    public bool HasQuickForm => false;

    public IReadOnlyList<string> Needs { get; } = [];

    public async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        LabTopology topology = new LabBuilder().Hosts("h1", "h2", "h3").Network("blue", (5001, ["10.0.0.0/24"]))
            .Vm("m", "h1", "blue", 5001, ["10.0.0.5"], device: LabDevice.Tap).Vm("p", "h3", "blue", 5001, ["10.0.0.7"]).Build();
        await using NetworkLab lab = await NetworkLab.StartAsync(topology, Labs.Options(context.Options), cancellationToken);
        List<MoveMeasurement> moves = [];
        for (int i = 0; i < Moves; i++)
        {
            context.Progress($"move {i + 1} of {Moves}");
            moves.Add(await MoveMeasurement.RunAsync(lab, "m", "p", i % 2 == 0 ? "h2" : "h1", cancellationToken: cancellationToken));
        }

        double[] blackOuts = [.. moves.Select(static m => m.BlackOutMs)];
        double median = Statistics.Median(blackOuts);
        int late = moves.Count(static m => m.LastLostMs > m.Move.Completed.TotalMilliseconds);
        ImmutableArray<Series> series =
        [
            .. Labs.Distribution("outage, by when datagrams were sent that did not arrive", BothWays, "ms", [.. moves.Select(static m => m.OutageMs)]),
            .. Labs.Distribution("black-out, as the receivers see it", BothWays, "ms", blackOuts),
            .. Labs.Distribution("the same without a move", BothWays, "ms", [.. moves.Select(static m => m.BackgroundMs)]),
            .. Labs.Distribution("datagrams lost", BothWays, "datagrams", [.. moves.Select(static m => (double)m.Lost)]),
            .. Labs.Distribution("last lost one, sent after the switch", BothWays, "ms", [.. moves.Select(static m => m.LastLostMs ?? 0)]),
            .. Labs.Distribution("preparing the new host", "agents and controller", "ms", [.. moves.Select(static m => m.Move.Prepared.TotalMilliseconds)]),
            .. Labs.Distribution("until policy says so everywhere", "agents and controller", "ms", [.. moves.Select(static m => m.Move.Completed.TotalMilliseconds)]),
        ];
        return new BenchResult
        {
            Series = series,
            Aims =
            [
                new AimOutcome($"black-out: median below {Andromeda} ms", median, median < Andromeda),
                new AimOutcome("moves that lost a datagram sent after they were complete: none", late, late == 0),
            ],
        };
    }
}

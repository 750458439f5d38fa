using System.Net;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Bench.Traffic;

namespace Hnv.Bench.Benchmarks;

/// <summary>The price of policy, without devices: nanoseconds of the real programs against the minimal ones.</summary>
internal sealed class ProgramsBenchmark : IBenchmark
{
    private const string Group = "one packet";
    private const string Routed = "hnv, routed";

    public string Name => "programs";

    public string Title => "Nanoseconds per packet of the eBPF programs alone: minimal ones, HNV inside a subnet and through its router";

    public bool HasQuickForm => true;

    public IReadOnlyList<string> Needs { get; } = [];

    public async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        int runs = context.Options.Quick ? 500 : 50_000;
        var spec = new TwoHostsSpec(WireSize.WholeSuperPackets, Cable.Veth);
        using var topologies = new TopologySet();
        BareHosts bare = topologies.Add(TwoHosts.Build(new BareHosts(spec)));
        HnvHosts hnv = topologies.Add(TwoHosts.Build(new HnvHosts(spec)));
        HnvHosts far = topologies.Add(TwoHosts.Build(new HnvHosts(spec, far: true)));
        IPAddress beyond = IPAddress.Parse("10.64.0.2");
        far.AddRecords([beyond]);
        using var bareTimer = ProgramTimer.Of(bare);
        using var nearTimer = ProgramTimer.Of(hnv, routed: false);
        using var farTimer = ProgramTimer.Of(far, routed: true);
        Variant[] variants =
        [
            Make(Carrier.Bare, bareTimer, bare.ReceiverAddress),
            Make(Carrier.Hnv, nearTimer, hnv.ReceiverAddress),
            Make(Routed, farTimer, beyond),
        ];
        return await PairedRun.MeasureAsync(variants, [Carrier.Bare, Carrier.Hnv], [], context, cancellationToken);

        Variant Make(string name, ProgramTimer timer, IPAddress destination) =>
            new(Group, name, token => Task.Run(() => timer.Measure([destination], runs), token));
    }
}

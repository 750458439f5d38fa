using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Bench.Traffic;

namespace Hnv.Bench.Benchmarks;

/// <summary>How long a request and its answer take between VMs on two hosts.</summary>
internal sealed class RoundTripBenchmark : IBenchmark
{
    private const string Group = "between veths";

    public string Name => "tcp-rr";

    public string Title => "Round trips of one byte over TCP between two hosts";

    public bool HasQuickForm => true;

    public string? FormsTitle => $"{Title}: {Forms.Compared}";

    public IReadOnlyList<string> Needs { get; } = [];

    public async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        using var topologies = new TopologySet();
        List<Variant> variants = [];
        if (context.Options.Forms)
        {
            variants.AddRange(Forms.Variants(
                topologies, Group, new TwoHostsSpec(WireSize.WholeSuperPackets, Cable.Veth), hosts => token => PingPong.MeasureAsync(hosts, context.Options.Duration, token)));
        }

        foreach (string carrier in context.Options.Forms ? [] : Carrier.All)
        {
            TwoHosts hosts = topologies.Add(carrier, new TwoHostsSpec(WireSize.WholeSuperPackets, Cable.Veth));
            variants.Add(new Variant(Group, carrier, token => PingPong.MeasureAsync(hosts, context.Options.Duration, token)));
        }

        return await PairedRun.MeasureAsync(variants, Carrier.References, [], context, cancellationToken);
    }
}

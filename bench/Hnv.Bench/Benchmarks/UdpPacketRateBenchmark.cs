using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Bench.Traffic;

namespace Hnv.Bench.Benchmarks;

/// <summary>64-byte UDP packets per second that reach a VM on another host.</summary>
internal sealed class UdpPacketRateBenchmark : IBenchmark
{
    private const string Group = "into a veth";

    public string Name => "udp-pps";

    public string Title => "64-byte UDP packets per second between two hosts, counted where they enter the receiving VM";

    public bool HasQuickForm => true;

    public string? FormsTitle => $"{Title}: {Forms.Compared}";

    public IReadOnlyList<string> Needs { get; } = [];

    public async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        using var topologies = new TopologySet();
        List<PacketFlood> floods = [];
        try
        {
            var spec = new TwoHostsSpec(WireSize.WholeSuperPackets, Cable.Veth);
            List<Variant> variants = context.Options.Forms
                ? [.. Forms.Variants(topologies, Group, spec, Flood)]
                : [.. Carrier.All.Select(carrier => new Variant(Group, carrier, Flood(topologies.Add(carrier, spec))))];
            return await PairedRun.MeasureAsync(variants, Carrier.References, Aims, context, cancellationToken);
        }
        finally
        {
            floods.ForEach(flood => flood.Dispose());
        }

        Func<CancellationToken, Task<IReadOnlyList<Reading>>> Flood(TwoHosts hosts)
        {
            var flood = new PacketFlood(hosts);
            floods.Add(flood);
            return token => flood.MeasureAsync([hosts.ReceiverAddress], context.Options.Duration, token);
        }
    }

    private static IReadOnlyList<Aim> Aims { get; } =
    [
        Aim.Least("at least 1.8 × kernel VXLAN + bridge", Group, PacketFlood.PacketRate, Carrier.Hnv, Carrier.Vxlan, 1.8),
        Aim.Least("within 5 % of the bare programs", Group, PacketFlood.PacketRate, Carrier.Hnv, Carrier.Bare, 0.95),
    ];
}

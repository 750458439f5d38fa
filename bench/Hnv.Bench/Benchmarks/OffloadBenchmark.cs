using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Bench.Traffic;

namespace Hnv.Bench.Benchmarks;

/// <summary>
/// What it is worth that super-packets stay whole behind the encapsulation: the same VM once with segmentation offload, once cutting
/// its packets itself.
/// </summary>
internal sealed class OffloadBenchmark : IBenchmark
{
    private const string Whole = "whole super-packets";
    private const string Segmented = "segmented by the VM";

    public string Name => "offload";

    public string Title => "TCP through HNV: super-packets encapsulated whole, against segments made before the encapsulation";

    public bool HasQuickForm => true;

    public IReadOnlyList<string> Needs { get; } = ["iperf3"];

    public async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        using var topologies = new TopologySet();
        List<Variant> variants = [];
        foreach ((WireSize wire, string group) in ((WireSize, string)[])[(WireSize.WholeSuperPackets, "whole on the wire"), (WireSize.MtuSized, "1500 bytes on the wire")])
        {
            TwoHosts segmented = topologies.Add(Carrier.Hnv, new TwoHostsSpec(wire, Cable.Veth));
            segmented.Sender.SetFeatures(TwoHosts.Adapter, false, "tcp-segmentation-offload", "generic-segmentation-offload");
            TwoHosts whole = topologies.Add(Carrier.Hnv, new TwoHostsSpec(wire, Cable.Veth));
            variants.Add(new Variant(group, Segmented, token => TcpStream.MeasureAsync(segmented, context.Options.Duration, token)));
            variants.Add(new Variant(group, Whole, token => TcpStream.MeasureAsync(whole, context.Options.Duration, token)));
        }

        return await PairedRun.MeasureAsync(variants, [Segmented], [], context, cancellationToken);
    }
}

using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Bench.Traffic;
using Hnv.Wire;

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

    public string? FormsTitle => $"{Title}; in each form, which is compared with itself";

    public bool HasQuickForm => true;

    public IReadOnlyList<string> Needs { get; } = ["iperf3"];

    public async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        using var topologies = new TopologySet();
        List<Variant> variants = [];
        foreach ((WireSize wire, string group) in ((WireSize, string)[])[(WireSize.WholeSuperPackets, "whole on the wire"), (WireSize.MtuSized, "1500 bytes on the wire")])
        {
            HnvHosts hosts = topologies.Add(TwoHosts.Build(new HnvHosts(new TwoHostsSpec(wire, Cable.Veth) { HasAllForms = context.Options.Forms })));
            foreach (EncapsulationForm form in context.Options.Forms ? EncapsulationForm.All : [Forms.Common])
            {
                foreach (string name in (string[])[Segmented, Whole])
                {
                    variants.Add(new Variant(context.Options.Forms ? $"{group}, {Forms.Name(form)}" : group, name, token =>
                    {
                        hosts.Become(form);
                        hosts.Sender.SetFeatures(TwoHosts.Adapter, name == Whole, "tcp-segmentation-offload", "generic-segmentation-offload");
                        return TcpStream.MeasureAsync(hosts, context.Options.Duration, token);
                    }));
                }
            }
        }

        return await PairedRun.MeasureAsync(variants, [Segmented], [], context, cancellationToken);
    }
}

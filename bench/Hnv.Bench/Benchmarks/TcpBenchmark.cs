using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Bench.Traffic;

namespace Hnv.Bench.Benchmarks;

/// <summary>TCP from a VM to a VM on another host: what arrives, and what it costs the machine.</summary>
internal sealed class TcpBenchmark(WireSize wire) : IBenchmark
{
    private const string IntoVeth = "into a veth";
    private const string IntoTap = "into a tap";

    public string Name => wire == WireSize.MtuSized ? "tcp-mtu" : "tcp-whole";

    public string Title => $"{What}: bare underlay, kernel VXLAN + bridge, bare programs, HNV";

    public string? FormsTitle => $"{What}: {Forms.Compared}";

    private string What => wire == WireSize.MtuSized
        ? "TCP between two hosts, 1500-byte packets on the wire"
        : "TCP between two hosts, whole super-packets on the wire";

    public bool HasQuickForm => true;

    public IReadOnlyList<string> Needs { get; } = ["iperf3"];

    public async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        using var topologies = new TopologySet();
        List<Variant> variants = [];
        foreach ((Cable cable, string group) in ((Cable, string)[])[(Cable.Veth, IntoVeth), (Cable.Tap, IntoTap)])
        {
            if (context.Options.Forms)
            {
                variants.AddRange(Forms.Variants(topologies, group, new TwoHostsSpec(wire, cable), hosts => token => TcpStream.MeasureAsync(hosts, context.Options.Duration, token)));
                continue;
            }

            foreach (string carrier in Carrier.All)
            {
                TwoHosts hosts = topologies.Add(carrier, new TwoHostsSpec(wire, cable));
                variants.Add(new Variant(group, carrier, token => TcpStream.MeasureAsync(hosts, context.Options.Duration, token)));
            }
        }

        return await PairedRun.MeasureAsync(variants, Carrier.References, [.. Aims()], context, cancellationToken);
    }

    private IEnumerable<Aim> Aims()
    {
        foreach (string group in (string[])[IntoVeth, IntoTap])
        {
            yield return Aim.Least($"{group}: within 5 % of the bare programs", group, TcpStream.Throughput, Carrier.Hnv, Carrier.Bare, 0.95);
            if (wire == WireSize.MtuSized)
            {
                yield return Aim.Least($"{group}: at least kernel VXLAN + bridge", group, TcpStream.Throughput, Carrier.Hnv, Carrier.Vxlan, 1);
            }
        }

        if (wire == WireSize.WholeSuperPackets)
        {
            yield return Aim.Least($"{IntoVeth}: at least 0.95 of the underlay", IntoVeth, TcpStream.Throughput, Carrier.Hnv, Carrier.Underlay, 0.95);
            yield return Aim.Least($"{IntoVeth}: at least 1.3 × kernel VXLAN + bridge", IntoVeth, TcpStream.Throughput, Carrier.Hnv, Carrier.Vxlan, 1.3);
            yield return Aim.Most($"{IntoVeth}: at most 0.7 of its CPU", IntoVeth, TcpStream.ProcessorTime, Carrier.Hnv, Carrier.Vxlan, 0.7);
        }
    }
}

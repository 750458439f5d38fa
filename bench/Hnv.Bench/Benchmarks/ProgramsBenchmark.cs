using System.Net;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Bench.Traffic;
using Hnv.Wire;

namespace Hnv.Bench.Benchmarks;

/// <summary>The price of policy, without devices: nanoseconds of the real programs against the minimal ones.</summary>
internal sealed class ProgramsBenchmark : IBenchmark
{
    private const string Group = "one packet";
    private const string Routed = "hnv, routed";

    public string Name => "programs";

    public string Title => "Nanoseconds per packet of the eBPF programs alone: minimal ones, HNV inside a subnet and through its router";

    public bool HasQuickForm => true;

    public bool HasForms => true;

    public IReadOnlyList<string> Needs { get; } = [];

    public async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        int runs = context.Options.Quick ? 500 : 50_000;
        var spec = new TwoHostsSpec(WireSize.WholeSuperPackets, Cable.Veth);
        using var topologies = new TopologySet();
        if (context.Options.Forms)
        {
            return await MeasureFormsAsync(topologies, spec, runs, context, cancellationToken);
        }

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

    /// <summary>Inside a subnet, in every form; the first, NVGRE over IPv4, is what the others are divided by.</summary>
    private static async Task<BenchResult> MeasureFormsAsync(TopologySet topologies, TwoHostsSpec spec, int runs, BenchContext context, CancellationToken cancellationToken)
    {
        List<ProgramTimer> timers = [];
        try
        {
            List<Variant> variants = [];
            foreach (EncapsulationForm form in EncapsulationForm.All)
            {
                HnvHosts hosts = topologies.Add(TwoHosts.Build(new HnvHosts(spec with { Form = form })));
                var timer = ProgramTimer.Of(hosts, routed: false);
                timers.Add(timer);
                variants.Add(new Variant(Group, Forms.Name(form), token => Task.Run(() => timer.Measure([hosts.ReceiverAddress], runs), token)));
            }

            return await PairedRun.MeasureAsync(variants, [Forms.Name(Forms.Common)], [], context, cancellationToken);
        }
        finally
        {
            timers.ForEach(static timer => timer.Dispose());
        }
    }
}

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
    private static readonly IPAddress s_beyond = IPAddress.Parse("10.64.0.2");

    public string Name => "programs";

    public string Title => "Nanoseconds per packet of the eBPF programs alone: minimal ones, HNV inside a subnet and through its router";

    public string? FormsTitle => "Nanoseconds per packet of the eBPF programs alone: minimal ones (NVGRE over IPv4), and each form inside a subnet and through the router";

    public bool HasQuickForm => true;

    public IReadOnlyList<string> Needs { get; } = [];

    public async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        (int slices, int runs) = context.Options.Quick ? (2, 200) : (50, 500);
        var spec = new TwoHostsSpec(WireSize.WholeSuperPackets, Cable.Veth);
        using var topologies = new TopologySet();
        BareHosts bare = topologies.Add(TwoHosts.Build(new BareHosts(spec)));
        HnvHosts hnv = topologies.Add(TwoHosts.Build(new HnvHosts(spec with { HasAllForms = context.Options.Forms })));
        hnv.AddRecords([s_beyond]);
        using var bareTimer = ProgramTimer.Of(bare);
        using var nearTimer = ProgramTimer.Of(hnv, routed: false);
        using var farTimer = ProgramTimer.Of(hnv, routed: true);
        List<Variant> variants = [Make(Carrier.Bare, bareTimer, bare.ReceiverAddress, static () => { })];
        (EncapsulationForm Form, string Name)[] forms = [.. context.Options.Forms ? EncapsulationForm.All.Select(form => (form, Forms.Name(form))) : [(Forms.Common, Carrier.Hnv)]];
        variants.AddRange(forms.Select(one => Make(one.Name, nearTimer, hnv.ReceiverAddress, () => hnv.Become(one.Form, far: false))));
        variants.AddRange(forms.Select(one => Make($"{one.Name}, routed", farTimer, s_beyond, () => hnv.Become(one.Form, far: true))));
        return await PairedRun.MeasureAsync(variants, [Carrier.Bare, forms[0].Name], [], context, cancellationToken);

        Variant Make(string name, ProgramTimer timer, IPAddress destination, Action prepare) => new(Group, name, token => Task.Run(
            () =>
            {
                prepare();
                return timer.Measure([destination], runs);
            },
            token))
        {
            Slices = slices,
        };
    }
}

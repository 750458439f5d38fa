using System.Net.Sockets;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Bench.Traffic;
using Hnv.Lab;
using Hnv.Wire;

namespace Hnv.Bench.Benchmarks;

/// <summary>
/// A VRRP master dies under traffic: what passes from when its backup says that the addresses are its own to the first datagram that reaches it there. How long
/// keepalived waits before that is its own affair, and told beside it.
/// </summary>
internal sealed class FailoverBenchmark : IBenchmark
{
    private const string Network = "the network's share";
    private const string AgentsDead = "hnv, agents dead";

    public string Name => "failover";

    public string Title => "A keepalived master dies: from its backup's word to the first datagram there, beside keepalived's own time-out";

    public string? FormsTitle => $"{Title}; each form with living agents, beside kernel VXLAN + bridge over its family";

    public bool HasQuickForm => false;

    public IReadOnlyList<string> Needs { get; } = ["keepalived"];

    public async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        return WithAims(context.Options.Forms ? await MeasureFormsAsync(context, cancellationToken) : await MeasureAsync(context, cancellationToken));
    }

    private static async Task<BenchResult> MeasureAsync(BenchContext context, CancellationToken cancellationToken)
    {
        context.Progress("starting a lab");
        await using NetworkLab lab = await LabFailoverSite.StartAsync(context.Options, Forms.Common, cancellationToken);
        await using FailoverSite vxlan = VxlanFailoverSite.Build(Forms.Common.Family);
        await using FailoverPair onVxlan = await FailoverPair.StartAsync(vxlan, cancellationToken);
        await using FailoverPair onHnv = await FailoverPair.StartAsync(new LabFailoverSite(lab, agentsDead: false), cancellationToken);
        FailoverPair alone = onHnv.On(new LabFailoverSite(lab, agentsDead: true));
        List<Variant> variants = [];
        foreach (Death death in Enum.GetValues<Death>())
        {
            foreach ((string name, FailoverPair pair) in ((string, FailoverPair)[])[(Carrier.Vxlan, onVxlan), (Carrier.Hnv, onHnv), (AgentsDead, alone)])
            {
                variants.Add(new Variant(Group(death), name, token => pair.MeasureAsync(death, Network, token)));
            }
        }

        return await PairedRun.MeasureAsync(variants, [], [], context, cancellationToken);
    }

    /// <summary>Each family for itself: what is not measured sends its thousand datagrams a second all the same.</summary>
    private static async Task<BenchResult> MeasureFormsAsync(BenchContext context, CancellationToken cancellationToken)
    {
        List<BenchResult> results = [];
        foreach (IGrouping<AddressFamily, EncapsulationForm> family in Forms.ByFamily)
        {
            context.Progress($"starting labs over {(family.Key == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4")}");
            await using FailoverSite vxlan = VxlanFailoverSite.Build(family.Key);
            await using NetworkLab first = await LabFailoverSite.StartAsync(context.Options, family.First(), cancellationToken);
            await using NetworkLab second = await LabFailoverSite.StartAsync(context.Options, family.Last(), cancellationToken);
            await using FailoverPair onVxlan = await FailoverPair.StartAsync(vxlan, cancellationToken);
            await using FailoverPair onFirst = await FailoverPair.StartAsync(new LabFailoverSite(first, agentsDead: false), cancellationToken);
            await using FailoverPair onSecond = await FailoverPair.StartAsync(new LabFailoverSite(second, agentsDead: false), cancellationToken);
            Variant[] variants =
            [
                .. from death in Enum.GetValues<Death>()
                   from one in ((string Name, FailoverPair Pair)[])[(Carrier.Vxlan, onVxlan), (Forms.Name(family.First()), onFirst), (Forms.Name(family.Last()), onSecond)]
                   select new Variant(Forms.Group(Group(death), family.Key), one.Name, token => one.Pair.MeasureAsync(death, Network, token)),
            ];
            results.Add(await PairedRun.MeasureAsync(variants, [], [], context, cancellationToken));
        }

        return new BenchResult { Series = [.. results.SelectMany(static r => r.Series)], BackgroundLoad = results.Max(static r => r.BackgroundLoad) };
    }

    private static string Group(Death death) => death == Death.Killed ? "VM killed" : "VM silent";

    private static BenchResult WithAims(BenchResult result)
    {
        double[] ours = [.. result.Series.Where(static s => s.Metric.StartsWith(Network, StringComparison.Ordinal) && s.Variant != Carrier.Vxlan).Select(static s => s.Largest)];
        double[] lost = [.. result.Series.Where(static s => s.Metric == FailoverPair.Lost && s.Variant != Carrier.Vxlan).Select(static s => s.Largest)];
        return result with
        {
            Aims =
            [
                new AimOutcome("the network takes at most 10 ms of keepalived's time-out more, at worst", ours.Max(), ours.Max() <= 10),
                new AimOutcome("datagrams lost once the first has reached the backup: none", lost.Max(), lost.Max() == 0),
            ],
        };
    }
}

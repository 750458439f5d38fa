using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Bench.Traffic;
using Hnv.Lab;

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

    public bool HasQuickForm => false;

    public IReadOnlyList<string> Needs { get; } = ["keepalived"];

    public async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        context.Progress("starting a lab");
        await using NetworkLab lab = await LabFailoverSite.StartAsync(context.Options, cancellationToken);
        await using FailoverSite vxlan = VxlanFailoverSite.Build();
        await using FailoverPair onVxlan = await FailoverPair.StartAsync(vxlan, cancellationToken);
        await using FailoverPair onHnv = await FailoverPair.StartAsync(new LabFailoverSite(lab, agentsDead: false), cancellationToken);
        FailoverPair alone = onHnv.On(new LabFailoverSite(lab, agentsDead: true));
        List<Variant> variants = [];
        foreach (Death death in Enum.GetValues<Death>())
        {
            foreach ((string name, FailoverPair pair) in ((string, FailoverPair)[])[(Carrier.Vxlan, onVxlan), (Carrier.Hnv, onHnv), (AgentsDead, alone)])
            {
                variants.Add(new Variant(death == Death.Killed ? "VM killed" : "VM silent", name, token => pair.MeasureAsync(death, Network, token)));
            }
        }

        BenchResult result = await PairedRun.MeasureAsync(variants, [], [], context, cancellationToken);
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

using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Lab;
using Hnv.Lab.Reachability;
using Hnv.Lab.Topology;
using Hnv.Wire;

namespace Hnv.Bench.Benchmarks;

/// <summary>
/// A VM moves between two hosts, to and fro, while it and a VM of a third exchange a thousand datagrams a second each way. What a hypervisor takes its time
/// for, the VM's pause, is not in it: this is the network's share.
/// </summary>
internal sealed class MigrationBenchmark : IBenchmark
{
    private const int Moves = 20;
    private const int MovesOfEachForm = 8;
    private const string BothWays = "both directions";
    private const string Management = "agents and controller";

    /// <summary>The median black-out that Google published for Andromeda (NSDI 2018).</summary>
    private const double Andromeda = 65;

    public string Name => "migration";

    public string Title => "A VM moves to another host: black-out and lost datagrams, a thousand a second each way";

    public string? FormsTitle => $"{Title}; in each form, in turns";

    public bool HasQuickForm => false;

    public IReadOnlyList<string> Needs { get; } = [];

    public async Task<BenchResult> RunAsync(BenchContext context, CancellationToken cancellationToken)
    {
        EncapsulationForm[] forms = context.Options.Forms ? [.. EncapsulationForm.All] : [Forms.Common];
        int rounds = context.Options.Forms ? MovesOfEachForm : Moves;
        List<NetworkLab> labs = [];
        try
        {
            foreach (EncapsulationForm form in forms)
            {
                context.Progress($"starting a lab, {form}");
                labs.Add(await StartAsync(context.Options, form, cancellationToken));
            }

            var moves = forms.Select(static _ => new List<MoveMeasurement>()).ToArray();
            for (int round = 0; round < rounds; round++)
            {
                for (int i = 0; i < forms.Length; i++)
                {
                    int turn = (round + i) % forms.Length;
                    context.Progress($"move {round + 1} of {rounds}, {Forms.Name(forms[turn])}");
                    moves[turn].Add(await MoveMeasurement.RunAsync(labs[turn], "m", "p", round % 2 == 0 ? "h2" : "h1", cancellationToken: cancellationToken));
                }
            }

            return Tell([.. forms.Zip(moves, (form, measured) => (context.Options.Forms ? Forms.Name(form) : null, measured))]);
        }
        finally
        {
            foreach (NetworkLab lab in labs)
            {
                await lab.DisposeAsync();
            }
        }
    }

    private static Task<NetworkLab> StartAsync(BenchOptions options, EncapsulationForm form, CancellationToken cancellationToken)
    {
        LabTopology topology = Labs.HostsOf(form).Document($$"""
            kind: VmNetwork
            name: blue
            tenant: blue
            encapsulation: {{Labs.EncapsulationOf(form)}}
            subnets:
            - {vsid: 5001, prefixes: ["10.0.0.0/24"]}
            """)
            .Vm("m", "h1", "blue", 5001, ["10.0.0.5"], device: LabDevice.Tap).Vm("p", "h3", "blue", 5001, ["10.0.0.7"]).Build();
        return NetworkLab.StartAsync(topology, Labs.Options(options), cancellationToken);
    }

    /// <param name="measured">Moves by the form's name; null where there is but one.</param>
    private static BenchResult Tell(IReadOnlyList<(string? Form, List<MoveMeasurement> Moves)> measured)
    {
        List<Series> series = [];
        foreach ((string group, string unit, string variant, Func<MoveMeasurement, double> of) in s_quantities)
        {
            series.AddRange(measured.SelectMany(one => Labs.Distribution(group, one.Form ?? variant, unit, [.. one.Moves.Select(of)])));
        }

        List<AimOutcome> aims = [];
        foreach ((string? form, List<MoveMeasurement> moves) in measured)
        {
            string prefix = form is null ? string.Empty : $"{form}: ";
            double median = Statistics.Median(moves.Select(static m => m.BlackOutMs));
            int late = moves.Count(static m => m.LastLostMs > m.Move.Completed.TotalMilliseconds);
            aims.Add(new AimOutcome($"{prefix}black-out: median below {Andromeda} ms", median, median < Andromeda));
            aims.Add(new AimOutcome($"{prefix}moves that lost a datagram sent after they were complete: none", late, late == 0));
        }

        return new BenchResult { Series = [.. series], Aims = [.. aims] };
    }

    private static readonly (string Group, string Unit, string Variant, Func<MoveMeasurement, double> Of)[] s_quantities =
    [
        ("outage, by when datagrams were sent that did not arrive", "ms", BothWays, static m => m.OutageMs),
        ("black-out, as the receivers see it", "ms", BothWays, static m => m.BlackOutMs),
        ("the same without a move", "ms", BothWays, static m => m.BackgroundMs),
        ("datagrams lost", "datagrams", BothWays, static m => m.Lost),
        ("last lost one, sent after the switch", "ms", BothWays, static m => m.LastLostMs ?? 0),
        ("preparing the new host", "ms", Management, static m => m.Move.Prepared.TotalMilliseconds),
        ("until policy says so everywhere", "ms", Management, static m => m.Move.Completed.TotalMilliseconds),
    ];
}

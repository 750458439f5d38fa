using System.Collections.Immutable;
using System.Net.Sockets;
using Hnv.Lab;
using Hnv.Lab.Reachability;
using Spectre.Console;

namespace Hnv.Cli.Output;

/// <summary>Who reaches whom, as a matrix: rows ask, columns answer.</summary>
internal static class ReachabilityView
{
    public static void Write(ResultWriter output, NetworkLab lab, ImmutableArray<PingResult> pings)
    {
        string[] rows = [.. lab.Topology.Vms.Select(v => v.Name).Where(n => pings.Any(p => p.From == n))];
        string[] columns = [.. lab.Topology.Vms.Select(v => v.Name).Where(n => pings.Any(p => p.To == n))];
        output.Markup($"[bold]Who reaches whom[/] (round trip in ms, IPv4 / IPv6; · never arrives, as it should be)");
        Table table = new Table().NoBorder();
        table.AddColumn(Column("from \\ to"));
        foreach (string name in columns)
        {
            table.AddColumn(Column(name));
        }

        foreach (string from in rows)
        {
            table.AddRow([new Markup($"[bold]{Markup.Escape(from)}[/]"), .. columns.Select(to => Cell([.. pings.Where(p => p.From == from && p.To == to)]))]);
        }

        output.Table(table);
        WriteIsolation(output, lab, pings);
    }

    private static TableColumn Column(string name) => new(new Markup($"[bold]{Markup.Escape(name)}[/]")) { Padding = new Padding(0, 0, 2, 0) };

    private static Markup Cell(PingResult[] pings)
    {
        if (pings.Length == 0)
        {
            return new Markup("[dim]-[/]");
        }

        if (pings.All(p => !p.SameNetwork && p.AsExpected))
        {
            return new Markup("[dim]·[/]");
        }

        // One figure a family: of several addresses the slowest, and what failed before what did not.
        IEnumerable<PingResult> shown = pings.GroupBy(p => p.Address.AddressFamily == AddressFamily.InterNetworkV6).OrderBy(g => g.Key)
            .Select(g => g.OrderBy(p => p.AsExpected).ThenByDescending(p => p.RttMs).First());
        return new Markup(string.Join(" / ", shown.Select(p => p switch
        {
            { AsExpected: true, Ok: true } => $"[green]{p.RttMs:0.00}[/]",
            { SameNetwork: false } => "[red]ARRIVED[/]",
            { ArrivedAt: null } => "[red]lost[/]",
            _ => $"[red]no answer (arrived at {Markup.Escape(p.ArrivedAt!)})[/]",
        })));
    }

    /// <summary>Says how isolation was measured: where the requests that carried the same address came out.</summary>
    private static void WriteIsolation(ResultWriter output, NetworkLab lab, ImmutableArray<PingResult> pings)
    {
        PingResult[] across = [.. pings.Where(p => !p.SameNetwork)];
        if (across.Length == 0)
        {
            return;
        }

        var networks = lab.Topology.Vms.ToDictionary(v => v.Name, v => v.Adapters.Select(a => a.Network).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal);
        int strayed = pings.Count(p => p.ArrivedAt is { } at && !networks[at].Overlaps(networks[p.From]));
        output.Line();
        if (strayed == 0)
        {
            output.Markup($"[green]Isolated:[/] {across.Length} pings went to addresses of VMs in other VM networks; every VM listened, and none came out in another network.");
        }
        else
        {
            output.Markup($"[red]Not isolated:[/] {strayed} of {pings.Length} pings came out in another VM network.");
        }

        if (across.FirstOrDefault(p => p.ArrivedAt is { } at && at != p.From && at != p.To) is { } telling)
        {
            output.Markup($"  {telling.From} asked for {telling.Address}, which {telling.To} has too: the ping came out inside {telling.ArrivedAt}.");
        }
    }
}

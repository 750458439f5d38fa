using System.CommandLine;
using System.Net;
using System.Text.Json;
using Hnv.Api.Rest;
using Hnv.Cli.Completion;
using Hnv.Cli.Kinds;
using Hnv.Model.Resources;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv next-hop --from PORT|CA --vsid V --to CA</c>: the policy's answer, as <c>Select-NetVirtualizationNextHop</c>.</summary>
internal static class NextHopCommand
{
    public static Command Create(CommandRunner runner)
    {
        var from = new Option<string?>("--from") { Description = "Who sends: PORT, TENANT/PORT or a customer address", HelpName = "PORT|CA" }.WithNames("port");
        var vsid = new Option<uint?>("--vsid") { Description = "The sender's subnet; known where --from is a port", HelpName = "V" }.WithNames("subnet");
        var to = new Option<string>("--to") { Description = "Where to: a customer address", HelpName = "CA", Required = true };
        Option<OutputFormat> output = SharedOptions.NewOutput();
        return new Command("next-hop", "Where policy sends a packet, and why").With(from, vsid, to, output).WithTenant().Does(runner, async (context, token) =>
        {
            ParseResult a = context.Arguments;
            if (!IPAddress.TryParse(a.GetValue(to), out IPAddress? destination))
            {
                throw CliException.Usage($"--to: '{a.GetValue(to)}' is not an address.", "A customer address such as 10.0.0.7");
            }

            (uint subnet, IPAddress? source) = await SourceAsync(context, a.GetValue(from), a.GetValue(vsid), destination, token);
            NextHopAnswer answer = await context.Client.NextHopAsync(subnet, destination, source, token);
            context.Out.One(answer, a.GetValue(output), [answer.Record?.Port ?? answer.ProviderAddress?.ToString() ?? answer.Verdict], () => Write(context, answer, destination));
            return answer.Drop ? ExitCodes.Failed : ExitCodes.Done;
        });
    }

    private static async Task<(uint Vsid, IPAddress? Source)> SourceAsync(
        CommandContext context, string? from, uint? vsid, IPAddress to, CancellationToken cancellationToken)
    {
        if (from is null || IPAddress.TryParse(from, out _))
        {
            return (vsid ?? throw CliException.Usage("The sender's subnet is missing.", "--vsid V, or --from PORT"), from is null ? null : IPAddress.Parse(from));
        }

        JsonElement port = await ObjectFinder.FindOneAsync(context, ResourceKind.Port, from, cancellationToken);
        string tenant = port.Text("tenant")!, name = $"{tenant}/{port.Text("name")}";
        uint own = port.GetProperty("vsid").GetUInt32();

        // Its own, leased, or learned.
        IPAddress? source = (await context.Client.RecordsAsync(tenant, cancellationToken)).Items
            .FirstOrDefault(r => r.Port == name && r.Vsid == own && r.Type != nameof(LookupRecordType.L2Only) && r.CustomerAddress.AddressFamily == to.AddressFamily)?.CustomerAddress;
        return vsid is { } said && said != own
            ? throw CliException.Usage($"Port {from} is in subnet {own}, not {said}.", "Leave --vsid out.")
            : (own, source);
    }

    private static void Write(CommandContext context, NextHopAnswer answer, IPAddress to)
    {
        if (answer.Drop)
        {
            context.Out.Markup($"[red]{answer.Verdict}[/]  {answer.Reason}");
        }
        else
        {
            context.Out.Markup($"[green]{answer.Verdict}[/]  {answer.Reason}");
        }

        void Row(string name, object? value)
        {
            if (value is not null)
            {
                context.Out.Line($"{name,-16} {value}");
            }
        }

        Row("destination", to);
        Row("route", answer.Route is { } r ? $"{r.Prefix} {(r.NextHop is null ? "on-link" : $"via {r.NextHop} metric {r.Metric}")}" : null);
        Row("next hop", answer.NextHop);
        Row("subnet", answer.Vsid is { } v ? $"{v}{(answer.Routed ? " (routed: TTL − 1)" : string.Empty)}" : null);
        Row("port", answer.Record?.Port);
        Row("learned", answer.Record is { LearnedFrom: { } from } learned ? $"from {learned.Source?.ToString().ToLowerInvariant()} by {from}, {learned.LearnedAt:yyyy-MM-ddTHH:mm:ssZ}" : null);
        Row("MAC", answer.Mac);
        Row("provider address", answer.ProviderAddress is null ? null : $"{answer.ProviderAddress}{(answer.Record?.Host is { } host ? $" ({host})" : string.Empty)}");
    }
}

using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Answers;
using Hnv.Api.Client;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Cli.Completion;
using Hnv.Cli.Output;
using Hnv.Cli.Watching;
using Hnv.Model.Resources;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv host records|routes|ports|status HOST</c>, <c>hnv host HOST</c>: what stands in a host's kernel; <c>hnv host enroll NAME</c>.</summary>
internal static class HostCommand
{
    private static readonly TableColumns<KernelRecord> s_records = new TableColumns<KernelRecord>(
    [
        new("VSID", r => r.Vsid.ToString()), new("CUSTOMER ADDRESS", r => r.CustomerAddress.ToString()), new("MAC", r => r.Mac.ToString()),
        new("WHERE", r => r.ProviderAddress?.ToString() ?? r.Interface), new("TYPE", r => r.Type),
        new("FLAGS", r => string.Join(' ', new[] { r.Unusable ? "unusable" : null, r.Unsynchronized ? "unsynchronized" : null }.OfType<string>()), Style: t => t == "-" ? null : "yellow"),
    ])
    {
        Name = static r => r.CustomerAddress.ToString(),
    };

    private static readonly TableColumns<KernelRoute> s_routes = new TableColumns<KernelRoute>(
    [
        new("ROUTING DOMAIN", r => r.RoutingDomainId.ToString()), new("PREFIX", r => r.Prefix.ToString()),
        new("NEXT HOP", r => r.NextHop?.ToString() ?? "on-link"), new("VSID", r => r.Vsid.ToString()),
    ])
    {
        Name = static r => r.Prefix.ToString(),
    };

    private static readonly TableColumns<KernelPort> s_ports = new TableColumn<KernelPort>[]
    {
        new("PORT", p => p.Port), new("INTERFACE", p => p.Interface), new("IFINDEX", p => p.InterfaceIndex?.ToString(), Right: true),
        new("VSID", p => p.Vsid.ToString()), new("MAC", p => p.Mac.ToString()),
        new("STATE", p => p.State, Style: Styles.State), new("REASON", p => p.Reason),
    };

    private static readonly TableColumns<MapUsage> s_maps = new TableColumn<MapUsage>[]
    {
        new("MAP", m => m.Map), new("ENTRIES", m => m.Entries.ToString(), Right: true), new("CAPACITY", m => m.Capacity.ToString(), Right: true),
        new("FILL", m => m.Capacity == 0 ? null : $"{100.0 * m.Entries / m.Capacity:0.0} %", Right: true), new("BYTES", m => m.Bytes?.ToString(), Right: true),
    };

    private static readonly TableColumns<KernelFeatureStatus> s_features = new TableColumn<KernelFeatureStatus>[]
    {
        new("FEATURE", f => f.Feature), new("SINCE", f => f.Since), new("STATE", f => f.State, Style: Styles.State), new("REASON", f => f.Reason, Wide: true),
        new("WITHOUT IT", f => f.State == "supported" ? null : f.Without),
    };

    private static readonly TableColumns<KernelDelivery> s_deliveries = new TableColumn<KernelDelivery>[]
    {
        new("UPLINK", d => d.Uplink), new("PROVIDER", d => d.Provider), new("PORT", d => d.Port), new("CUSTOMER", d => d.Customer), new("FROM THE WIRE", d => Describe(d)),
    };

    private static readonly TableColumns<StatusItem> s_items = new TableColumn<StatusItem>[] { new("ITEM", i => i.Item), new("VALUE", i => i.Value) };

    public static Command Create(CommandRunner runner) => Status(runner, new Command("host", "HOST alone: its status; what a host has in its kernel; enrolling hosts")).With(
        Query(runner, "records", "Lookup records in the kernel of HOST", HostQueries.Records, s_records, static r => $"{r.Vsid} {r.CustomerAddress} {(r.Type == "L2Only" ? r.Mac : null)}"),
        Query(runner, "routes", "Customer routes in the kernel of HOST", HostQueries.Routes, s_routes, static r => $"{r.RoutingDomainId} {r.Vsid} {r.Prefix}"),
        Query(runner, "ports", "Bound ports of HOST", HostQueries.Ports, s_ports, static p => p.Port),
        Status(runner, new Command("status", "Agent, kernel, uplinks, fill levels and problems of HOST")),
        Enroll(runner)).WithController();

    private static Argument<string> HostName() => new Argument<string>("HOST") { Description = "Name of the host" }.WithNames("host");

    private static Command Query<T>(CommandRunner runner, string name, string description, string query, TableColumns<T> columns, Func<T, string> key)
    {
        Argument<string> host = HostName();
        Option<OutputFormat> output = SharedOptions.NewOutput();
        Option<bool> watch = SharedOptions.NewWatch();
        return new Command(name, description).With(host, watch, output).Does(runner, async (context, token) =>
        {
            string which = context.Arguments.GetValue(host)!;
            if (context.Arguments.GetValue(watch))
            {
                return await Watcher.PollAsync(
                    context, context.Arguments.GetValue(output), columns, $"{which} has no {name} in its kernel; waiting.", key,
                    async t => await context.Client.KernelAsync<ImmutableArray<T>>(which, query, t), token);
            }

            ImmutableArray<T> rows = await context.Client.KernelAsync<ImmutableArray<T>>(which, query, token);
            context.Out.List(rows, context.Arguments.GetValue(output), columns, $"{which} has no {name} in its kernel.");
            return ExitCodes.Done;
        });
    }

    private static Command Status(CommandRunner runner, Command command)
    {
        Argument<string> host = HostName();
        Option<OutputFormat> output = SharedOptions.NewOutput();
        Option<bool> watch = SharedOptions.NewWatch();
        return command.With(host, watch, output).Does(runner, async (context, token) =>
        {
            string which = context.Arguments.GetValue(host)!;
            OutputFormat format = context.Arguments.GetValue(output);
            if (context.Arguments.GetValue(watch))
            {
                return await Watcher.PollAsync(
                    context, format, s_items, string.Empty, static i => i.Item,
                    async t => Items(await StatusAsync(context.Client, which, t)), token);
            }

            HostStatus status = await StatusAsync(context.Client, which, token);
            context.Out.One(status, format, [status.Host], () => Write(context, status, format));
            return status.Problems.IsEmpty ? ExitCodes.Done : ExitCodes.Failed;
        });
    }

    /// <summary>What the host says, and what its controller knows beyond that: an agent does not know what it is not told because it is old.</summary>
    private static async Task<HostStatus> StatusAsync(HnvClient client, string host, CancellationToken cancellationToken)
    {
        HostStatus status = await client.KernelAsync<HostStatus>(host, HostQueries.Status, cancellationToken);
        HostState? known = await client.GetAsync(new ResourceId(ResourceKind.Host, null, host), cancellationToken) is { } shown && shown.TryGetProperty("status", out JsonElement state)
            ? state.Deserialize<HostState>(HnvJson.Options)
            : null;
        return known is null ? status : status with { Problems = [.. status.Problems.Union(known.Problems, StringComparer.Ordinal)] };
    }

    private static void Write(CommandContext context, HostStatus status, OutputFormat format)
    {
        context.Out.Markup($"[bold]{status.Host}[/]  agent {status.AgentVersion}, kernel {status.Kernel}");
        context.Out.Line($"uplinks   {string.Join(", ", status.Uplinks)}");
        context.Out.Line($"realised  revision {status.RealisedRevision}");
        foreach (string problem in status.Problems)
        {
            context.Out.Markup($"[red]problem[/]   {problem}");
        }

        context.Out.Line();
        if (!status.Features.IsEmpty)
        {
            context.Out.List(status.Features, format, s_features, "No features.");
            context.Out.Line();
            context.Out.List(status.Deliveries, format, s_deliveries, "No uplinks.");
            context.Out.Line();
        }

        context.Out.List(status.Maps, format, s_maps, "No maps.");
    }

    /// <summary>One by one, so that a watch shows what changed and nothing else.</summary>
    private static ImmutableArray<StatusItem> Items(HostStatus status) =>
    [
        new("agent", status.AgentVersion), new("kernel", status.Kernel), new("uplinks", string.Join(", ", status.Uplinks)), new("realised revision", status.RealisedRevision.ToString()),
        .. status.Problems.Select(static (p, i) => new StatusItem($"problem {i + 1}", p)),
        .. status.Features.Select(static f => new StatusItem($"feature {f.Feature}", f.State)),
        .. status.Deliveries.Select(static d => new StatusItem($"delivery {d.Uplink} {d.Provider} {d.Port} {d.Customer}", Describe(d))),
        .. status.Maps.Select(static m => new StatusItem($"map {m.Map}", $"{m.Entries} of {m.Capacity}")),
    ];

    private sealed record StatusItem(string Item, string Value);

    private static string Describe(KernelDelivery delivery) => delivery.Way switch
    {
        "peer" => "straight into the VM's namespace; UDP super-packets in VXLAN by segment routing, where the kernel has it",
        "changeProtocol" => "straight into the VM's namespace, after a change of protocol; UDP super-packets in VXLAN by segment routing, where the kernel has it",
        "segmentRouting" => "TCP unwrapped whole by segment routing; the rest through the port's device",
        "segmentAndMerge" => "TCP cut into segments and merged; the rest through the port's device",
        var later => later,
    };

    private static Command Enroll(CommandRunner runner)
    {
        Argument<string> host = HostName();
        return new Command("enroll", "Makes a one-time token with which HOST joins").With(host).Does(runner, async (context, token) =>
        {
            EnrollmentAnswer answer = await context.Client.CreateEnrollmentAsync(context.Arguments.GetValue(host)!, token);
            context.Out.Line(answer.Token);
            context.Log.Line($"Good once, until {answer.ExpiresAt.ToLocalTime():yyyy-MM-dd HH:mm}. On {answer.Host}:");
            context.Log.Line($"  hnv agent join --controller {context.Controller.Address} --token TOKEN");
            return ExitCodes.Done;
        });
    }
}

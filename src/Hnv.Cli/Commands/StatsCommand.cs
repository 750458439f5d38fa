using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Hnv.Api.Answers;
using Hnv.Api.Stream;
using Hnv.Cli.Completion;
using Hnv.Cli.Kinds;
using Hnv.Cli.Output;
using Hnv.Cli.Watching;
using Hnv.Model.Resources;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv stats PORT</c>: traffic of a port.</summary>
internal static class StatsCommand
{
    private static readonly TableColumns<PortTraffic> s_columns = new TableColumn<PortTraffic>[]
    {
        new("PORT", t => t.Port),
        new("FROM VM PACKETS", t => t.FromVmPackets.ToString(), Right: true), new("BYTES", t => t.FromVmBytes.ToString(), Right: true),
        new("TO VM PACKETS", t => t.ToVmPackets.ToString(), Right: true), new("BYTES", t => t.ToVmBytes.ToString(), Right: true),
    };

    public static Command Create(CommandRunner runner)
    {
        var port = new Argument<string>("PORT") { Description = "PORT or TENANT/PORT" }.WithNames("port");
        Option<bool> watch = SharedOptions.NewWatch();
        Option<OutputFormat> output = SharedOptions.NewOutput();
        return new Command("stats", "Traffic of a port").With(port, watch, output).WithTenant().Does(runner, async (context, token) =>
        {
            JsonElement found = await ObjectFinder.FindOneAsync(context, ResourceKind.Port, context.Arguments.GetValue(port)!, token);
            string name = $"{found.Text("tenant")}/{found.Text("name")}";
            string host = found.Text("host") ?? throw CliException.Failed($"Port {name} is on no host: it has no traffic.");
            async Task<PortTraffic> ReadAsync(CancellationToken t) =>
                (await context.Client.KernelAsync<ImmutableArray<PortTraffic>>(host, HostQueries.Traffic, t)).FirstOrDefault(t => t.Port == name)
                ?? throw CliException.Failed($"Port {name} is not bound on {host}.", $"'hnv host ports {host}' says why.");
            OutputFormat format = context.Arguments.GetValue(output);
            if (context.Arguments.GetValue(watch))
            {
                return await Watcher.PollAsync(context, format, s_columns, string.Empty, static t => t.Port, async t => [await ReadAsync(t)], token);
            }

            PortTraffic traffic = await ReadAsync(token);
            context.Out.One(traffic, format, [traffic.Port], () => context.Out.List([traffic], format, s_columns, string.Empty));
            return ExitCodes.Done;
        });
    }
}

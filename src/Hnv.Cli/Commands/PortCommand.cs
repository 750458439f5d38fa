using System.CommandLine;
using System.Text.Json;
using Hnv.Cli.Completion;
using Hnv.Cli.Kinds;
using Hnv.Model.Resources;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv port migrate|activate|cancel</c>: the steps of a live migration, for hooks of hypervisors and for people.</summary>
internal static class PortCommand
{
    public static Command Create(CommandRunner runner)
    {
        var host = new Argument<string>("HOST") { Description = "The host that it moves to" }.WithNames("host");
        var interfaceName = new Option<string?>("--interface") { Description = "Name of its interface on that host; the same as now when not said", HelpName = "IF" };
        Argument<string> migrating = NewPort(), activating = NewPort(), cancelling = NewPort();
        return new Command("port", "Moves a port to another host while its VM runs").With(
            new Command("migrate", "Prepares another host; the move takes effect with the VM's first frame there").With(migrating, host, interfaceName).WithTenant()
                .Does(runner, async (context, token) =>
                {
                    ResourceId id = await FindAsync(context, migrating, token);
                    string to = context.Arguments.GetValue(host)!;
                    Tell(context, id, await context.Client.MigratePortAsync(id, to, context.Arguments.GetValue(interfaceName), token));
                    return ExitCodes.Done;
                }),
            new Command("activate", "Completes a move without waiting for the VM's first frame").With(activating).WithTenant()
                .Does(runner, async (context, token) =>
                {
                    ResourceId id = await FindAsync(context, activating, token);
                    Tell(context, id, await context.Client.ActivatePortAsync(id, token));
                    return ExitCodes.Done;
                }),
            new Command("cancel", "Cancels a move: the port stays where it is").With(cancelling).WithTenant()
                .Does(runner, async (context, token) =>
                {
                    ResourceId id = await FindAsync(context, cancelling, token);
                    Tell(context, id, await context.Client.CancelPortMoveAsync(id, token));
                    return ExitCodes.Done;
                }));
    }

    private static Argument<string> NewPort() => new Argument<string>("PORT") { Description = "PORT or TENANT/PORT" }.WithNames("port");

    private static async Task<ResourceId> FindAsync(CommandContext context, Argument<string> port, CancellationToken cancellationToken)
    {
        JsonElement found = await ObjectFinder.FindOneAsync(context, ResourceKind.Port, context.Arguments.GetValue(port)!, cancellationToken);
        return new ResourceId(ResourceKind.Port, found.Text("tenant"), found.Text("name")!);
    }

    private static void Tell(CommandContext context, ResourceId id, JsonElement port)
    {
        string? target = port.TryGetProperty("migratingTo", out JsonElement to) ? to.Text("host") : null;
        context.Out.Line(target is null
            ? $"{id} is on {port.Text("host") ?? "no host"}"
            : $"{id} is on {port.Text("host")}, and prepared for {target}: 'hnv describe port {id.Tenant}/{id.Name}' shows how far that is");
    }
}

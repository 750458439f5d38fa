using System.CommandLine;
using System.Net;
using System.Text.Json;
using Hnv.Api.Rest;
using Hnv.Cli.Completion;
using Hnv.Cli.Kinds;
using Hnv.Model.Resources;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv forget address|port|subnet</c>: learned addresses that must be proved anew.</summary>
internal static class ForgetCommand
{
    public static Command Create(CommandRunner runner)
    {
        Argument<uint> vsid = NewSubnet(), wholeVsid = NewSubnet();
        var address = new Argument<string>("ADDRESS") { Description = "The customer address" }.WithNames("record");
        var port = new Argument<string>("PORT") { Description = "PORT or TENANT/PORT" }.WithNames("port");
        Option<OutputFormat> ofAddress = SharedOptions.NewOutput(), ofPort = SharedOptions.NewOutput(), ofSubnet = SharedOptions.NewOutput();
        return new Command("forget", "Forgets learned addresses on all hosts: they count again when the VMs prove them anew").With(
            new Command("address", "One address of a subnet").With(vsid, address, ofAddress).WithTenant()
                .Does(runner, async (context, token) =>
                {
                    string text = context.Arguments.GetValue(address)!;
                    if (!IPAddress.TryParse(text, out IPAddress? wanted))
                    {
                        throw CliException.Usage($"'{text}' is not an address.", "A customer address such as 10.0.0.7");
                    }

                    uint subnet = context.Arguments.GetValue(vsid);
                    string tenant = await TenantOfAsync(context, subnet, token);
                    return Tell(context, await context.Client.ForgetAsync(tenant, subnet, wanted, token), ofAddress);
                }),
            new Command("port", "Everything that a port was learned to have").With(port, ofPort).WithTenant()
                .Does(runner, async (context, token) =>
                {
                    JsonElement found = await ObjectFinder.FindOneAsync(context, ResourceKind.Port, context.Arguments.GetValue(port)!, token);
                    var id = new ResourceId(ResourceKind.Port, found.Text("tenant"), found.Text("name")!);
                    return Tell(context, await context.Client.ForgetAsync(id, token), ofPort);
                }),
            new Command("subnet", "Everything that was learned in a subnet").With(wholeVsid, ofSubnet).WithTenant()
                .Does(runner, async (context, token) =>
                {
                    uint subnet = context.Arguments.GetValue(wholeVsid);
                    string tenant = await TenantOfAsync(context, subnet, token);
                    return Tell(context, await context.Client.ForgetAsync(tenant, subnet, null, token), ofSubnet);
                }));
    }

    private static Argument<uint> NewSubnet() => new Argument<uint>("VSID") { Description = "The virtual subnet: 'hnv get subnets' lists them" }.WithNames("subnet");

    private static async Task<string> TenantOfAsync(CommandContext context, uint vsid, CancellationToken cancellationToken) =>
        (await ObjectFinder.FindAsync(context, KindTables.Find("subnet"), vsid.ToString(), cancellationToken))[0].Text("tenant")!;

    private static int Tell(CommandContext context, ForgetAnswer answer, Option<OutputFormat> output)
    {
        context.Out.One(answer, context.Arguments.GetValue(output), answer.Forgotten.Select(static r => r.CustomerAddress.ToString()), () =>
        {
            foreach (RecordView record in answer.Forgotten)
            {
                context.Out.Line($"forgotten {record.CustomerAddress} of {record.Port} on {record.Host}");
            }

            int count = answer.Forgotten.Length;
            context.Out.Line($"{count} learned {(count == 1 ? "address" : "addresses")} forgotten; subnet {answer.Vsid} is in epoch {answer.Epoch}; revision {answer.Revision}");
        });
        return ExitCodes.Done;
    }
}

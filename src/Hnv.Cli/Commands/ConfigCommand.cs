using System.CommandLine;
using Hnv.Cli.Configuration;
using Hnv.Cli.Output;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv config view</c>: how commands reach the controller, and who says so.</summary>
internal static class ConfigCommand
{
    private static readonly TableColumns<ClientSetting> s_columns = new TableColumn<ClientSetting>[]
    {
        new("SETTING", s => s.Name), new("VALUE", s => s.Value), new("FROM", s => s.From),
    };

    public static Command Create(CommandRunner runner)
    {
        Option<OutputFormat> output = SharedOptions.NewOutput();
        return new Command("config", "How commands reach the controller").With(
            new Command("view", "Shows each setting and where it comes from").With(output).WithTenant().Does(runner, (context, _) =>
            {
                ClientSettings settings = context.Settings;
                ClientSetting[] rows = [new("controller", settings.Controller.Address, settings.Controller.Origin), settings.Ca, settings.Certificate, settings.Key, settings.Tenant];
                context.Out.List(rows, context.Arguments.GetValue(output), s_columns, string.Empty);
                return Task.FromResult(ExitCodes.Done);
            }));
    }
}

using System.CommandLine;
using Hnv.Cli.Configuration;
using Hnv.Controller;
using Hnv.Controller.Backup;
using Hnv.StateLog;

namespace Hnv.Cli.Commands;

/// <summary>Where the controller's things are: what is said, else what the configuration says, else the defaults.</summary>
internal sealed class PlacesOptions
{
    public Option<string?> Store { get; } = ControllerCommand.NewStore();

    public Option<string> Data { get; } = ControllerCommand.NewData();

    public Option<string> Configuration { get; } = new("--config")
    {
        Description = "The controller's configuration",
        HelpName = "FILE",
        DefaultValueFactory = static _ => SystemPaths.ControllerSettings,
    };

    public ControllerPlaces Of(CommandContext context)
    {
        (string data, string configuration, string store) = Read(context);
        return FileOf(store) is { } file
            ? new ControllerPlaces(data, Path.GetFullPath(file), configuration)
            : throw CliException.Usage($"A store '{store}' has no file.", "--store sqlite:PATH, or --data DIR");
    }

    /// <summary>The state log's file; null: the store has none.</summary>
    public string? LogOf(CommandContext context) => FileOf(Read(context).Store) is { } file ? Path.GetFullPath(file) : null;

    private (string Data, string Configuration, string Store) Read(CommandContext context)
    {
        string data = Path.GetFullPath(context.Arguments.GetValue(Data)!);
        string configuration = Path.GetFullPath(context.Arguments.GetValue(Configuration)!);
        string store = context.Arguments.GetValue(Store) ?? (File.Exists(configuration) ? ControllerConfiguration.Read(configuration).Store : null) ?? ControllerOptions.DefaultStoreOf(data);
        return (data, configuration, store);
    }

    private static string? FileOf(string store)
    {
        try
        {
            return StateLogFactory.FileOf(store);
        }
        catch (StateLogException e)
        {
            throw CliException.Usage(e.Message, "--store sqlite:PATH, or --data DIR");
        }
    }
}

using System.CommandLine;

namespace Hnv.Cli.Commands;

/// <summary>All commands, in the order of the help.</summary>
internal static class CommandList
{
    private static readonly (string Name, Func<CommandRunner, Command> Create)[] s_commands =
    [
        ("lab", LabCommand.Create),
        ("apply", ApplyCommand.Create),
        ("diff", ApplyCommand.CreateDiff),
        ("import", ImportCommand.Create),
        ("delete", DeleteCommand.Create),
        ("get", GetCommand.Create),
        ("describe", DescribeCommand.Create),
        ("next-hop", NextHopCommand.Create),
        ("forget", ForgetCommand.Create),
        ("host", HostCommand.Create),
        ("port", PortCommand.Create),
        ("drops", DropsCommand.Create),
        ("stats", StatsCommand.Create),
        ("controller", ControllerCommand.Create),
        ("agent", AgentCommand.Create),
        ("install", InstallCommand.Create),
        ("uninstall", InstallCommand.CreateUninstall),
        ("bench", BenchCommand.Create),
        ("config", ConfigCommand.Create),
        ("version", VersionCommand.Create),
        ("completion", CompletionCommand.Create),
    ];

    /// <summary>The command that a command line begins with; null when it begins with anything else.</summary>
    public static string? Find(IReadOnlyList<string> arguments) =>
        arguments.Count > 0 && Array.Exists(s_commands, c => c.Name == arguments[0]) ? arguments[0] : null;

    /// <summary>Making a command costs time at every start, so the others are left out where one is needed.</summary>
    public static IEnumerable<Command> Create(CommandRunner runner, string? only = null)
    {
        foreach ((string name, Func<CommandRunner, Command> create) in s_commands)
        {
            if (only is null || name == only)
            {
                yield return create(runner);
            }
        }
    }
}

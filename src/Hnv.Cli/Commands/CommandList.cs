using System.CommandLine;

namespace Hnv.Cli.Commands;

/// <summary>All commands, in the order of the help.</summary>
internal static class CommandList
{
    public static IEnumerable<Command> Create(CommandRunner runner) =>
    [
        LabCommand.Create(runner),
        ApplyCommand.Create(runner),
        ApplyCommand.CreateDiff(runner),
        DeleteCommand.Create(runner),
        GetCommand.Create(runner),
        DescribeCommand.Create(runner),
        NextHopCommand.Create(runner),
        HostCommand.Create(runner),
        DropsCommand.Create(runner),
        StatsCommand.Create(runner),
        ControllerCommand.Create(runner),
        AgentCommand.Create(runner),
        BenchCommand.Create(runner),
        VersionCommand.Create(runner),
        CompletionCommand.Create(runner),
    ];
}

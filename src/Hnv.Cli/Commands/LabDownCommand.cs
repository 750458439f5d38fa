using System.CommandLine;
using Hnv.Lab;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv lab down</c></summary>
internal static class LabDownCommand
{
    public static Command Create(CommandRunner runner) => new Command("down", "Stops the lab and leaves nothing behind").Does(runner, async (context, token) =>
    {
        LabCommand.RequireRoot();
        await using NetworkLab lab = LabCommand.Open(context);
        using var progress = new StepProgress(context.Log);
        if (!await lab.DownAsync(progress, token))
        {
            context.Log.Line("No lab runs.");
        }

        return ExitCodes.Done;
    });
}

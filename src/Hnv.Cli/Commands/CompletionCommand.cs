using System.CommandLine;
using Hnv.Cli.Completion;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv completion bash|zsh|fish</c></summary>
internal static class CompletionCommand
{
    public static Command Create(CommandRunner runner)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        return new Command("completion", "A script that completes commands and names, for your shell").With(shell).Does(runner, (context, _) =>
        {
            context.Out.Line(context.Arguments.GetValue(shell) switch
            {
                "zsh" => CompletionScripts.Zsh,
                "fish" => CompletionScripts.Fish,
                _ => CompletionScripts.Bash,
            });
            return Task.FromResult(ExitCodes.Done);
        });
    }
}

using System.CommandLine;

namespace Hnv.Cli.Commands;

/// <summary><c>hnv completion bash|zsh</c>: prints a script that asks hnv itself (its <c>[suggest]</c> directive) for the next word.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # hnv: completion for bash. In ~/.bashrc:  source <(hnv completion bash)
        _hnv() {
            local line="${COMP_LINE:0:$COMP_POINT}"
            mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}")
        }
        complete -o default -F _hnv hnv ./hnv
        """;

    private const string Zsh = """
        #compdef hnv
        # hnv: completion for zsh. In ~/.zshrc, after compinit:  source <(hnv completion zsh)
        _hnv() {
            local line="${words[1,$CURRENT]}"
            local -a found
            found=("${(@f)$("${words[1]}" "[suggest:${#line}]" "$line" 2>/dev/null)}")
            compadd -- $found
        }
        compdef _hnv hnv ./hnv
        """;

    public static Command Create(CommandRunner runner)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash or zsh" };
        shell.AcceptOnlyFromAmong("bash", "zsh");
        return new Command("completion", "A script that completes commands, for your shell").With(shell).Does(runner, (context, _) =>
        {
            context.Out.Line(context.Arguments.GetValue(shell) == "zsh" ? Zsh : Bash);
            return Task.FromResult(ExitCodes.Done);
        });
    }
}

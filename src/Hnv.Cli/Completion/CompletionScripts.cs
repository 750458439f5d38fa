namespace Hnv.Cli.Completion;

/// <summary>
/// What shells run: each asks hnv itself (its <c>[suggest]</c> directive) for the next word. No shell expands what hnv answers: names come
/// from a controller.
/// </summary>
internal static class CompletionScripts
{
    public const string Bash = """
        # hnv: completion for bash. In ~/.bashrc:  source <(hnv completion bash)
        _hnv() {
            local line="${COMP_LINE:0:$COMP_POINT}" word name
            word="${line##*[[:space:]]}"
            line="hnv${line#"${COMP_WORDS[0]}"}"
            COMPREPLY=()
            while IFS= read -r name; do
                if [[ $name == "$word"* ]]; then COMPREPLY+=("$name"); fi
            done < <("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null)
            # For readline a colon ends a word: only what follows the last one is replaced.
            if [[ $word == *:* && $COMP_WORDBREAKS == *:* ]]; then
                COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*:}"}"}")
            fi
        }
        complete -o default -F _hnv hnv ./hnv
        """;

    public const string Zsh = """
        #compdef hnv
        # hnv: completion for zsh. In ~/.zshrc, after compinit:  source <(hnv completion zsh)
        _hnv() {
            local line="hnv ${(j: :)words[2,$CURRENT]}"
            local -a found
            found=("${(@f)$("${words[1]}" "[suggest:${#line}]" "$line" 2>/dev/null)}")
            if [[ -n "$found" ]]; then compadd -- "${found[@]}"; else _files; fi
        }
        compdef _hnv hnv ./hnv
        """;

    public const string Fish = """
        # hnv: completion for fish. In ~/.config/fish/config.fish:  hnv completion fish | source
        function __hnv_complete
            set -l words (commandline -opc) (commandline -ct)
            set -l program $words[1]
            set -l line hnv
            if test (count $words) -gt 1
                set line (string join ' ' -- hnv $words[2..-1])
            end
            $program "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        # Files only where an option takes one.
        complete -c hnv -n 'not __fish_prev_arg_in -f --file --config --ca --cert --key' -f -a '(__hnv_complete)'
        """;
}

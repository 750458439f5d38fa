using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using Hnv.Model;

namespace Hnv.Cli;

/// <summary>Says what is wrong with a command line, all of it, with the nearest right word.</summary>
internal static class UsageErrors
{
    /// <summary>Everything that is wrong; empty when nothing is.</summary>
    public static ImmutableArray<CliError> Find(ParseResult parsed)
    {
        ImmutableArray<string> strange = Strange(parsed);
        return parsed.Errors.Count == 0 && strange.IsEmpty ? [] : Explain(parsed, strange);
    }

    /// <summary>Words that look like options and are none: the parser takes them for arguments.</summary>
    private static ImmutableArray<string> Strange(ParseResult parsed) =>
    [
        .. parsed.Tokens.TakeWhile(t => t.Type != TokenType.DoubleDash)
            .Where(t => t.Type == TokenType.Argument && t.Value.Length > 1 && t.Value[0] == '-' && !char.IsAsciiDigit(t.Value[1]))
            .Select(t => t.Value),
    ];

    private static ImmutableArray<CliError> Explain(ParseResult parsed, ImmutableArray<string> strange)
    {
        Command command = parsed.CommandResult.Command;
        string help = $"'{Path(parsed.CommandResult)} --help' shows the usage.";
        bool leaf = command.Subcommands.Count == 0;
        var errors = ImmutableArray.CreateBuilder<CliError>();
        foreach (string word in parsed.UnmatchedTokens.Where(t => !leaf || t.StartsWith('-')).Union(strange))
        {
            bool option = word.StartsWith('-');
            IEnumerable<string> known = option
                ? OptionsOf(parsed.CommandResult).Where(o => !o.Hidden).SelectMany(o => o.Aliases.Append(o.Name)).Where(n => n.StartsWith("--", StringComparison.Ordinal))
                : command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name);
            string? nearest = Suggestion.Nearest(word.Split('=')[0], known);
            errors.Add(new CliError(
                option ? $"There is no option '{word}'." : $"There is no command '{word}'.",
                Path(parsed.CommandResult),
                nearest is null ? help : $"Did you mean '{nearest}'? {help}"));
            if (!option)
            {
                break; // What follows an unknown command cannot be judged.
            }
        }

        if (errors.Count == 0)
        {
            errors.AddRange(parsed.Errors.Select(e => e.Message).Distinct(StringComparer.Ordinal).Select(m => new CliError(m, Path(parsed.CommandResult), help)));
        }

        return errors.ToImmutable();
    }

    /// <summary>Those of the command itself, and those that reach down to it.</summary>
    private static IEnumerable<Option> OptionsOf(CommandResult result)
    {
        IEnumerable<Option> options = result.Command.Options;
        for (SymbolResult? at = result.Parent; at is CommandResult above; at = at.Parent)
        {
            options = options.Concat(above.Command.Options.Where(o => o.Recursive));
        }

        return options;
    }

    private static string Path(CommandResult result)
    {
        var names = new Stack<string>();
        for (SymbolResult? at = result; at is CommandResult command; at = at.Parent)
        {
            names.Push(command.Command is RootCommand ? "hnv" : command.Command.Name);
        }

        return string.Join(' ', names);
    }
}

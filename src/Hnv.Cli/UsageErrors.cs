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
        IEnumerable<string> unknown = parsed.UnmatchedTokens.Where(t => !leaf || t.StartsWith('-')).Union(strange);
        if (!leaf && command.Arguments.FirstOrDefault() is { } own && parsed.GetResult(own)?.Tokens is [var first, ..] && unknown.FirstOrDefault() is { } next && !next.StartsWith('-'))
        {
            unknown = unknown.Prepend(first.Value); // It was taken for the command's own argument, but more words follow.
        }

        string[] options = [.. OptionsOf(parsed.CommandResult).Where(o => !o.Hidden).SelectMany(o => o.Aliases.Append(o.Name))];
        bool misplaced = false;
        foreach (string word in unknown)
        {
            bool option = word.StartsWith('-');
            string name = word.Split('=')[0];
            if (option && options.Contains(name, StringComparer.Ordinal))
            {
                string path = Path(parsed.CommandResult);
                errors.Add(new CliError($"'{name}' stands in front of its command.", path, $"Options follow the command: '{path} … {name}'."));
                misplaced = true;
                continue;
            }

            if (!option && misplaced)
            {
                continue; // It may be that option's value.
            }

            IEnumerable<string> known = option
                ? options.Where(n => n.StartsWith("--", StringComparison.Ordinal))
                : command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name);
            string? nearest = Suggestion.Nearest(name, known);
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
            errors.AddRange(parsed.Errors.Select(Message).Distinct(StringComparer.Ordinal).Select(m => new CliError(m, Path(parsed.CommandResult), help)));
        }

        return errors.ToImmutable();
    }

    /// <summary>What the parser says; of values that are not what an option or an argument takes, in words and not in types.</summary>
    private static string Message(ParseError error) =>
        error.Message.StartsWith("Cannot parse argument", StringComparison.Ordinal) && error.SymbolResult is { } about && Taker(about) is var (name, type)
            ? $"{name}: '{string.Join(' ', about.Tokens.Select(static t => t.Value))}' is not {Expected(type)}."
            : error.Message;

    private static (string Name, Type Type)? Taker(SymbolResult about) => about switch
    {
        OptionResult own => (own.Option.Name, own.Option.ValueType),
        { Parent: OptionResult option } => (option.Option.Name, option.Option.ValueType),
        ArgumentResult argument => (argument.Argument.Name, argument.Argument.ValueType),
        _ => null,
    };

    private static string Expected(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var number when number == typeof(uint) => $"a whole number from 0 to {uint.MaxValue}",
        var number when number == typeof(int) => "a whole number",
        var number when number == typeof(double) => "a number",
        var truth when truth == typeof(bool) => "true or false",
        var other => $"a {other.Name}",
    };

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

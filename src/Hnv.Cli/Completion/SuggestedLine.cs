using System.CommandLine;
using Hnv.Cli.Commands;

namespace Hnv.Cli.Completion;

/// <summary>A command line whose next word is asked for: <c>hnv [suggest:POSITION] LINE</c>.</summary>
internal static class SuggestedLine
{
    /// <summary>Writes the words that fit, a line each; options only where one is begun. False: nobody asked for that.</summary>
    public static bool TryAnswer(RootCommand root, IReadOnlyList<string> arguments, CliEnvironment environment)
    {
        if (arguments is not [['[', 's', 'u', 'g', 'g', 'e', 's', 't', ..], var line])
        {
            return false;
        }

        NameCompletion.Use(environment);
        ParseResult parsed = root.Parse(line);
        bool option = line[(line.LastIndexOf(' ') + 1)..].StartsWith('-');
        IEnumerable<string> words = parsed.GetCompletions(line.Length).Select(static c => c.InsertText ?? c.Label).Where(w => w[0] == '-' == option && w[0] != '/');
        foreach (string word in words.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            environment.Output.WriteLine(word);
        }

        return true;
    }

    /// <summary>The one command that the line has reached; null: none, or it is still being typed.</summary>
    public static string? CommandOf(IReadOnlyList<string> arguments) =>
        arguments is [['[', 's', 'u', 'g', ..], var line] && line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var command, ..] words && (words.Length > 2 || line[^1] == ' ')
            ? CommandList.Find([command])
            : null;
}

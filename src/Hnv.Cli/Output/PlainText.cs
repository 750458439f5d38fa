namespace Hnv.Cli.Output;

/// <summary>Texts of others (arguments, files, a controller's answers) as they reach a terminal: nothing in them is a command to it.</summary>
internal static class PlainText
{
    /// <summary>One line, with � for control characters.</summary>
    public static string Line(string text) => Replace(text, char.IsControl);

    /// <summary>The same of several lines, which stay lines.</summary>
    public static string Lines(string text) => Replace(text, static c => char.IsControl(c) && c is not ('\n' or '\t'));

    private static string Replace(string text, Func<char, bool> isCommand) => text.Any(isCommand) ? string.Concat(text.Select(c => isCommand(c) ? '�' : c)) : text;
}

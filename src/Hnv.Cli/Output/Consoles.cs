using Spectre.Console;

namespace Hnv.Cli.Output;

/// <summary>Makes consoles: colour and the terminal's width on a terminal, plain lines of any length elsewhere.</summary>
internal static class Consoles
{
    private const int Unlimited = 4096;

    public static IAnsiConsole Create(CliEnvironment environment, TextWriter writer, bool terminal)
    {
        bool colour = terminal && string.IsNullOrEmpty(environment.Variable("NO_COLOR")) && environment.Variable("TERM") is not (null or "" or "dumb");
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = colour ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = colour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        console.Profile.Width = terminal && Console.WindowWidth is > 20 and var width ? width : Unlimited;
        return console;
    }
}

using Spectre.Console;

namespace Hnv.Cli.Output;

/// <summary>Progress and remarks on standard error, so that results stay clean.</summary>
internal sealed class ProgressWriter(CliEnvironment environment)
{
    private readonly Lazy<IAnsiConsole> _console = new(() => Consoles.Create(environment, environment.Error, environment.ErrorIsTerminal));

    /// <summary>One line.</summary>
    public void Line(string text) => environment.Error.WriteLine(text);

    /// <summary>A step that is done, and how long it took.</summary>
    public void Step(string text, TimeSpan took) => _console.Value.MarkupLineInterpolated($"[green]✓[/] {text} [dim]{took.TotalSeconds:0.0} s[/]");
}

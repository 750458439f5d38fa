using System.Collections.Immutable;
using Spectre.Console;

namespace Hnv.Cli.Output;

/// <summary>Writes errors: <c>error: WHERE: WHAT</c>, and below it what would be right.</summary>
internal sealed class ErrorWriter(CliEnvironment environment)
{
    private readonly Lazy<IAnsiConsole> _console = new(() => Consoles.Create(environment, environment.Error, environment.ErrorIsTerminal));

    public void Write(ImmutableArray<CliError> errors)
    {
        try
        {
            WriteAll(errors);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Standard error takes nothing: nobody is left to tell but by the exit code.
        }
    }

    private void WriteAll(ImmutableArray<CliError> errors)
    {
        foreach (CliError error in errors)
        {
            string where = error.Where is null ? string.Empty : PlainText.Lines(error.Where) + ": ";
            _console.Value.MarkupLineInterpolated($"[red]error:[/] {where}{PlainText.Lines(error.What)}");
            if (error.Remedy is not null)
            {
                _console.Value.MarkupLineInterpolated($"  [dim]{PlainText.Lines(error.Remedy)}[/]");
            }
        }
    }
}

using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Manifests;
using Spectre.Console;

namespace Hnv.Cli.Output;

/// <summary>Writes results: tables for people, JSON and YAML for programs.</summary>
internal sealed class ResultWriter(CliEnvironment environment)
{
    /// <summary>What the controller adds to an object; a manifest has none of it.</summary>
    private static readonly string[] s_added = ["leases", "revision", "set", "status"];

    private readonly Lazy<IAnsiConsole> _console = new(() => Consoles.Create(environment, environment.Output, environment.OutputIsTerminal));

    public IAnsiConsole Console => _console.Value;

    /// <summary>One plain line.</summary>
    public void Line(string text = "") => environment.Output.WriteLine(text);

    /// <summary>One line whose beginning is coloured on a terminal; elsewhere no console is made for it.</summary>
    public void Styled(string style, string begin, string rest)
    {
        if (environment.OutputIsTerminal)
        {
            Console.MarkupLine($"[{style}]{Spectre.Console.Markup.Escape(begin)}[/]{Spectre.Console.Markup.Escape(rest)}");
        }
        else
        {
            Line(begin + rest);
        }
    }

    /// <summary>One line with Spectre markup; the interpolated values are escaped.</summary>
    public void Markup(FormattableString text) => Console.MarkupLineInterpolated(text);

    /// <summary>Resources as manifests: what <c>hnv apply</c> takes back.</summary>
    public void Manifests(IEnumerable<JsonElement> resources) => ManifestWriter.Write(environment.Output, resources.Select(r =>
        JsonSerializer.SerializeToElement(r.EnumerateObject().Where(p => !s_added.Contains(p.Name)).ToDictionary(p => p.Name, p => p.Value))));

    /// <summary>A list in the format asked for; lists for programs are bare arrays.</summary>
    public void List<T>(IReadOnlyList<T> rows, OutputFormat format, TableColumns<T> columns, string whenEmpty)
    {
        switch (format)
        {
            case OutputFormat.Json:
                Json(rows);
                break;
            case OutputFormat.Yaml:
                ManifestWriter.Write(environment.Output, rows.Select(ToElement));
                break;
            case OutputFormat.Name:
                foreach (T row in rows)
                {
                    Line(columns.NameOf(row));
                }

                break;
            default:
                if (rows.Count == 0)
                {
                    environment.Error.WriteLine(whenEmpty);
                }
                else
                {
                    Table(columns.ToTable(rows, wide: format == OutputFormat.Wide));
                }

                break;
        }
    }

    /// <summary>One answer in the format asked for.</summary>
    /// <param name="name">What <c>-o name</c> shows of it, a line each.</param>
    /// <param name="people">Writes it for people.</param>
    public void One<T>(T value, OutputFormat format, IEnumerable<string> name, Action people)
    {
        switch (format)
        {
            case OutputFormat.Json:
                Json(value);
                break;
            case OutputFormat.Yaml:
                Yaml(value);
                break;
            case OutputFormat.Name:
                foreach (string line in name)
                {
                    Line(line);
                }

                break;
            default:
                people();
                break;
        }
    }

    /// <summary>A table, without the blanks that would fill its last column.</summary>
    public void Table(Table table)
    {
        using var text = new StringWriter { NewLine = "\n" };
        Consoles.Create(environment, text, environment.OutputIsTerminal).Write(table);
        foreach (string line in text.ToString().TrimEnd('\n').Split('\n'))
        {
            Line(line.TrimEnd());
        }
    }

    /// <summary>As the API shows it, indented.</summary>
    public void Json<T>(T value) => environment.Output.WriteLine(JsonSerializer.Serialize(value, HnvJson.Indented));

    /// <summary>The same object as YAML.</summary>
    public void Yaml<T>(T value) => ManifestWriter.Write(environment.Output, [ToElement(value)]);

    private static JsonElement ToElement<T>(T value) => JsonSerializer.SerializeToElement(value, HnvJson.Options);
}

using System.Text;
using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Rest;
using Hnv.Cli.Output;
using Spectre.Console;

namespace Hnv.Cli.Watching;

/// <summary>What happened to a row since it was shown last.</summary>
internal enum RowChange
{
    /// <summary>It was there when the watch began.</summary>
    None,
    Added,
    Changed,
    Deleted,
}

/// <summary>
/// Rows one by one, as they come: under one header whose columns are as wide as what was there at the beginning; or a JSON object, or a
/// name, a line.
/// </summary>
internal sealed class LiveTable<T>(CommandContext context, TableColumns<T> columns, OutputFormat format, string whenEmpty)
{
    private const string Gap = "  ";

    private readonly TableColumn<T>[] _columns = [.. columns.Columns.Where(c => format == OutputFormat.Wide || !c.Wide)];
    private int[] _widths = [];

    /// <summary>The header, and what is there.</summary>
    public void Begin(IReadOnlyList<T> rows, long? revision)
    {
        if (format is OutputFormat.Table or OutputFormat.Wide)
        {
            _widths = [.. _columns.Select(c => rows.Select(r => Cell(c, r).Length).Append(c.Header.Length).Max())];
            Write("TIME", "CHANGE", null, _columns.Select(static c => (c.Header, (string?)"bold")));
            if (rows.Count == 0)
            {
                context.Log.Line(whenEmpty);
            }
        }

        foreach (T row in rows)
        {
            Show(RowChange.None, row, revision);
        }
    }

    public void Show(RowChange change, T row, long? revision)
    {
        switch (format)
        {
            case OutputFormat.Json:
                var line = new WatchLine(
                    change == RowChange.Deleted ? WatchEventType.Delete : WatchEventType.Put, revision, row is JsonElement element ? element : JsonSerializer.SerializeToElement(row, HnvJson.Options));
                context.Out.Line(JsonSerializer.Serialize(line, HnvJson.Options));
                break;
            case OutputFormat.Name:
                context.Out.Line(columns.NameOf(row));
                break;
            default:
                string time = context.Environment.Time.GetLocalNow().ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture);
                (string word, string? style) = change switch
                {
                    RowChange.None => ("-", null),
                    RowChange.Added => ("added", "green"),
                    RowChange.Changed => ("changed", "yellow"),
                    _ => ("deleted", "red"),
                };
                Write(time, word, style, _columns.Select(c => (Cell(c, row), c.Style?.Invoke(Cell(c, row)))));
                break;
        }
    }

    private void Write(string time, string change, string? changeStyle, IEnumerable<(string Text, string? Style)> cells)
    {
        (string Text, string? Style, int Width, bool Right)[] all =
        [
            (time, null, "hh:mm:ss".Length, false), (change, changeStyle, "deleted".Length, false), .. cells.Select((c, i) => (c.Text, c.Style, _widths[i], _columns[i].Right)),
        ];
        if (!context.Environment.OutputIsTerminal)
        {
            context.Out.Line(string.Join(Gap, all.Select(static c => c.Right ? c.Text.PadLeft(c.Width) : c.Text.PadRight(c.Width))).TrimEnd());
            return;
        }

        var markup = new StringBuilder();
        foreach ((string text, string? style, int width, bool right) in all)
        {
            string padded = Markup.Escape(right ? text.PadLeft(width) : text.PadRight(width));
            markup.Append(style is null ? padded : $"[{style}]{padded}[/]").Append(Gap);
        }

        context.Out.Console.MarkupLine(markup.ToString().TrimEnd());
    }

    private static string Cell(TableColumn<T> column, T row) => column.Value(row) is { Length: > 0 } text ? text : "-";
}

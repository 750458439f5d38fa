using System.Collections.Immutable;
using Spectre.Console;

namespace Hnv.Cli.Output;

/// <summary>A column: its header, the cell's text, whether only <c>-o wide</c> shows it, and the colour of a value (Spectre style).</summary>
internal sealed record TableColumn<T>(string Header, Func<T, string?> Value, bool Wide = false, Func<string, string?>? Style = null, bool Right = false);

/// <summary>The columns of a kind of row. Tables have no lines: they are read, cut and grepped.</summary>
internal sealed record TableColumns<T>(ImmutableArray<TableColumn<T>> Columns)
{
    public static implicit operator TableColumns<T>(TableColumn<T>[] columns) => new([.. columns]);

    /// <summary>What <c>-o name</c> shows of a row; default: its first cell.</summary>
    public Func<T, string?>? Name { get; init; }

    /// <summary>Of one row.</summary>
    public string NameOf(T row) => (Name is null ? Columns[0].Value(row) : Name(row)) ?? "-";

    public Table ToTable(IEnumerable<T> rows, bool wide)
    {
        TableColumn<T>[] shown = [.. Columns.Where(c => wide || !c.Wide)];
        Table table = new Table().NoBorder();
        foreach ((int i, TableColumn<T> column) in shown.Index())
        {
            var made = new Spectre.Console.TableColumn(new Markup($"[bold]{Markup.Escape(column.Header)}[/]"))
            {
                Padding = new Padding(0, 0, i == shown.Length - 1 ? 0 : 2, 0),
                Alignment = column.Right ? Justify.Right : Justify.Left,
            };
            table.AddColumn(made);
        }

        foreach (T row in rows)
        {
            table.AddRow(shown.Select(c => Cell(c, row)));
        }

        return table;
    }

    private static Markup Cell(TableColumn<T> column, T row)
    {
        string text = column.Value(row) is { Length: > 0 } value ? value : "-";
        return column.Style?.Invoke(text) is { } style ? new Markup($"[{style}]{Markup.Escape(text)}[/]") : new Markup(Markup.Escape(text));
    }
}

/// <summary>Colours of states.</summary>
internal static class Styles
{
    /// <summary>Green, yellow or red by the word.</summary>
    public static string? State(string word) => word switch
    {
        "bound" or "yes" or "active" or "connected" or "created" or "running" or "supported" or "Preferred" => "green",
        "waiting" or "unknown" or "unassigned" or "nextHopMissing" or "changed" or "superseded" or "unsupported" or "Tentative" or "Deprecated" => "yellow",
        "failed" or "no" or "deleted" or "silent" or "stopped" or "missing" or "Invalid" or "Duplicate" => "red",
        _ => null,
    };

    /// <summary>Events of learned addresses: what came is green, what went or was refused red.</summary>
    public static string? Event(string word) => word switch
    {
        "added" or "markedUsable" or "markedSynchronized" => "green",
        "preMovement" or "postMovement" or "nearThreshold" => "yellow",
        "deleted" or "throttled" or "conflictLost" => "red",
        _ => null,
    };
}

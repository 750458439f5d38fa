using System.Globalization;
using Hnv.Bench.Measuring;
using Spectre.Console;

namespace Hnv.Bench.Reports;

/// <summary>A benchmark's results for people: ratios first, what they come from beside them.</summary>
internal static class ResultTables
{
    public static void Write(IAnsiConsole console, BenchResult result)
    {
        console.MarkupLineInterpolated($"[bold]{result.Name}[/]  {result.Title}");
        foreach (IGrouping<(string Group, string Metric), Series> table in result.Series.GroupBy(series => (series.Group, series.Metric)))
        {
            console.Write(TableOf(result, [.. table]));
        }

        foreach (AimOutcome aim in result.Aims)
        {
            console.MarkupLineInterpolated($"  {(aim.Met ? "met   " : "missed")}  {aim.Text}: {Number(aim.Measured)}");
        }

        console.MarkupLineInterpolated(
            $"  [dim]{result.Rounds} rounds of {result.Seconds} s, medians (smallest–largest); load average before {Number(result.Machine?.LoadAverage ?? 0)}, others' share of the machine at most {result.BackgroundLoad * 100:0} %[/]");
        console.WriteLine();
    }

    private static Table TableOf(BenchResult result, IReadOnlyList<Series> rows)
    {
        (string group, string metric) = (rows[0].Group, rows[0].Metric);
        string[] references = [.. result.Ratios.Where(ratio => ratio.Group == group && ratio.Metric == metric).Select(ratio => ratio.To).Distinct(StringComparer.Ordinal)];
        Table table = new Table().Border(TableBorder.Simple).AddColumn($"{group}: {metric}");
        foreach (string reference in references)
        {
            table.AddColumn(new TableColumn($"× {reference}").RightAligned());
        }

        table.AddColumn(new TableColumn(rows[0].Unit).RightAligned()).AddColumn(new TableColumn(string.Empty).RightAligned());
        foreach (Series row in rows)
        {
            table.AddRow([
                row.Variant,
                .. references.Select(reference => result.Ratios.FirstOrDefault(ratio => ratio.Group == group && ratio.Metric == metric && ratio.Variant == row.Variant && ratio.To == reference) is { } ratio ? Quotient(ratio) : string.Empty),
                Number(row.Median),
                row.Samples.Length > 1 ? $"({Number(row.Smallest)}–{Number(row.Largest)})" : string.Empty,
            ]);
        }

        return table;
    }

    /// <summary>With its own spread: it is smaller than that of the figures where the machine was slow for all alike.</summary>
    private static string Quotient(Ratio ratio) => ratio.Samples.Length > 1
        ? string.Create(CultureInfo.InvariantCulture, $"{ratio.Median:0.00} ({ratio.Smallest:0.00}–{ratio.Largest:0.00})")
        : ratio.Median.ToString("0.00", CultureInfo.InvariantCulture);

    /// <summary>Three digits that mean something.</summary>
    private static string Number(double value) => Math.Abs(value) switch
    {
        >= 100 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("0.00", CultureInfo.InvariantCulture),
        _ => value.ToString("0.000", CultureInfo.InvariantCulture),
    };
}

using System.Collections.Immutable;
using CsvHelper;

namespace Hnv.Cli.Import;

/// <summary>
/// <c>Export-Csv</c>: a header, then rows; before it, of Windows PowerShell 5 without <c>-NoTypeInformation</c>, a line <c>#TYPE …</c>. Separated by commas,
/// or by what the culture writes (<c>-UseCulture</c>): semicolons or tabs.
/// </summary>
internal static class CsvExport
{
    /// <summary>Bytes of a row: some twenty fields.</summary>
    private const int MaxRow = 1 << 20;

    public static ImmutableArray<ExportRow> Read(string file, string text, ImportFindings findings)
    {
        using CsvReader reader = CsvReader.FromText(text, new CsvReaderOptions
        {
            CommentPrefix = '#',
            TrackLineNumbers = true,
            MaxRecordSize = MaxRow,
            MalformedData = CsvMalformedDataHandling.Skip,
            FieldCountMismatch = CsvFieldCountHandling.Skip,
            OnMalformedRecord = record => findings.Add(new ImportFinding(
                ImportSeverity.Error, file, null, null,
                record.Reason == CsvMalformedReason.FieldCountMismatch
                    ? $"line {record.LineNumber} has not as many fields as the header, or is cut off"
                    : $"line {record.LineNumber} has a quote that does not close, or where none belongs",
                "export it anew")),
        });
        var rows = ImmutableArray.CreateBuilder<ExportRow>();
        try
        {
            while (!findings.IsFull && reader.Read())
            {
                rows.Add(Row(file, rows.Count + 1, reader, findings));
            }
        }
        catch (CsvFormatException e)
        {
            findings.Add(new ImportFinding(ImportSeverity.Error, file, null, null, $"cannot be read behind row {rows.Count}: {e.Message.Split('\n')[0].TrimEnd()}", "export it anew"));
        }

        return rows.ToImmutable();
    }

    private static ExportRow Row(string file, int number, CsvReader reader, ImportFindings findings)
    {
        Dictionary<string, string?> fields = new(StringComparer.OrdinalIgnoreCase);
        for (int i = 0; i < reader.Headers.Count; i++)
        {
            string name = reader.Headers[i].Trim();
            string? value = reader.GetString(i);
            if (value.Length > ExportReader.MaxField)
            {
                findings.Add(new ImportFinding(ImportSeverity.Error, file, number, name, $"has {value.Length} characters", "this is not what the cmdlet wrote"));
                value = null;
            }

            fields.TryAdd(name, value);
        }

        return new ExportRow(file, number, fields);
    }
}

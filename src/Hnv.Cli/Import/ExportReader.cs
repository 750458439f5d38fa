using System.Collections.Immutable;
using System.Text;

namespace Hnv.Cli.Import;

/// <summary>Reads the rows of a file, JSON or CSV: whatever a cmdlet's objects were exported as.</summary>
internal static class ExportReader
{
    /// <summary>Bytes of a file: some 100 000 records as JSON with all that PowerShell adds.</summary>
    public const int MaxBytes = 256 << 20;

    /// <summary>Characters of a field that anybody reads.</summary>
    public const int MaxField = 4096;

    private const string HowTo = "export with `Get-NetVirtualization… | ConvertTo-Json | Out-File FILE`, or `| Export-Csv FILE`";

    public static ImmutableArray<ExportRow> Read(string file, byte[] content, ImportFindings findings)
    {
        string text;
        try
        {
            text = ExportText.Decode(content);
        }
        catch (DecoderFallbackException)
        {
            findings.Add(new ImportFinding(ImportSeverity.Error, file, null, null, "is neither UTF-8 nor UTF-16 text", HowTo));
            return [];
        }

        string start = text.TrimStart();
        switch (start)
        {
            case "":
                findings.Add(new ImportFinding(ImportSeverity.Note, file, null, null, "is empty: the cmdlet found nothing", null));
                return [];
            case ['{' or '[', ..]:
                return JsonExport.Read(file, text, findings);
            case ['<', ..]:
                findings.Add(new ImportFinding(ImportSeverity.Error, file, null, null, "is XML, perhaps of Export-Clixml", HowTo));
                return [];
            default:
                if (IsListing(start))
                {
                    findings.Add(new ImportFinding(ImportSeverity.Error, file, null, null, "is what PowerShell shows on the screen, which leaves things out", HowTo));
                    return [];
                }

                return CsvExport.Read(file, text, findings);
        }
    }

    /// <summary><c>CustomerAddress  : 10.0.0.5</c>, line by line.</summary>
    private static bool IsListing(string text)
    {
        string line = text.AsSpan(0, text.AsSpan().IndexOfAny('\r', '\n') is >= 0 and var end ? end : text.Length).ToString();
        return line.IndexOf(" : ", StringComparison.Ordinal) is > 0 and var colon && line[..colon].Trim().All(char.IsAsciiLetterOrDigit);
    }
}

using System.Collections.Immutable;

namespace Hnv.Cli.Import;

/// <summary>How much a finding weighs.</summary>
internal enum ImportSeverity
{
    /// <summary>Worth knowing; nothing that a frame would notice.</summary>
    Note,

    /// <summary>A row, or what it says, is not in the manifests.</summary>
    LeftOut,

    /// <summary>The files cannot be trusted: unreadable, or they contradict themselves. Nothing is written.</summary>
    Error,
}

/// <summary>Something to say about a row.</summary>
/// <param name="File">As it was given.</param>
/// <param name="Row">Number of the row in the file, from 1; null: the whole file.</param>
/// <param name="Field">As the cmdlet calls it; null: the whole row.</param>
/// <param name="What">What it is.</param>
/// <param name="Remedy">What to do.</param>
internal sealed record ImportFinding(ImportSeverity Severity, string File, int? Row, string? Field, string What, string? Remedy)
{
    /// <summary><c>FILE: row 3: Rule</c>.</summary>
    public string Where => File + (Row is { } row ? $": row {row}" : string.Empty) + (Field is null ? string.Empty : $": {Field}");
}

/// <summary>The findings of an import, as many as anybody reads.</summary>
internal sealed class ImportFindings
{
    private const int Limit = 10_000;
    private readonly List<ImportFinding> _all = [];
    private readonly HashSet<string> _noted = new(StringComparer.Ordinal);

    public ImmutableArray<ImportFinding> All => [.. _all];

    /// <summary>Of the weight.</summary>
    public int Count(ImportSeverity severity) => _all.Count(f => f.Severity == severity);

    /// <summary>Whether so much is wrong that nobody would read on.</summary>
    public bool IsFull => _all.Count >= Limit;

    public void Add(ImportFinding finding)
    {
        if (!IsFull)
        {
            _all.Add(finding);
        }
    }

    public void Error(ExportRow row, string? field, string what, string? remedy = null) =>
        Add(new ImportFinding(ImportSeverity.Error, row.File, row.Number, field, what, remedy));

    public void LeftOut(ExportRow row, string? field, string what, string? remedy = null) =>
        Add(new ImportFinding(ImportSeverity.LeftOut, row.File, row.Number, field, what, remedy));

    public void Note(ExportRow row, string? field, string what, string? remedy = null) =>
        Add(new ImportFinding(ImportSeverity.Note, row.File, row.Number, field, what, remedy));

    /// <summary>What is so in many rows, of the first of them.</summary>
    /// <param name="subject">What it is about: of each there is one note.</param>
    /// <param name="row">The first that it is so in, or a later one, which is passed over.</param>
    /// <param name="field">As the cmdlet calls it.</param>
    /// <param name="what">What it is.</param>
    /// <param name="remedy">What to do.</param>
    public void NoteOnce(string subject, ExportRow row, string field, string what, string remedy)
    {
        if (_noted.Add(subject))
        {
            Note(row, field, what, remedy);
        }
    }
}

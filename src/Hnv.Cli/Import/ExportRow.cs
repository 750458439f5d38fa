namespace Hnv.Cli.Import;

/// <summary>One object of an export: a file's row, its fields by the cmdlets' names in any case. Text as it stood; null for what was not text, number or truth value.</summary>
/// <param name="Number">From 1, in its file.</param>
internal sealed record ExportRow(string File, int Number, IReadOnlyDictionary<string, string?> Fields)
{
    /// <summary>FILE, row N.</summary>
    public string Where => $"{File}, row {Number}";

    /// <summary>Whether the export has such a column, empty or not.</summary>
    public bool Has(string field) => Fields.ContainsKey(field);

    /// <summary>The trimmed text; null when it is absent or blank.</summary>
    public string? this[string field] => Fields.TryGetValue(field, out string? text) && text?.Trim() is { Length: > 0 } trimmed ? trimmed : null;
}

using System.Collections.Immutable;
using System.Text.Json;
using Hnv.Api.Resources;

namespace Hnv.Cli.Import;

/// <summary>
/// <c>ConvertTo-Json</c>: an array of objects, one object alone, or the <c>{"value": […], "Count": n}</c> that Windows PowerShell makes of an array at
/// times. Enumerations come as numbers, as words, or as <c>{"value": 1, "Value": "…"}</c>; CimClass and its like are objects that say nothing.
/// </summary>
internal static class JsonExport
{
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 64 };

    public static ImmutableArray<ExportRow> Read(string file, string text, ImportFindings findings)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, s_options);
            return Rows(file, document.RootElement, findings);
        }
        catch (JsonException e)
        {
            findings.Add(new ImportFinding(
                ImportSeverity.Error, file, null, null, $"is not JSON, or cut off: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}",
                "export it anew; -Depth 2 is enough"));
            return [];
        }
    }

    private static ImmutableArray<ExportRow> Rows(string file, JsonElement root, ImportFindings findings)
    {
        if (root.ValueKind == JsonValueKind.Object && Value(root) is { ValueKind: JsonValueKind.Array } wrapped)
        {
            root = wrapped;
        }

        JsonElement[] items = root.ValueKind == JsonValueKind.Array ? [.. root.EnumerateArray()] : [root];
        var rows = ImmutableArray.CreateBuilder<ExportRow>(items.Length);
        for (int i = 0; i < items.Length && !findings.IsFull; i++)
        {
            if (items[i].ValueKind == JsonValueKind.Object)
            {
                rows.Add(Row(file, i + 1, items[i], findings));
            }
            else
            {
                findings.Add(new ImportFinding(ImportSeverity.Error, file, i + 1, null, $"is no object but {items[i].ValueKind.ToString().ToLowerInvariant()}", "export it anew"));
            }
        }

        return rows.DrainToImmutable();
    }

    private static ExportRow Row(string file, int number, JsonElement item, ImportFindings findings)
    {
        Dictionary<string, string?> fields = new(StringComparer.OrdinalIgnoreCase);
        foreach (JsonProperty property in item.EnumerateObject())
        {
            if (!StrictObject.TryGetName(property, out string? name) || name.Length > ExportReader.MaxField)
            {
                continue; // No field of any cmdlet.
            }

            string? text = Text(property.Value);
            if (text is { Length: > ExportReader.MaxField })
            {
                findings.Add(new ImportFinding(ImportSeverity.Error, file, number, name, $"has {text.Length} characters", "this is not what the cmdlet wrote"));
                text = null;
            }

            if (!fields.TryAdd(name, text) && fields[name] != text)
            {
                findings.Add(new ImportFinding(ImportSeverity.Error, file, number, name, "is there twice, with different values", "export it anew"));
            }
        }

        return new ExportRow(file, number, fields);
    }

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => StrictObject.TryGetText(value, out string? text) ? text : null,
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => bool.TrueString,
        JsonValueKind.False => bool.FalseString,
        JsonValueKind.Object when Value(value) is { ValueKind: JsonValueKind.String or JsonValueKind.Number } inner => Text(inner),
        _ => null,
    };

    /// <summary>The property "value"; beside names that are no text, where looking it up would throw.</summary>
    private static JsonElement? Value(JsonElement item)
    {
        JsonElement? found = null;
        foreach (JsonProperty property in item.EnumerateObject())
        {
            if (StrictObject.TryGetName(property, out string? name) && name == "value")
            {
                found = property.Value;
            }
        }

        return found;
    }
}

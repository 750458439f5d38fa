using System.Text.Json;

namespace Hnv.Cli.Kinds;

/// <summary>Reads fields of objects for tables; absent is null.</summary>
internal static class JsonFields
{
    /// <summary>The element at a path; null when a step is absent or null.</summary>
    public static JsonElement? At(this JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (string name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element) || element.ValueKind == JsonValueKind.Null)
            {
                return null;
            }
        }

        return element;
    }

    /// <summary>As a cell shows it: text bare, lists with commas.</summary>
    public static string? Text(this JsonElement element, params ReadOnlySpan<string> path) => element.At(path) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } array => string.Join(", ", array.EnumerateArray().Select(e => e.ToString())),
        { } value => value.ToString(),
    };

    /// <summary>The elements of a list; none when it is absent.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element, params ReadOnlySpan<string> path) =>
        element.At(path) is { ValueKind: JsonValueKind.Array } array ? [.. array.EnumerateArray()] : [];
}

using System.Collections.Immutable;
using System.Text.Json;
using Hnv.Api.Rest;

namespace Hnv.Api.Client;

/// <summary>
/// What <c>hnv apply --wait</c> sends and reads, without the serializer: loading it takes as long as everything else the command does.
/// A test compares both.
/// </summary>
internal static class ApplyAnswers
{
    /// <summary>Body of an <see cref="ApplyRequest"/>.</summary>
    public static byte[] Request(IEnumerable<JsonElement> documents)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = HnvJson.Encoder }))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("documents"u8);
            foreach (JsonElement document in documents)
            {
                document.WriteTo(writer);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <exception cref="JsonException">It is none.</exception>
    public static ApplyResponse ReadApply(JsonElement answer) => new(
        Required(answer, "revision").GetInt64(), Required(answer, "dryRun").GetBoolean(), Array(answer, "results", ReadResult));

    /// <exception cref="JsonException">It is none.</exception>
    public static ConvergenceAnswer ReadConvergence(JsonElement answer) => new(
        Required(answer, "revision").GetInt64(), Required(answer, "converged").GetBoolean(), Required(answer, "hosts").GetInt32(), Array(answer, "pending", ReadPending));

    private static ApplyResult ReadResult(JsonElement result) => new(
        Text(result, "kind"), Optional(result, "tenant")?.GetString(), Text(result, "name"), Action(Text(result, "action")),
        Optional(result, "changes") is null ? null : Array(result, "changes", ReadChange));

    private static FieldChange ReadChange(JsonElement change) => new(Text(change, "field"), Optional(change, "old")?.Clone(), Optional(change, "new")?.Clone());

    private static PendingHost ReadPending(JsonElement host) => new(
        Text(host, "host"), Required(host, "realisedRevision").GetInt64(), Required(host, "neededRevision").GetInt64(), Required(host, "connected").GetBoolean(),
        Optional(host, "lastSeen")?.GetDateTimeOffset(), Optional(host, "ageSeconds")?.GetDouble(), Array(host, "problems", static p => p.GetString() ?? throw Missing("problems")))
    {
        // A controller of the version before does not say it.
        Withheld = Optional(host, "withheld") is null ? [] : Array(host, "withheld", static p => p.GetString() ?? throw Missing("withheld")),
    };

    private static ApplyAction Action(string word) => word switch
    {
        "created" => ApplyAction.Created,
        "changed" => ApplyAction.Changed,
        "unchanged" => ApplyAction.Unchanged,
        "deleted" => ApplyAction.Deleted,
        _ => throw new JsonException($"'{word}' is no action."),
    };

    private static ImmutableArray<T> Array<T>(JsonElement owner, string name, Func<JsonElement, T> read)
        where T : class
    {
        JsonElement array = Required(owner, name);
        var items = new T[array.GetArrayLength()];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = read(array[i]);
        }

        return [.. items];
    }

    private static string Text(JsonElement owner, string name) => Required(owner, name).GetString() ?? throw Missing(name);

    private static JsonElement Required(JsonElement owner, string name) => Optional(owner, name) ?? throw Missing(name);

    private static JsonElement? Optional(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static JsonException Missing(string name) => new($"There is no '{name}'.");
}

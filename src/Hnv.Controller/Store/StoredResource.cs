using System.Text.Json;
using Hnv.Api.Resources;
using Hnv.Model;
using Hnv.Model.Resources;

namespace Hnv.Controller.Store;

/// <summary>
/// A resource with what the controller adds to it. In the log: <c>{"resource":{…},"number":5,"set":"web","revision":17}</c>.
/// </summary>
/// <param name="Number">A port's number on the data plane; 0 for other kinds.</param>
/// <param name="Set">The set it was last applied with; null for none.</param>
/// <param name="Revision">
/// The revision of its last change. Not in the log where it equals the key's own; a change set that was staged brings it along,
/// because its keys are written after the revision that made it visible.
/// </param>
internal sealed record StoredResource(Resource Resource, uint Number, string? Set, long Revision)
{
    public ResourceId Id => Resource.Id;

    /// <param name="withRevision">Whether the revision is written down too.</param>
    public byte[] ToBytes(bool withRevision)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            Write(writer, withRevision);
        }

        return stream.ToArray();
    }

    public void Write(Utf8JsonWriter writer, bool withRevision)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("resource");
        ResourceJson.Write(writer, Resource);
        if (Number != 0)
        {
            writer.WriteNumber("number", Number);
        }

        if (Set is not null)
        {
            writer.WriteString("set", Set);
        }

        if (withRevision)
        {
            writer.WriteNumber("revision", Revision);
        }

        writer.WriteEndObject();
    }

    /// <exception cref="InvalidDataException">The log holds what this version does not understand.</exception>
    public static StoredResource Read(string key, ReadOnlyMemory<byte> value, long keyRevision)
    {
        using JsonDocument document = Parse(key, value);
        return Read(key, document.RootElement, keyRevision);
    }

    /// <inheritdoc cref="Read(string, ReadOnlyMemory{byte}, long)"/>
    public static StoredResource Read(string key, JsonElement envelope, long keyRevision)
    {
        try
        {
            return Understand(key, envelope, keyRevision);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"The state log's {key} is not understood; a newer version may have written it. {e.Message}", e);
        }
    }

    private static StoredResource Understand(string key, JsonElement envelope, long keyRevision)
    {
        var findings = new List<Finding>();
        if (!envelope.TryGetProperty("resource", out JsonElement element)
            || !ResourceJson.TryRead(element, new ResourceReadOptions { Stored = true }, out Resource? resource, findings))
        {
            throw new InvalidDataException(
                $"The state log's {key} is not understood; a newer version may have written it: {string.Join("; ", findings.Select(static f => $"{f.Field} {f.Problem}"))}. {CloudHead.Remedy}.");
        }

        return new StoredResource(
            resource,
            envelope.TryGetProperty("number", out JsonElement number) ? number.GetUInt32() : 0,
            envelope.TryGetProperty("set", out JsonElement set) ? set.GetString() : null,
            envelope.TryGetProperty("revision", out JsonElement revision) ? revision.GetInt64() : keyRevision);
    }

    private static JsonDocument Parse(string key, ReadOnlyMemory<byte> value)
    {
        try
        {
            return JsonDocument.Parse(value);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The state log's {key} is not JSON: {e.Message}", e);
        }
    }
}

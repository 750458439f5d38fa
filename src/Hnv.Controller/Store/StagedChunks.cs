using System.Collections.Immutable;
using System.Text.Json;
using Hnv.Model.Resources;
using Hnv.StateLog;

namespace Hnv.Controller.Store;

/// <summary>One write of a change set: a resource, or its deletion.</summary>
internal sealed record StagedWrite(ResourceId Id, StoredResource? Resource);

/// <summary>
/// A change set too large for one transaction, cut into values of the log: each a JSON array of
/// <c>{"kind":"port","tenant":"t","name":"n","value":{…}}</c>, without value for a deletion.
/// </summary>
internal static class StagedChunks
{
    /// <summary>Bytes of a chunk; leaves room for the key.</summary>
    public const int MaxBytes = StateLogLimits.MaxBytes - 64 * 1024;

    /// <summary>Chunks of a set: all are compared when it becomes visible, and deleted in one transaction with the head's next write.</summary>
    public const int MaxChunks = StateLogLimits.MaxOperations - 10;

    public static ImmutableArray<byte[]> Cut(IEnumerable<StagedWrite> writes)
    {
        var chunks = ImmutableArray.CreateBuilder<byte[]>();
        var items = new List<byte[]>();
        int size = 2;
        foreach (StagedWrite write in writes)
        {
            byte[] item = ToBytes(write);
            if (size + item.Length + 1 > MaxBytes)
            {
                chunks.Add(Join(items, size));
                items.Clear();
                size = 2;
            }

            items.Add(item);
            size += item.Length + 1;
        }

        chunks.Add(Join(items, size));
        return chunks.ToImmutable();
    }

    /// <param name="revision">The revision that made the set visible: that of all its resources.</param>
    /// <exception cref="InvalidDataException">The log holds what this version does not understand.</exception>
    public static ImmutableArray<StagedWrite> Read(string key, ReadOnlyMemory<byte> chunk, long revision)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(chunk);
            return [.. document.RootElement.EnumerateArray().Select(item => Read(key, item, revision))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidDataException($"The state log's {key} is not understood; a newer version may have written it. {e.Message}", e);
        }
    }

    private static StagedWrite Read(string key, JsonElement item, long revision)
    {
        if (!Enum.TryParse(item.GetProperty("kind").GetString(), out ResourceKind kind) || !Enum.IsDefined(kind) || item.GetProperty("name").GetString() is not { } name)
        {
            throw new JsonException("An item names no resource.");
        }

        var id = new ResourceId(kind, item.TryGetProperty("tenant", out JsonElement tenant) ? tenant.GetString() : null, name);
        return new StagedWrite(id, item.TryGetProperty("value", out JsonElement value) ? StoredResource.Read(key, value, revision) : null);
    }

    private static byte[] ToBytes(StagedWrite write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", write.Id.Kind.ToString());
            if (write.Id.Tenant is { } tenant)
            {
                writer.WriteString("tenant", tenant);
            }

            writer.WriteString("name", write.Id.Name);
            if (write.Resource is { } resource)
            {
                writer.WritePropertyName("value");
                resource.Write(writer, withRevision: false);
            }

            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static byte[] Join(List<byte[]> items, int size)
    {
        var chunk = new MemoryStream(size);
        chunk.WriteByte((byte)'[');
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0)
            {
                chunk.WriteByte((byte)',');
            }

            chunk.Write(items[i]);
        }

        chunk.WriteByte((byte)']');
        return chunk.ToArray();
    }
}

using System.Text.Json;
using Hnv.Api;

namespace Hnv.Controller.Store;

/// <summary>
/// The value of <see cref="StoreKeys.Head"/>. Every change of resources compares the head's revision and writes it anew; so changes
/// of several controllers follow one another, each judged against the model it changes.
/// </summary>
/// <param name="LastPortNumber">The number given out last.</param>
/// <param name="StagedSet">
/// A change set that this head made visible and that still waits to be written to the resources' own keys; null for none.
/// Nothing else is written before that is done.
/// </param>
/// <param name="Chunks">Number of its chunks.</param>
internal sealed record CloudHead(uint LastPortNumber, string? StagedSet = null, int Chunks = 0)
{
    /// <summary>The format of all that is in the log; absent while it is the first.</summary>
    public const int KnownFormat = 1;

    /// <summary>What to do about entries of a newer version.</summary>
    public const string Remedy = "Run the version that wrote it, or a newer one; or restore a backup that this version made. Nothing was changed";

    public static CloudHead Initial { get; } = new(0);

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, HnvJson.Options);

    /// <exception cref="InvalidDataException">It is of a newer version, or damaged.</exception>
    public static CloudHead Read(ReadOnlyMemory<byte> value)
    {
        try
        {
            // The format first: a newer one may say all else differently.
            using JsonDocument document = JsonDocument.Parse(value);
            JsonElement root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("format", out JsonElement said)
                && !(said.ValueKind == JsonValueKind.Number && said.TryGetInt32(out int format) && format == KnownFormat))
            {
                throw new InvalidDataException($"The state log has format {said}, this version reads {KnownFormat}. {Remedy}.");
            }

            return root.Deserialize<CloudHead>(HnvJson.Options) ?? throw new InvalidDataException($"The state log's {StoreKeys.Head} is empty.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter of a name that is no text, a lone surrogate.
            throw new InvalidDataException($"The state log's {StoreKeys.Head} is not understood: {e.Message}", e);
        }
    }
}

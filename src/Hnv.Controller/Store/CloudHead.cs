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
    public static CloudHead Initial { get; } = new(0);

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, HnvJson.Options);

    public static CloudHead Read(ReadOnlyMemory<byte> value) =>
        JsonSerializer.Deserialize<CloudHead>(value.Span, HnvJson.Options)
        ?? throw new InvalidDataException($"The state log's {StoreKeys.Head} is empty.");
}

using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Hnv.Api.Resources;

namespace Hnv.Api.Manifests;

/// <summary>A place in a text; both count from 1.</summary>
public readonly record struct SourcePosition(int Line, int Column);

/// <summary>
/// From a JSON pointer to the place in the file. Positions are kept in document order, one a node, and found again by walking the
/// document: 8 bytes a node, because hundreds of thousands of documents may be read before one of them turns out to be wrong.
/// </summary>
public sealed class SourceMap
{
    private readonly JsonElement _root;
    private readonly ImmutableArray<SourcePosition> _positions;

    /// <param name="root">The document; its objects have no field twice.</param>
    /// <param name="positions">Of every value in document order: a field's is that of its name.</param>
    internal SourceMap(JsonElement root, ImmutableArray<SourcePosition> positions)
    {
        _root = root;
        _positions = positions;
    }

    /// <summary>The place of what the pointer names; of what would hold it where it is not there (a missing field).</summary>
    public SourcePosition Locate(string pointer)
    {
        int node = 0;
        JsonElement at = _root;
        foreach (string step in JsonPointer.Steps(pointer))
        {
            if (!TryStep(ref at, ref node, step))
            {
                break;
            }
        }

        return node < _positions.Length ? _positions[node] : default;
    }

    private static bool TryStep(ref JsonElement at, ref int node, string step)
    {
        int child = node + 1;
        if (at.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in at.EnumerateObject())
            {
                if (property.NameEquals(step))
                {
                    (at, node) = (property.Value, child);
                    return true;
                }

                child += CountNodes(property.Value);
            }
        }
        else if (at.ValueKind == JsonValueKind.Array && int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out int index))
        {
            foreach (JsonElement item in at.EnumerateArray())
            {
                if (index-- == 0)
                {
                    (at, node) = (item, child);
                    return true;
                }

                child += CountNodes(item);
            }
        }

        return false;
    }

    private static int CountNodes(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => 1 + value.EnumerateObject().Sum(static p => CountNodes(p.Value)),
        JsonValueKind.Array => 1 + value.EnumerateArray().Sum(CountNodes),
        _ => 1,
    };
}

using System.Collections.Immutable;
using System.Text.Json;
using Hnv.Model.Resources;

namespace Hnv.Api.Resources;

/// <summary>One field that differs. A side is null where the field is not there.</summary>
/// <param name="Pointer">JSON pointer into the new object; into the old one for what is gone.</param>
public sealed record FieldChange(string Pointer, JsonElement? Old, JsonElement? New);

/// <summary>What differs between two states of a resource, field by field.</summary>
public static class ResourceDiff
{
    /// <summary>
    /// The fields that differ. Lists of values are one field; lists of objects are compared by what identifies their items (VSID;
    /// prefix and metric), so that an item put in front does not change those behind it. Empty if one side is null or both are equal.
    /// </summary>
    public static ImmutableArray<FieldChange> Between(Resource? before, Resource? after)
    {
        if (before is null || after is null || before.Equals(after))
        {
            return [];
        }

        ImmutableArray<FieldChange>.Builder changes = ImmutableArray.CreateBuilder<FieldChange>();
        Compare("", ResourceJson.ToElement(before), ResourceJson.ToElement(after), changes);
        return changes.ToImmutable();
    }

    private static void Compare(string pointer, JsonElement before, JsonElement after, ImmutableArray<FieldChange>.Builder changes)
    {
        if (JsonElement.DeepEquals(before, after))
        {
            return;
        }

        if (before.ValueKind == JsonValueKind.Object && after.ValueKind == JsonValueKind.Object)
        {
            CompareFields(pointer, before, after, changes);
        }
        else if (IsListOfObjects(before) && IsListOfObjects(after))
        {
            CompareItems(pointer, before, after, changes);
        }
        else
        {
            changes.Add(new FieldChange(pointer, before, after));
        }
    }

    private static void CompareFields(string pointer, JsonElement before, JsonElement after, ImmutableArray<FieldChange>.Builder changes)
    {
        foreach (JsonProperty field in after.EnumerateObject())
        {
            string at = JsonPointer.Append(pointer, field.Name);
            if (before.TryGetProperty(field.Name, out JsonElement old))
            {
                Compare(at, old, field.Value, changes);
            }
            else
            {
                changes.Add(new FieldChange(at, null, field.Value));
            }
        }

        foreach (JsonProperty field in before.EnumerateObject())
        {
            if (!after.TryGetProperty(field.Name, out _))
            {
                changes.Add(new FieldChange(JsonPointer.Append(pointer, field.Name), field.Value, null));
            }
        }
    }

    private static void CompareItems(string pointer, JsonElement before, JsonElement after, ImmutableArray<FieldChange>.Builder changes)
    {
        Dictionary<string, (JsonElement Item, int Index)> old = new(StringComparer.Ordinal);
        int index = 0;
        foreach (JsonElement item in before.EnumerateArray())
        {
            old.TryAdd(KeyOf(item), (item, index++));
        }

        index = 0;
        int lastOld = -1;
        bool reordered = false;
        int count = changes.Count;
        foreach (JsonElement item in after.EnumerateArray())
        {
            string at = JsonPointer.Append(pointer, index++);
            if (old.Remove(KeyOf(item), out (JsonElement Item, int Index) same))
            {
                Compare(at, same.Item, item, changes);
                reordered |= same.Index < lastOld;
                lastOld = same.Index;
            }
            else
            {
                changes.Add(new FieldChange(at, null, item));
            }
        }

        foreach ((JsonElement item, int oldIndex) in old.Values.OrderBy(static o => o.Index))
        {
            changes.Add(new FieldChange(JsonPointer.Append(pointer, oldIndex), item, null));
        }

        // Equal items in another order are a change too, and no item says so.
        if (changes.Count == count && reordered)
        {
            changes.Add(new FieldChange(pointer, before, after));
        }
    }

    private static bool IsListOfObjects(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
        && value.EnumerateArray().All(static i => i.ValueKind == JsonValueKind.Object);

    private static string KeyOf(JsonElement item) =>
        item.TryGetProperty("vsid", out JsonElement vsid) ? vsid.GetRawText()
        : item.TryGetProperty("prefix", out JsonElement prefix) ? $"{prefix} {(item.TryGetProperty("metric", out JsonElement metric) ? metric.GetRawText() : "0")}"
        : item.TryGetProperty("address", out JsonElement address) ? address.GetRawText()
        : item.GetRawText();
}

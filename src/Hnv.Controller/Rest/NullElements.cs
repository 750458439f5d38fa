using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Hnv.Api;

namespace Hnv.Controller.Rest;

/// <summary>Finds nulls in the lists of a body. The serializer refuses null where a property must not be; it does not look at the elements of lists.</summary>
internal static class NullElements
{
    /// <summary>What of a type may hold lists: nothing, for most. Asked once, since it is asked of the whole tree of types.</summary>
    private static readonly ConcurrentDictionary<Type, JsonPropertyInfo[]> s_properties = new();

    /// <summary>Where the first null is, as the serializer names places: <c>$.ports[3]</c>. Null: nowhere.</summary>
    public static string? Find(object body) => FindIn(body) is { } place ? $"${place}" : null;

    private static string? FindIn(object value) => Info(value.GetType()).Kind switch
    {
        JsonTypeInfoKind.Enumerable => IsDefaultArray(value) ? null : FindInList((IEnumerable)value),
        JsonTypeInfoKind.Object => FindInProperties(value),
        _ => null,
    };

    private static string? FindInProperties(object value)
    {
        foreach (JsonPropertyInfo property in s_properties.GetOrAdd(value.GetType(), static t => [.. Info(t).Properties.Where(static p => p.Get is not null && HoldsLists(p.PropertyType, []))]))
        {
            if (property.Get!(value) is { } inner && FindIn(inner) is { } place)
            {
                return $".{property.Name}{place}";
            }
        }

        return null;
    }

    private static string? FindInList(IEnumerable list)
    {
        int at = 0;
        foreach (object? element in list)
        {
            if ((element is null ? string.Empty : FindIn(element)) is { } place)
            {
                return string.Create(CultureInfo.InvariantCulture, $"[{at}]{place}");
            }

            at++;
        }

        return null;
    }

    private static JsonTypeInfo Info(Type type) => HnvJson.Options.GetTypeInfo(type);

    /// <summary>An <see cref="System.Collections.Immutable.ImmutableArray{T}"/> that was null in JSON, or absent; it cannot be walked.</summary>
    private static bool IsDefaultArray(object value) => value.GetType().IsValueType && value.Equals(RuntimeHelpers.GetUninitializedObject(value.GetType()));

    /// <param name="seen">Types that hold themselves are asked once.</param>
    private static bool HoldsLists(Type type, HashSet<Type> seen) => Info(type).Kind switch
    {
        JsonTypeInfoKind.Enumerable => true,
        JsonTypeInfoKind.Object => seen.Add(type) && Info(type).Properties.Any(p => HoldsLists(p.PropertyType, seen)),
        _ => false,
    };
}

using System.Collections.Immutable;

namespace Hnv.Model.Resources;

/// <summary>Equality by elements: an ImmutableArray compares by reference, a resource must compare by value.</summary>
internal static class Sequences
{
    public static bool Equal<T>(ImmutableArray<T> a, ImmutableArray<T> b) => a.AsSpan().SequenceEqual(b.AsSpan());

    public static int Hash<T>(ImmutableArray<T> items)
    {
        HashCode hash = default;
        foreach (T item in items.AsSpan())
        {
            hash.Add(item);
        }

        return hash.ToHashCode();
    }
}

using System.Runtime.InteropServices;

namespace Hnv.Agent.Desired;

/// <summary>
/// Key → a few items. Made for 10⁵ keys with one or two items each: an array of exactly that length a key, nothing else.
/// </summary>
internal sealed class SmallIndex<TKey, TItem>(IEqualityComparer<TKey>? comparer = null)
    where TKey : notnull
    where TItem : class
{
    private readonly Dictionary<TKey, TItem[]> _items = new(comparer);

    /// <summary>The items of the key, in no order.</summary>
    public ReadOnlySpan<TItem> this[TKey key] => _items.TryGetValue(key, out TItem[]? items) ? items : [];

    /// <summary>Every key with its items.</summary>
    public IEnumerable<KeyValuePair<TKey, TItem[]>> All => _items;

    public void Add(TKey key, TItem item)
    {
        ref TItem[]? items = ref CollectionsMarshal.GetValueRefOrAddDefault(_items, key, out _);
        items = items is null ? [item] : [.. items, item];
    }

    /// <summary>Takes out one item (by reference).</summary>
    public void Remove(TKey key, TItem item)
    {
        if (!_items.TryGetValue(key, out TItem[]? items))
        {
            return;
        }

        int at = Array.FindIndex(items, i => ReferenceEquals(i, item));
        if (at < 0)
        {
            return;
        }

        if (items.Length == 1)
        {
            _items.Remove(key);
        }
        else
        {
            _items[key] = [.. items[..at], .. items[(at + 1)..]];
        }
    }
}

using System.Collections.Immutable;
using Hnv.Api.Stream;

namespace Hnv.Policy;

/// <summary>An item with its digest, computed once.</summary>
internal readonly record struct HashedItem<T>(T Item, PolicyDigest Digest)
    where T : PolicyItem
{
    public static HashedItem<T> Of(T item) => new(item, PolicyDigest.Of(item));
}

/// <summary>A persistent set of items by key, with the digest of all of them.</summary>
internal sealed class ItemSet<T>
    where T : PolicyItem
{
    private readonly ImmutableDictionary<string, HashedItem<T>> _items;

    private ItemSet(ImmutableDictionary<string, HashedItem<T>> items, PolicyDigest digest)
    {
        _items = items;
        Digest = digest;
    }

    public static ItemSet<T> Empty { get; } =
        new(ImmutableDictionary.Create<string, HashedItem<T>>(StringComparer.Ordinal), default);

    public int Count => _items.Count;

    public PolicyDigest Digest { get; }

    public IEnumerable<T> Items => _items.Values.Select(static i => i.Item);

    public IEnumerable<string> Keys => _items.Keys;

    public static ItemSet<T> Of(IEnumerable<T> items)
    {
        var builder = Empty._items.ToBuilder();
        PolicyDigest digest = default;
        foreach (T item in items)
        {
            HashedItem<T> hashed = HashedItem<T>.Of(item);
            builder.Add(item.Key, hashed);
            digest += hashed.Digest;
        }

        return new ItemSet<T>(builder.ToImmutable(), digest);
    }

    public T? Find(string key) => _items.TryGetValue(key, out HashedItem<T> found) ? found.Item : null;

    /// <summary>Digest of one item of the set; that of nothing when the key is absent.</summary>
    public PolicyDigest DigestOf(string key) => _items.TryGetValue(key, out HashedItem<T> found) ? found.Digest : default;

    /// <summary>With the item of that key replaced, added or (null) taken out. Itself when nothing changes.</summary>
    public ItemSet<T> Set(string key, T? item)
    {
        bool had = _items.TryGetValue(key, out HashedItem<T> old);
        if (item is null)
        {
            return had ? new ItemSet<T>(_items.Remove(key), Digest - old.Digest) : this;
        }

        if (had && old.Item.Equals(item))
        {
            return this;
        }

        HashedItem<T> hashed = HashedItem<T>.Of(item);
        return new ItemSet<T>(_items.SetItem(key, hashed), Digest - old.Digest + hashed.Digest);
    }
}

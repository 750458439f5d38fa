using System.Collections.Immutable;
using System.Net.Sockets;
using Hnv.Api.Stream;

namespace Hnv.Policy;

/// <summary>
/// An item that all hosts of a network share, in two forms: as hosts with an IPv4 provider address know it, and those without one (<see
/// cref="Model.Resources.Host.Family"/>). They differ only for records of hosts that have addresses of both families, and are the same object otherwise.
/// </summary>
internal sealed record SharedItem(PolicyItem V4, PolicyItem V6)
{
    public PolicyItem For(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? V6 : V4;

    /// <summary>One object where both forms are equal.</summary>
    public static SharedItem Of(PolicyItem v4, PolicyItem v6) => new(v4, v4.Equals(v6) ? v4 : v6);

    public static SharedItem Of(PolicyItem item) => new(item, item);
}

/// <summary>A persistent set of shared items, with the digest of each form.</summary>
internal sealed class SharedItems
{
    private readonly ImmutableDictionary<string, (SharedItem Item, PolicyDigest V4, PolicyDigest V6)> _items;
    private readonly PolicyDigest _v4;
    private readonly PolicyDigest _v6;

    private SharedItems(ImmutableDictionary<string, (SharedItem, PolicyDigest, PolicyDigest)> items, PolicyDigest v4, PolicyDigest v6)
    {
        _items = items;
        _v4 = v4;
        _v6 = v6;
    }

    public static SharedItems Empty { get; } =
        new(ImmutableDictionary.Create<string, (SharedItem, PolicyDigest, PolicyDigest)>(StringComparer.Ordinal), default, default);

    public int Count => _items.Count;

    public IEnumerable<string> Keys => _items.Keys;

    /// <summary>Keys whose item differs between the families.</summary>
    public IEnumerable<string> MixedKeys => _items.Where(static p => !ReferenceEquals(p.Value.Item.V4, p.Value.Item.V6)).Select(static p => p.Key);

    public PolicyDigest Digest(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? _v6 : _v4;

    public IEnumerable<PolicyItem> Items(AddressFamily family) => _items.Values.Select(i => i.Item.For(family));

    public SharedItem? Find(string key) => _items.TryGetValue(key, out var found) ? found.Item : null;

    public PolicyItem? Find(string key, AddressFamily family) => Find(key)?.For(family);

    /// <summary>Collects changes on the way to the next set.</summary>
    public Builder ToBuilder() => new(this);

    public sealed class Builder(SharedItems before)
    {
        private readonly ImmutableDictionary<string, (SharedItem Item, PolicyDigest V4, PolicyDigest V6)>.Builder _items = before._items.ToBuilder();
        private PolicyDigest _v4 = before._v4;
        private PolicyDigest _v6 = before._v6;

        /// <summary>Replaces, adds or (null) takes out; false when nothing changes.</summary>
        public bool Set(string key, SharedItem? item)
        {
            bool had = _items.TryGetValue(key, out var old);
            if (item is null ? !had : had && old.Item.Equals(item))
            {
                return false;
            }

            _v4 -= old.V4;
            _v6 -= old.V6;
            if (item is null)
            {
                _items.Remove(key);
                return true;
            }

            PolicyDigest v4 = PolicyDigest.Of(item.V4);
            PolicyDigest v6 = ReferenceEquals(item.V4, item.V6) ? v4 : PolicyDigest.Of(item.V6);
            _items[key] = (item, v4, v6);
            _v4 += v4;
            _v6 += v6;
            return true;
        }

        public SharedItems Build() => new(_items.ToImmutable(), _v4, _v6);
    }
}

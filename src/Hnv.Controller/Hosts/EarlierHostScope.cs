using Hnv.Api.Stream;
using Hnv.Policy;

namespace Hnv.Controller.Hosts;

/// <summary>
/// A host's own scope as agents before <see cref="PolicyProtocol.ProviderRoutes"/> understand it: no provider routes, and of provider addresses no more
/// than address and preference. They would refuse the whole stream for an item they do not know, and miss the digest of what they read less of.
/// </summary>
internal sealed class EarlierHostScope : IHostContent
{
    private readonly Dictionary<string, PolicyItem> _items;

    public EarlierHostScope(IHostContent content)
    {
        _items = content.Items.Where(static i => i is not ProviderRouteItem).Select(Earlier).ToDictionary(static i => i.Key, StringComparer.Ordinal);
        Digest = _items.Values.Aggregate(default(PolicyDigest), static (d, i) => d.Add(i));
    }

    public int Count => _items.Count;

    public PolicyDigest Digest { get; }

    public IEnumerable<PolicyItem> Items => _items.Values;

    public PolicyItem? Find(string key) => _items.GetValueOrDefault(key);

    private static PolicyItem Earlier(PolicyItem item) => item is ProviderAddressItem address ? new ProviderAddressItem(address.Address, address.Preference) : item;
}

using System.Collections.Immutable;
using System.Globalization;
using Hnv.Api.Stream;
using Hnv.Policy;

namespace Hnv.Controller.Hosts;

/// <summary>
/// A host's own scope as agents before <see cref="PolicyProtocol.ProviderRoutes"/> understand it: no provider routes, and of provider addresses no more
/// than address and preference. They would refuse the whole stream for an item they do not know, and miss the digest of what they read less of.
/// </summary>
internal sealed class EarlierHostScope : IHostContent
{
    /// <summary>Prefixes that are named; of more their number is said.</summary>
    private const int Named = 3;

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

    /// <summary>
    /// Whether an agent of that protocol understands a network. One with <see cref="SubnetItem.OwnRoutes"/> cannot be said in earlier words: without them
    /// its subnets would reach each other past the router VM that is to stand between them.
    /// </summary>
    public static bool IsUnderstood(PolicySnapshot policy, Guid network, int protocol) =>
        protocol >= PolicyProtocol.ExternalRouter || policy.Networks.GetValueOrDefault(network)?.Network.UseExternalRouter != true;

    /// <summary>What such an agent is not told of the content, in words for people: what is missing, and what the host does instead.</summary>
    public static ImmutableArray<string> Withheld(IHostContent content)
    {
        var said = ImmutableArray.CreateBuilder<string>();
        string[] routes = [.. content.Items.OfType<ProviderRouteItem>().Select(static r => r.Prefix.ToString()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (routes.Length > 0)
        {
            string more = routes.Length > Named ? string.Create(CultureInfo.InvariantCulture, $" and {routes.Length - Named} more") : string.Empty;
            said.Add($"provider routes to {string.Join(", ", routes.Take(Named))}{more} (none is set)");
        }

        foreach (ProviderAddressItem address in content.Items.OfType<ProviderAddressItem>().OrderBy(static a => a.Preference))
        {
            string[] places = [.. Said(address.Vlan, "VLAN"), .. Said(address.Uplink, "uplink")];
            if (places.Length > 0)
            {
                said.Add($"{string.Join(" and ", places)} of {address.Address} (not looked at: until the agent is updated, the address is used wherever the host has it)");
            }

            string[] remarks = [.. Said(address.PrefixLength, "prefix length"), .. Said(address.Mac, "MAC")];
            if (remarks.Length > 0)
            {
                said.Add($"{string.Join(" and ", remarks)} of {address.Address} (not compared)");
            }
        }

        return said.ToImmutable();
    }

    private static IEnumerable<string> Said(object? value, string name) => value is null ? [] : [name];

    private static PolicyItem Earlier(PolicyItem item) => item is ProviderAddressItem address ? new ProviderAddressItem(address.Address, address.Preference) : item;
}

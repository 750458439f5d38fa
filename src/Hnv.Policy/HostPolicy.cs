using System.Collections.Immutable;
using Hnv.Api.Stream;
using Hnv.Model.Resources;

namespace Hnv.Policy;

/// <summary>A host's own scope, and the networks that are present on it; immutable.</summary>
public sealed class HostPolicy : IHostContent
{
    private readonly ItemSet<ProviderAddressItem> _addresses;

    private HostPolicy(ItemSet<ProviderAddressItem> addresses, ImmutableHashSet<Guid> networks)
    {
        _addresses = addresses;
        Networks = networks;
    }

    /// <summary>RDIDs of the networks of which a port is on the host.</summary>
    public ImmutableHashSet<Guid> Networks { get; }

    public int Count => _addresses.Count;

    public PolicyDigest Digest => _addresses.Digest;

    public IEnumerable<PolicyItem> Items => _addresses.Items;

    internal IEnumerable<string> Keys => _addresses.Keys;

    public PolicyItem? Find(string key) => _addresses.Find(key);

    internal static HostPolicy Of(Host host, ImmutableHashSet<Guid> networks) =>
        new(ItemSet<ProviderAddressItem>.Of(host.ProviderAddresses.Select(static (a, i) => new ProviderAddressItem(a, i)).DistinctBy(static i => i.Key)), networks);

    internal HostPolicy With(ImmutableHashSet<Guid> networks) => new(_addresses, networks);
}

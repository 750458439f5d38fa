using System.Collections.Immutable;
using Hnv.Api.Stream;
using Hnv.Model.Resources;

namespace Hnv.Policy;

/// <summary>A host's own scope, and the networks that are present on it; immutable.</summary>
public sealed class HostPolicy : IHostContent
{
    private readonly ItemSet<PolicyItem> _own;

    private HostPolicy(ItemSet<PolicyItem> own, ImmutableHashSet<Guid> networks)
    {
        _own = own;
        Networks = networks;
    }

    /// <summary>RDIDs of the networks of which a port is on the host.</summary>
    public ImmutableHashSet<Guid> Networks { get; }

    public int Count => _own.Count;

    public PolicyDigest Digest => _own.Digest;

    public IEnumerable<PolicyItem> Items => _own.Items;

    internal IEnumerable<string> Keys => _own.Keys;

    public PolicyItem? Find(string key) => _own.Find(key);

    internal static HostPolicy Of(Host host, ImmutableHashSet<Guid> networks) =>
        new(ItemSet<PolicyItem>.Of(PolicyItems.OfHost(host).DistinctBy(static i => i.Key)), networks);

    internal HostPolicy With(ImmutableHashSet<Guid> networks) => new(_own, networks);
}

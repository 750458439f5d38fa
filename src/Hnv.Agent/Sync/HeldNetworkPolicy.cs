using System.Collections.Immutable;
using Hnv.Api.Stream;
using Hnv.Model.Resources;

namespace Hnv.Agent.Sync;

/// <summary>
/// What this host knows of one network: an immutable value, so that the cache can write it while the next change is applied.
/// </summary>
/// <param name="Network">Routing domain identifier; <see cref="HostScope.Id"/> for what concerns the host itself.</param>
/// <param name="Tenant">Owner, for people.</param>
/// <param name="Name">Name, for people.</param>
/// <param name="Encapsulation">On the provider network.</param>
/// <param name="Revision">The content is that of this revision.</param>
/// <param name="Digest">Of the content; verified against the sender's.</param>
/// <param name="Items">By <see cref="PolicyItem.Key"/>.</param>
internal sealed record HeldNetworkPolicy(
    Guid Network,
    string Tenant,
    string Name,
    Encapsulation Encapsulation,
    long Revision,
    PolicyDigest Digest,
    ImmutableDictionary<string, PolicyItem> Items)
{
    /// <summary>A network of which nothing is known yet.</summary>
    public static HeldNetworkPolicy Empty(Guid network, string tenant, string name, Encapsulation encapsulation) =>
        new(network, tenant, name, encapsulation, 0, default, ImmutableDictionary<string, PolicyItem>.Empty.WithComparers(StringComparer.Ordinal));

    /// <summary>For messages to people.</summary>
    public string Title => Network == HostScope.Id ? "the host's own scope" : $"{Tenant}/{Name}";
}

using System.Collections.Immutable;
using System.Net;

namespace Hnv.Model.Resources;

/// <summary>A machine that runs the agent.</summary>
public sealed record Host : Resource
{
    /// <summary>Its addresses on the provider network, the preferred one first.</summary>
    public ImmutableArray<IPAddress> ProviderAddresses { get; init; } = [];

    public override ResourceId Id => new(ResourceKind.Host, null, Name);

    public bool Equals(Host? other) => base.Equals(other) && Sequences.Equal(ProviderAddresses, other!.ProviderAddresses);

    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Sequences.Hash(ProviderAddresses));
}

using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Hnv.Model.Resources;

/// <summary>A machine that runs the agent.</summary>
public sealed record Host : Resource
{
    /// <summary>Its addresses on the provider network, of both families; of each the preferred one first.</summary>
    public ImmutableArray<IPAddress> ProviderAddresses { get; init; } = [];

    /// <summary>What is said of some of them.</summary>
    public ImmutableArray<ProviderAddressTerms> ProviderAddressTerms { get; init; } = [];

    /// <summary>How it reaches the rest of the provider network, beyond what its own routing table says.</summary>
    public ImmutableArray<ProviderRoute> ProviderRoutes { get; init; } = [];

    /// <summary>
    /// The family over which the host speaks to all that have it: IPv4 if the host has an address of it. Two hosts use IPv4 where both have it, else
    /// IPv6, whatever the order of their addresses; so each expects the other's packets from the address that it sends to.
    /// </summary>
    public AddressFamily Family => ProviderAddresses.IsEmpty || ProviderAddresses.Any(static a => a.AddressFamily == AddressFamily.InterNetwork)
        ? AddressFamily.InterNetwork
        : AddressFamily.InterNetworkV6;

    /// <summary>Where hosts of a <see cref="Family"/> reach this one; of the other family where there is none of theirs. Null without any.</summary>
    public IPAddress? AddressFor(AddressFamily family) =>
        ProviderAddresses.FirstOrDefault(a => a.AddressFamily == family) ?? ProviderAddresses.FirstOrDefault();

    /// <summary>What is said of an address; null if nothing.</summary>
    public ProviderAddressTerms? TermsOf(IPAddress address) => ProviderAddressTerms.FirstOrDefault(t => t.Address.Equals(address));

    public override ResourceId Id => new(ResourceKind.Host, null, Name);

    public bool Equals(Host? other) =>
        base.Equals(other) && Sequences.Equal(ProviderAddresses, other!.ProviderAddresses)
        && Sequences.Equal(ProviderAddressTerms, other.ProviderAddressTerms) && Sequences.Equal(ProviderRoutes, other.ProviderRoutes);

    public override int GetHashCode() => HashCode.Combine(
        base.GetHashCode(), Sequences.Hash(ProviderAddresses), Sequences.Hash(ProviderAddressTerms), Sequences.Hash(ProviderRoutes));
}

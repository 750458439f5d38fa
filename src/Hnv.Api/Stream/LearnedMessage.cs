using System.Collections.Immutable;
using System.Net;
using Hnv.Api.Reports;
using Hnv.Model.Addressing;

namespace Hnv.Api.Stream;

/// <summary>
/// Addresses that VMs of one host were heard to have, for the other hosts of a network. Not part of the network's items and digest: a
/// controller knows only what hosts have told it since it started, and what it does not say erases nothing.
/// </summary>
/// <param name="Network">The network, attached before.</param>
/// <param name="ProviderAddress">Of the host that all of this is about.</param>
/// <param name="Put">Who has which address now.</param>
/// <param name="Delete">Addresses that host does not have any more. Of one address the deletion comes before what follows it.</param>
/// <param name="Section">Whether this is a part of everything there is to know of that host.</param>
public sealed record LearnedMessage(
    Guid Network, IPAddress ProviderAddress, ImmutableArray<LearnedAddress> Put, ImmutableArray<LearnedDeletion> Delete, LearnedSection Section = LearnedSection.None)
    : PolicyMessage
{
    /// <summary>The address of the same host for those that have IPv6 only; null where it is <see cref="ProviderAddress"/>.</summary>
    public IPAddress? ProviderAddress6 { get; init; }

    /// <summary>Entries in one message at most.</summary>
    public const int MaxEntries = 500;
}

/// <summary>What a <see cref="LearnedMessage"/> says of the host it is about beyond its entries.</summary>
public enum LearnedSection
{
    /// <summary>Changes.</summary>
    None,

    /// <summary>A part of the whole; more follows.</summary>
    Part,

    /// <summary>The last part: whatever else is held of that host in this network is gone.</summary>
    Complete,
}

/// <summary>A customer address and its holder.</summary>
/// <param name="Source">How its host learned it.</param>
/// <param name="Epoch">With <paramref name="Counter"/> its version: the higher wins.</param>
/// <param name="Port">TENANT/PORT where the receiver has that port now, and did not learn the address itself: the port moved there.</param>
public sealed record LearnedAddress(uint Vsid, IPAddress Address, MacAddress Mac, AddressSource Source, uint Epoch, uint Counter, string? Port = null);

/// <summary>The address is not held any more; whoever knows of a higher version of it knows better.</summary>
public sealed record LearnedDeletion(uint Vsid, IPAddress Address, uint Epoch, uint Counter);

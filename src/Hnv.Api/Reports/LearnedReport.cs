using System.Collections.Immutable;
using System.Net;
using Hnv.Api.Rest;
using Hnv.Api.Stream;
using Hnv.Model.Addressing;

namespace Hnv.Api.Reports;

/// <summary>
/// What a host's VMs were heard to have: body of <c>POST /api/v1/hosts/H/learned</c>. Numbered, so that nothing is lost or taken twice:
/// one that was taken before changes nothing, one after a gap is answered with 409, and the host begins anew.
/// </summary>
/// <param name="Protocol">The sender's protocol version.</param>
/// <param name="Epoch">Identifies one run of the agent; later runs have greater values (nanoseconds since 1970 at its start).</param>
/// <param name="Sequence">Counts the reports of the run from 1.</param>
/// <param name="Begins">The host begins anew, whatever the controller heard before: the first report of a connection, and after 409.</param>
/// <param name="Networks">At most one batch a network.</param>
/// <param name="Events">What happened on the host; repeated reports do not repeat them.</param>
public sealed record LearnedReport(
    int Protocol, long Epoch, long Sequence, bool Begins, ImmutableArray<LearnedBatch> Networks, ImmutableArray<HostRecordEvent> Events)
{
    /// <summary>Puts and deletes in one report at most.</summary>
    public const int MaxEntries = 20_000;

    /// <summary>Events in one report at most.</summary>
    public const int MaxEvents = 5_000;

    /// <summary>Longest body, bytes.</summary>
    public const int MaxBytes = 16 << 20;
}

/// <summary>What changed in one network, or all of it.</summary>
/// <param name="Section">
/// <see cref="LearnedSection.None"/>: changes. Otherwise a part of all that the host holds there; with the last one, what it did not
/// name is gone.
/// </param>
public sealed record LearnedBatch(Guid Network, ImmutableArray<LearnedClaim> Put, ImmutableArray<LearnedDeletion> Delete, LearnedSection Section = LearnedSection.None);

/// <summary>An address that a port of the host holds.</summary>
/// <param name="Port">TENANT/PORT.</param>
/// <param name="LearnedAt">Since when, by the host's clock; decides between two claims of one version.</param>
/// <param name="Unusable">Another one wants it, and the holder has not answered yet.</param>
public sealed record LearnedClaim(
    uint Vsid, IPAddress Address, MacAddress Mac, string Port, AddressSource Source, DateTimeOffset LearnedAt, uint Epoch, uint Counter, bool Unusable = false);

/// <summary>How an address was learned.</summary>
public enum AddressSource
{
    /// <summary>ARP with a sender address, gratuitous ARP included.</summary>
    Arp,

    /// <summary>Neighbour solicitation or advertisement.</summary>
    Nd,

    /// <summary>Duplicate address detection.</summary>
    Slaac,

    /// <summary>DHCPACK.</summary>
    Dhcp,

    /// <summary>DHCPv6 reply.</summary>
    Dhcpv6,
}

/// <summary>The controller's word on a report: what is not named here was taken, and all hosts of the network hear of it.</summary>
/// <param name="Refused">What the host may not say, and why.</param>
/// <param name="Lost">What another host holds with a better right: the host forgets its own and takes the winner's.</param>
public sealed record LearnedAnswer(ImmutableArray<LearnedRefusal> Refused, ImmutableArray<LearnedConflict> Lost);

/// <summary>An entry that was not taken.</summary>
public sealed record LearnedRefusal(Guid Network, uint Vsid, IPAddress Address, string Reason);

/// <summary>An address that two hosts claim, and its winner.</summary>
/// <param name="Host">The winner's host.</param>
/// <param name="ProviderAddress">Of that host; null while it has none.</param>
/// <param name="Winner">The winning entry.</param>
public sealed record LearnedConflict(Guid Network, string Host, IPAddress? ProviderAddress, LearnedAddress Winner)
{
    /// <inheritdoc cref="LearnedMessage.ProviderAddress6"/>
    public IPAddress? ProviderAddress6 { get; init; }
}

/// <summary>Something that happened to an address on a host.</summary>
/// <param name="Event">All but <see cref="RecordEventKind.MarkedSynchronized"/> and <see cref="RecordEventKind.ConflictLost"/>, which the controller makes.</param>
/// <param name="Port">TENANT/PORT of that host.</param>
/// <param name="Note">In words for people.</param>
public sealed record HostRecordEvent(
    DateTimeOffset Time, RecordEventKind Event, uint Vsid, IPAddress? Address, MacAddress? Mac, string Port, AddressSource? Source, string? Note = null);

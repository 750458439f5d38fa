using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Hnv.Model.Resources;

namespace Hnv.Api.Stream;

/// <summary>
/// A line of the stream <c>GET /api/v1/hosts/H/policy</c>: what host H must know, computed for it.
/// <code>
///   hello                          first line, always
///   attach N                       network N is present on the host from now on
///     current N revision digest      the host already has it (its digest matched), or
///     snapshot N … items N …* … end N  its whole content, in chunks; the receiver diffs, nothing is flushed
///   delta N                        what changed in it since
///   detach N                       no port of it is left here
///   bookmark R                     everything up to revision R was sent
///   learned N                      addresses that VMs of other hosts were heard to have (from protocol 2 on)
///   query I                        a question to the host; the answer goes to POST /api/v1/hosts/H/answers/I
/// </code>
/// The host's own scope (its provider addresses) travels as the network <see cref="HostScope.Id"/>.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(HelloMessage), "hello")]
[JsonDerivedType(typeof(AttachMessage), "attach")]
[JsonDerivedType(typeof(CurrentMessage), "current")]
[JsonDerivedType(typeof(SnapshotMessage), "snapshot")]
[JsonDerivedType(typeof(ItemsMessage), "items")]
[JsonDerivedType(typeof(SnapshotEndMessage), "end")]
[JsonDerivedType(typeof(DeltaMessage), "delta")]
[JsonDerivedType(typeof(DetachMessage), "detach")]
[JsonDerivedType(typeof(BookmarkMessage), "bookmark")]
[JsonDerivedType(typeof(QueryMessage), "query")]
[JsonDerivedType(typeof(LearnedMessage), "learned")]
public abstract record PolicyMessage;

/// <summary>The pseudo-network that carries what concerns the host itself.</summary>
public static class HostScope
{
    /// <summary>All zeros: no routing domain has this identifier.</summary>
    public static readonly Guid Id = Guid.Empty;
}

/// <summary>Opens the stream. An agent that does not speak <paramref name="Protocol"/> refuses, says so and keeps forwarding.</summary>
public sealed record HelloMessage(int Protocol, string Controller, long Revision) : PolicyMessage;

/// <summary>The network is present on the host from now on.</summary>
public sealed record AttachMessage(Guid Network, string Tenant, string Name, Encapsulation Encapsulation) : PolicyMessage;

/// <summary>What the host said it has is up to date.</summary>
public sealed record CurrentMessage(Guid Network, long Revision, string Digest) : PolicyMessage;

/// <summary>Begins the whole content of a network; chunks follow, then the end.</summary>
public sealed record SnapshotMessage(Guid Network, long Revision) : PolicyMessage;

/// <summary>A chunk of at most <see cref="PolicyProtocol.MaxItems"/> items of the snapshot that is open for the network.</summary>
public sealed record ItemsMessage(Guid Network, ImmutableArray<PolicyItem> Items) : PolicyMessage;

/// <summary>Ends the snapshot: number of items, and digest of the content (<see cref="PolicyDigest"/>).</summary>
public sealed record SnapshotEndMessage(Guid Network, long Revision, int Count, string Digest) : PolicyMessage;

/// <summary>
/// Changes since the last message for the network: items to put, keys to delete. <paramref name="Digest"/> is that of the content
/// afterwards; a receiver whose own differs reconnects without claiming the network, and gets a snapshot.
/// </summary>
public sealed record DeltaMessage(Guid Network, long Revision, ImmutableArray<PolicyItem> Put, ImmutableArray<string> Delete, string Digest)
    : PolicyMessage;

/// <summary>No port of the network is left on the host.</summary>
public sealed record DetachMessage(Guid Network) : PolicyMessage;

/// <summary>Everything up to this revision was sent. Also sent every few seconds when idle, as a sign of life.</summary>
public sealed record BookmarkMessage(long Revision) : PolicyMessage;

/// <summary>
/// A question of an administrator that only the host can answer, from its kernel. Hosts accept no connections; so the question comes
/// down the stream they opened, and the answer (a JSON document, or problem details) is posted back within
/// <see cref="PolicyProtocol.QueryTimeout"/>.
/// </summary>
/// <param name="Id">Identifies the answer.</param>
/// <param name="Query">One of <see cref="HostQueries"/>.</param>
/// <param name="Arguments">What the query takes, by name.</param>
public sealed record QueryMessage(string Id, string Query, ImmutableDictionary<string, string>? Arguments = null) : PolicyMessage;

/// <summary>Questions a host answers from its kernel.</summary>
public static class HostQueries
{
    /// <summary>Lookup records in the maps.</summary>
    public const string Records = "records";

    /// <summary>Customer routes in the maps.</summary>
    public const string Routes = "routes";

    /// <summary>Bound ports, with interface and state.</summary>
    public const string Ports = "ports";

    /// <summary>Counters by port and verdict.</summary>
    public const string Verdicts = "verdicts";

    /// <summary>Packets and bytes by port.</summary>
    public const string Traffic = "traffic";

    /// <summary>
    /// What a port had counted on the host that it left: argument <see cref="CarriedCounters"/>, a <see cref="Reports.PortCounters"/>. The
    /// controller's own; answered when it is kept.
    /// </summary>
    public const string Carry = "carry";

    /// <summary>Argument of <see cref="Carry"/>, JSON.</summary>
    public const string CarriedCounters = "counters";

    /// <summary>Map fill levels, program and kernel facts.</summary>
    public const string Status = "status";
}

/// <summary>Versions and limits of the stream.</summary>
public static class PolicyProtocol
{
    /// <summary>The version this build speaks; it also understands the one before.</summary>
    public const int Version = 3;

    /// <summary>The oldest version that is understood. A controller refuses an agent of an older one at once, and an agent such a controller.</summary>
    public const int Oldest = Version - 1;

    /// <summary>The first version with <see cref="ProviderRouteItem"/>, and with what <see cref="ProviderAddressItem"/> says beyond address and preference.</summary>
    public const int ProviderRoutes = 3;

    /// <summary>The first version with <see cref="SubnetItem.OwnRoutes"/> and <see cref="RouteItem.OfSubnet"/>.</summary>
    public const int ExternalRouter = 3;

    /// <summary>How long a host may take to answer a <see cref="QueryMessage"/>.</summary>
    public static readonly TimeSpan QueryTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Items in one <see cref="ItemsMessage"/> at most.</summary>
    public const int MaxItems = 500;

    /// <summary>Content type of the stream: one JSON object a line.</summary>
    public const string ContentType = "application/jsonl";
}

using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Hnv.Model.Addressing;

namespace Hnv.Model.Resources;

/// <summary>One broadcast domain, owned by its VM network.</summary>
public sealed record VirtualSubnet
{
    /// <summary>24 bits, unique in the cloud; see <see cref="VirtualSubnetId"/>.</summary>
    public required uint Vsid { get; init; }

    public string? Name { get; init; }

    /// <summary>At most one IPv4 and one IPv6 prefix, at least one of them.</summary>
    public ImmutableArray<IPNetwork> Prefixes { get; init; } = [];

    /// <summary>
    /// The distributed gateway's addresses where they are not the first host address of the prefix (network + 1); at most one a family.
    /// See <see cref="SubnetAddressing.GatewayOf(VirtualSubnet, IPNetwork)"/>.
    /// </summary>
    public ImmutableArray<IPAddress> Gateways { get; init; } = [];

    /// <summary>Of the ports that say nothing else.</summary>
    public LearningMode Learning { get; init; }

    public FloodingMode Flooding { get; init; }

    /// <summary>Group of the provider network that floods go to; with <see cref="FloodingMode.Multicast"/> only. Subnets may share one.</summary>
    public IPAddress? MulticastGroup { get; init; }

    /// <summary>Seconds without a proof after which a learned address is forgotten.</summary>
    public uint LearningAge { get; init; } = DefaultLearningAge;

    /// <summary>As written; null: see <see cref="EffectiveRouterAdvertisements"/>.</summary>
    public RouterAdvertisementMode? RouterAdvertisements { get; init; }

    /// <summary>Addresses for ports without their own.</summary>
    public AddressPool? Pool { get; init; }

    /// <summary>
    /// Begins the version of what is learned from now on; it never falls. Kept by the cloud, not written: see <see cref="Forget"/>.
    /// </summary>
    public uint LearningEpoch { get; init; }

    /// <summary>What was learned in earlier epochs and is forgotten, oldest first. Kept by the cloud, not written.</summary>
    public ImmutableArray<Forgotten> Forgotten { get; init; } = [];

    /// <summary>Seconds of <see cref="LearningAge"/> when nothing is said.</summary>
    public const uint DefaultLearningAge = 1200;

    /// <summary>
    /// What holds when nothing is said: <c>managed</c> where the pool has IPv6 addresses, <c>slaac</c> in a learning subnet with an IPv6
    /// prefix of 64 bits (RFC 4862 needs them), else <c>off</c>.
    /// </summary>
    public RouterAdvertisementMode EffectiveRouterAdvertisements =>
        RouterAdvertisements
        ?? (Pool?.Range6 is not null ? RouterAdvertisementMode.Managed
            : Learning == LearningMode.Dynamic && SubnetAddressing.PrefixOf(this, AddressFamily.InterNetworkV6) is { PrefixLength: 64 }
                ? RouterAdvertisementMode.Slaac
            : RouterAdvertisementMode.Off);

    /// <summary>
    /// The subnet in its next epoch, with what was learned before forgotten: of an address, of a port, or everything. Of more than
    /// <see cref="ModelLimits.ForgottenPerSubnet"/> the oldest are not remembered.
    /// </summary>
    /// <param name="port">TENANT/PORT.</param>
    /// <param name="by">Who says so.</param>
    /// <param name="known">The latest epoch that is known of what was learned: later than the subnet's own where the cloud was restored from a backup.</param>
    public VirtualSubnet Forget(IPAddress? address, string? port, string by, uint known = 0)
    {
        uint epoch = Math.Min(Math.Max(LearningEpoch, known), uint.MaxValue - 1) + 1;
        IEnumerable<Forgotten> kept = Forgotten.Where(f => (address is not null && !address.Equals(f.Address)) || (port is not null && port != f.Port));
        return this with { LearningEpoch = epoch, Forgotten = [.. kept.TakeLast(ModelLimits.ForgottenPerSubnet - 1), new Forgotten(epoch, address, port, by)] };
    }

    public bool Equals(VirtualSubnet? other) =>
        other is not null && Vsid == other.Vsid && Name == other.Name
        && Sequences.Equal(Prefixes, other.Prefixes) && Sequences.Equal(Gateways, other.Gateways)
        && Learning == other.Learning && Flooding == other.Flooding && Equals(MulticastGroup, other.MulticastGroup)
        && LearningAge == other.LearningAge && RouterAdvertisements == other.RouterAdvertisements && Pool == other.Pool
        && LearningEpoch == other.LearningEpoch && Sequences.Equal(Forgotten, other.Forgotten);

    public override int GetHashCode() => HashCode.Combine(
        HashCode.Combine(Vsid, Name, Sequences.Hash(Prefixes), Sequences.Hash(Gateways)),
        Learning, Flooding, MulticastGroup, LearningAge, RouterAdvertisements, Pool, LearningEpoch);
}

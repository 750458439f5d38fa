using System.Collections.Immutable;
using System.Net;
using System.Text.Json.Serialization;
using Hnv.Model.Resources;

namespace Hnv.Api.Stream;

/// <summary>A virtual subnet of the network, with the addresses of its distributed gateway (null without a prefix of the family).</summary>
public sealed record SubnetItem(uint Vsid, string? Name, IPNetwork? Prefix4, IPNetwork? Prefix6, IPAddress? Gateway4, IPAddress? Gateway6)
    : PolicyItem
{
    public override string Key => $"subnet/{Vsid}";

    /// <summary>Whether only the routes that are <see cref="RouteItem.OfSubnet"/> count here.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool OwnRoutes { get; init; }

    /// <summary>Of the ports that say nothing else; what holds at a port is <see cref="PortItem.LearnLimit"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public LearningMode Learning { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public FloodingMode Flooding { get; init; }

    /// <summary>Provider group that floods go to; with <see cref="FloodingMode.Multicast"/> only.</summary>
    public IPAddress? MulticastGroup { get; init; }

    /// <summary>Seconds without a proof after which something learned is forgotten; null: <see cref="VirtualSubnet.DefaultLearningAge"/>.</summary>
    public uint? LearningAge { get; init; }

    /// <summary>Of what is learned from now on; a higher one wins over all that was learned before.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public uint LearningEpoch { get; init; }

    /// <summary>What was learned before and must be proved anew; null for nothing.</summary>
    public ForgottenItems? Forgotten { get; init; }

    /// <summary>What the distributed gateway advertises.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public RouterAdvertisementMode RouterAdvertisements { get; init; }

    /// <summary>What VMs are told with an address from the pool; null without a pool.</summary>
    public PoolItem? Pool { get; init; }
}

/// <summary>What is forgotten of a subnet.</summary>
public sealed record ForgottenItems(ImmutableArray<ForgottenItem> Entries)
{
    public bool Equals(ForgottenItems? other) => other is not null && Entries.AsSpan().SequenceEqual(other.Entries.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Entries.Length, Entries.LastOrDefault());
}

/// <summary>What was learned in an epoch before this one is not so any more.</summary>
/// <param name="Address">Only of this address; null: of any.</param>
/// <param name="Port">TENANT/PORT: only what that port holds; null: any.</param>
public sealed record ForgottenItem(uint Epoch, IPAddress? Address, string? Port);

/// <summary>What a host's responder tells VMs with an address from their subnet's pool. The addresses themselves are at the ports.</summary>
/// <param name="Gateway">Whether the distributed gateway is their router.</param>
/// <param name="Dns">Servers of both families.</param>
/// <param name="Routes">Classless routes (option 121).</param>
/// <param name="Mtu">Option 26, and the MTU option of router advertisements; null: the host says what the tunnel leaves, where that is less than 1500.</param>
/// <param name="Domain">DNS domain; null: nothing is said.</param>
/// <param name="LeaseSeconds">After which the VM asks again.</param>
public sealed record PoolItem(bool Gateway, ImmutableArray<IPAddress> Dns, ImmutableArray<PoolRoute> Routes, uint? Mtu, string? Domain, uint LeaseSeconds)
{
    public bool Equals(PoolItem? other) =>
        other is not null && Gateway == other.Gateway && Mtu == other.Mtu && Domain == other.Domain && LeaseSeconds == other.LeaseSeconds
        && Dns.AsSpan().SequenceEqual(other.Dns.AsSpan()) && Routes.AsSpan().SequenceEqual(other.Routes.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Gateway, Dns.Length, Routes.Length, Mtu, Domain, LeaseSeconds);
}

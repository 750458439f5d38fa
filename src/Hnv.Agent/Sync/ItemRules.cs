using System.Net;
using System.Net.Sockets;
using Hnv.Api.Stream;
using Hnv.Model;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Agent.Sync;

/// <summary>What an item must fulfil to be taken at all: the kernel's maps and commands are fed from it.</summary>
internal static class ItemRules
{
    /// <exception cref="PolicyViolationException">The item is of an unknown kind, in the wrong scope, or holds a value out of range.</exception>
    public static void Check(Guid network, PolicyItem? item)
    {
        if (item is null)
        {
            throw new PolicyViolationException("an item is null");
        }

        if (item is ProviderAddressItem or ProviderRouteItem != (network == HostScope.Id))
        {
            throw new PolicyViolationException($"'{item.Key}' does not belong into the scope it came in");
        }

        string? wrong = item switch
        {
            ProviderAddressItem p => Provider(p.Address) ?? Uplink(p.Uplink),
            ProviderRouteItem r => (r.NextHop is { } hop && hop.AddressFamily != r.Prefix.BaseAddress.AddressFamily ? $"next hop {hop} is of the other family" : null)
                ?? (r.Metric > ModelLimits.ProviderRouteMetric ? $"{r.Metric} is not a metric" : null) ?? Uplink(r.Uplink),
            SubnetItem s => Vsid(s.Vsid) ?? Pair(s.Prefix4, s.Gateway4, AddressFamily.InterNetwork) ?? Pair(s.Prefix6, s.Gateway6, AddressFamily.InterNetworkV6)
                ?? Learning(s) ?? Pool(s.Pool),
            RouteItem r => Vsid(r.Vsid) ?? Hop(r),
            RecordItem r => Vsid(r.Vsid) ?? Customer(r.CustomerAddress) ?? Mac(r.Mac) ?? (r.ProviderAddress is { } pa ? Provider(pa) : null)
                ?? (Enum.IsDefined(r.Type) ? null : "its type is not known to this agent"),
            PortItem p => Vsid(p.Vsid) ?? Mac(p.Mac) ?? (p.Number == 0 ? "its number is 0" : null) ?? (p.Name.Length == 0 ? "it has no name" : null)
                ?? (AgentOptions.IsInterfaceName(p.Interface) ? null : "its interface cannot be a name")
                ?? (p.LearnLimit > ModelLimits.DynamicAddresses ? $"{p.LearnLimit} addresses are more than a port may learn" : null)
                ?? ((p.LearnSources & ~LearningSources.All) != LearningSources.None ? "a source that it learns from is not known to this agent" : null)
                ?? Lease(p.Lease4, AddressFamily.InterNetwork) ?? Lease(p.Lease6, AddressFamily.InterNetworkV6),
            MemberItem m => Vsid(m.Vsid) ?? Mac(m.Mac) ?? (m.ProviderAddress is { } pa ? Provider(pa) : null) ?? (m.Port.Length == 0 ? "it has no port" : null),
            MoveItem m => Vsid(m.Vsid) ?? Mac(m.Mac) ?? Provider(m.To) ?? (m.From is { } from ? Provider(from) : null) ?? (m.Port.Length == 0 ? "it has no port" : null)
                ?? (m.To.Equals(m.From) ? "it leads to where it comes from" : null),
            PeerItem p => Provider(p.ProviderAddress) ?? (Enum.IsDefined(p.FlowId) ? null : "its FlowID mode is not known to this agent"),
            _ => "its kind is not known to this agent",
        };
        if (wrong is not null)
        {
            throw new PolicyViolationException($"'{item.Key}' is refused: {wrong}");
        }
    }

    /// <exception cref="PolicyViolationException">A value is out of range.</exception>
    public static void Check(LearnedMessage message)
    {
        string? wrong = message.Put.IsDefault || message.Delete.IsDefault ? "a list is missing"
            : message.Put.Length + message.Delete.Length > LearnedMessage.MaxEntries ? $"it has more than {LearnedMessage.MaxEntries} entries"
            : !Enum.IsDefined(message.Section) ? "its section is not known to this agent"
            : Provider(message.ProviderAddress) ?? (message.ProviderAddress6 is { } six ? Provider(six) : null)
                ?? message.Put.Select(static p => p is null ? "an entry is null"
                    : Vsid(p.Vsid) ?? Customer(p.Address) ?? Mac(p.Mac)
                        ?? (Enum.IsDefined(p.Source) ? null : $"how {p.Address} was learned is not known to this agent")).FirstOrDefault(static w => w is not null)
                ?? message.Delete.Select(static d => d is null ? "a deletion is null" : Vsid(d.Vsid) ?? Customer(d.Address)).FirstOrDefault(static w => w is not null);
        if (wrong is not null)
        {
            throw new PolicyViolationException($"what is learned of network {message.Network} is refused: {wrong}");
        }
    }

    private static string? Uplink(string? name) => name is null || AgentOptions.IsInterfaceName(name) ? null : "its uplink cannot be a name";

    private static string? Vsid(uint vsid) => VirtualSubnetId.IsValid(vsid) ? null : $"{vsid} is not a virtual subnet identifier";

    private static string? Mac(MacAddress mac) =>
        mac.Value >> 48 != 0 || mac.IsGroup || mac.Value == 0 ? $"{mac} is not the address of an adapter" : null;

    private static string? Customer(IPAddress address) =>
        address.IsIPv4MappedToIPv6 || address.ScopeIdOrZero() != 0 ? $"{address} is not a customer address" : null;

    private static string? Provider(IPAddress address) =>
        address.IsUnspecified()
        || (address.AddressFamily == AddressFamily.InterNetwork
            ? address.GetAddressBytes()[0] >= 224
            : address.IsIPv4MappedToIPv6 || address.IsIPv6Multicast || address.IsIPv6LinkLocal || address.ScopeId != 0)
            ? $"{address} is not a provider address"
            : null;

    private static bool IsGroup(IPAddress group) => group.AddressFamily == AddressFamily.InterNetwork
        ? group.GetAddressBytes()[0] is >= 224 and <= 239
        : group.IsIPv6Multicast && group.ScopeId == 0;

    private static string? Pair(IPNetwork? prefix, IPAddress? gateway, AddressFamily family)
    {
        if (prefix is { } p && p.BaseAddress.AddressFamily != family)
        {
            return $"{p} is of the other family";
        }

        if (gateway is null)
        {
            return null;
        }

        return gateway.AddressFamily != family || gateway.IsIPv4MappedToIPv6 ? $"gateway {gateway} is of the other family"
            : prefix is { } within && !within.Contains(gateway) ? $"gateway {gateway} is outside of {within}"
            : prefix is null ? $"gateway {gateway} has no prefix"
            : null;
    }

    private static string? Learning(SubnetItem s) =>
        !Enum.IsDefined(s.Learning) || !Enum.IsDefined(s.Flooding) || !Enum.IsDefined(s.RouterAdvertisements) ? "a mode of it is not known to this agent"
        : (s.Flooding == FloodingMode.Multicast) != (s.MulticastGroup is not null) ? "a multicast group belongs to flooding by multicast"
        : s.MulticastGroup is { } group && !IsGroup(group) ? $"{group} is not a multicast group"
        : s.LearningAge is < ModelLimits.LearningAgeMin or > ModelLimits.LearningAgeMax ? $"{s.LearningAge} s is not a learning age"
        : s.Forgotten is { } f && (f.Entries.IsDefault || f.Entries.Length > ModelLimits.ForgottenPerSubnet) ? "what it has forgotten is not whole, or too much"
        : s.Forgotten?.Entries.Any(e => e is null || e.Epoch > s.LearningEpoch || (e.Address is { } a && Customer(a) is not null)) == true
            ? "what it has forgotten is of a later epoch, or no address"
        : null;

    /// <summary>What goes into answers to VMs: bounded, so that they fit a packet, and of the family that the option is for.</summary>
    private static string? Pool(PoolItem? pool)
    {
        if (pool is null)
        {
            return null;
        }

        return pool.Dns.IsDefault || pool.Routes.IsDefault ? "its pool is not whole"
            : pool.Dns.Length > ModelLimits.DnsServersPerPool || pool.Routes.Length > ModelLimits.RoutesPerPool ? "its pool hands out too much"
            : pool.Mtu is < ModelLimits.PoolMtuMin or > ModelLimits.PoolMtuMax ? $"{pool.Mtu} is not an MTU"
            : pool.Domain is { Length: > ModelLimits.DomainLength or 0 } ? "its domain is not one"
            : pool.LeaseSeconds is < ModelLimits.LeaseSecondsMin or > ModelLimits.LeaseSecondsMax ? $"{pool.LeaseSeconds} s is not the length of a lease"
            : pool.Dns.Any(static a => a is null || Customer(a) is not null) ? "its DNS servers are not addresses"
            : pool.Routes.Any(static r => r?.NextHop is null || r.NextHop.AddressFamily != AddressFamily.InterNetwork
                || r.Prefix.BaseAddress.AddressFamily != AddressFamily.InterNetwork) ? "its routes are not IPv4 routes"
            : null;
    }

    private static string? Lease(IPAddress? address, AddressFamily family) =>
        address is null || (address.AddressFamily == family && Customer(address) is null) ? null : $"lease {address} is of the other family";

    private static string? Hop(RouteItem r)
    {
        if (r.Prefix.BaseAddress.IsIPv4MappedToIPv6)
        {
            return $"{r.Prefix} is an IPv4 prefix in disguise";
        }

        return r.NextHop is { } hop && hop.AddressFamily != r.Prefix.BaseAddress.AddressFamily ? $"next hop {hop} is of the other family" : null;
    }

    private static long ScopeIdOrZero(this IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? address.ScopeId : 0;
}

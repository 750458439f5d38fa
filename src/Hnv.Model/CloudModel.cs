using System.Collections.Immutable;
using System.Net;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Model;

/// <summary>A subnet with the network that owns it.</summary>
public sealed record SubnetRef(VmNetwork Network, VirtualSubnet Subnet);

/// <summary>
/// Everything an operator wrote, as of one revision: an immutable snapshot. A change costs O(log n) and shares the rest with its
/// predecessor. It holds what it is given, valid or not; <see cref="Validation.ModelValidator"/> judges. Enumerations are ordered by
/// tenant and name (ordinal), so that equal models look equal.
/// </summary>
public sealed partial class CloudModel
{
    private readonly ImmutableArray<ImmutableSortedDictionary<ResourceId, Resource>> _byKind;
    private readonly ImmutableDictionary<string, ImmutableSortedDictionary<ResourceId, Resource>> _byTenant;
    private readonly ImmutableDictionary<uint, ImmutableArray<SubnetRef>> _subnets;
    private readonly ImmutableDictionary<Guid, ImmutableArray<VmNetwork>> _networks;
    private readonly ImmutableDictionary<string, ImmutableSortedDictionary<ResourceId, Port>> _portsByHost;
    private readonly ImmutableDictionary<uint, ImmutableSortedDictionary<ResourceId, Port>> _portsByVsid;
    private readonly ImmutableDictionary<(uint Vsid, IPAddress Address), ImmutableArray<Port>> _portsByAddress;
    private readonly ImmutableDictionary<(uint Vsid, MacAddress Mac), ImmutableArray<Port>> _portsByMac;
    private readonly ImmutableDictionary<(string Host, string Interface), ImmutableArray<Port>> _portsByInterface;
    private readonly ImmutableDictionary<uint, ImmutableSortedDictionary<ResourceId, LookupRecord>> _recordsByVsid;
    private readonly ImmutableDictionary<(uint Vsid, IPAddress Address), ImmutableArray<LookupRecord>> _recordsByAddress;
    private readonly ImmutableDictionary<IPAddress, ImmutableSortedDictionary<ResourceId, LookupRecord>> _recordsByProviderAddress;
    private readonly ImmutableDictionary<IPAddress, ImmutableArray<Resource>> _providerAddresses;

    /// <summary>A cloud without anything, at revision 0.</summary>
    public static CloudModel Empty { get; } = new();

    /// <summary>The revision of the state log that this model is as of.</summary>
    public long Revision { get; }

    /// <summary>Number of resources.</summary>
    public int Count => _byKind.Sum(static d => d.Count);

    public IEnumerable<Tenant> Tenants => OfKind<Tenant>(ResourceKind.Tenant);

    public IEnumerable<Host> Hosts => OfKind<Host>(ResourceKind.Host);

    public IEnumerable<ProviderEndpoint> ProviderEndpoints => OfKind<ProviderEndpoint>(ResourceKind.ProviderEndpoint);

    public IEnumerable<VmNetwork> VmNetworks => OfKind<VmNetwork>(ResourceKind.VmNetwork);

    public IEnumerable<Port> Ports => OfKind<Port>(ResourceKind.Port);

    /// <summary>All resources: by kind, tenant and name.</summary>
    public IEnumerable<Resource> All => _byKind.SelectMany(static d => d.Values);

    /// <summary>The resources of a kind.</summary>
    public IEnumerable<Resource> Of(ResourceKind kind) => _byKind[(int)kind].Values;

    /// <summary>How many resources of a kind there are.</summary>
    public int CountOf(ResourceKind kind) => _byKind[(int)kind].Count;

    /// <summary>What a tenant owns, by kind and name.</summary>
    public IEnumerable<Resource> OfTenant(string tenant) => Group(_byTenant, tenant);

    /// <summary>The resource of that identity, or null.</summary>
    public Resource? Find(ResourceId id) => _byKind[(int)id.Kind].GetValueOrDefault(id);

    /// <summary>The resource of that identity, or null.</summary>
    public T? Find<T>(ResourceId id)
        where T : Resource => Find(id) as T;

    public Tenant? FindTenant(string name) => Find<Tenant>(new ResourceId(ResourceKind.Tenant, null, name));

    public Host? FindHost(string name) => Find<Host>(new ResourceId(ResourceKind.Host, null, name));

    public VmNetwork? FindVmNetwork(string tenant, string name) => Find<VmNetwork>(new ResourceId(ResourceKind.VmNetwork, tenant, name));

    /// <summary>The network of that RDID, or null.</summary>
    public VmNetwork? FindVmNetwork(Guid routingDomainId) => Items(_networks, routingDomainId) is [var first, ..] ? first : null;

    public Port? FindPort(string tenant, string name) => Find<Port>(new ResourceId(ResourceKind.Port, tenant, name));

    /// <summary>The subnet of that VSID with its network, or null.</summary>
    public SubnetRef? FindSubnet(uint vsid) => Items(_subnets, vsid) is [var first, ..] ? first : null;

    /// <summary>The ports that name the host, as theirs or as the one they move to, whether it exists or not.</summary>
    public IEnumerable<Port> PortsOnHost(string host) => Group(_portsByHost, host);

    /// <summary>The ports that name the VSID.</summary>
    public IEnumerable<Port> PortsIn(uint vsid) => Group(_portsByVsid, vsid);

    /// <summary>The ports of a network, subnet by subnet.</summary>
    public IEnumerable<Port> PortsIn(VmNetwork network) =>
        network.Subnets.SelectMany(s => PortsIn(s.Vsid)).Where(p => p.VmNetworkId == network.Id);

    /// <summary>The ports with that customer address, their own or leased; at most one in a valid model.</summary>
    public ImmutableArray<Port> PortsAt(uint vsid, IPAddress customerAddress) => Items(_portsByAddress, (vsid, customerAddress));

    /// <summary>The ports with that MAC address; at most one in a valid model.</summary>
    public ImmutableArray<Port> PortsAt(uint vsid, MacAddress mac) => Items(_portsByMac, (vsid, mac));

    /// <summary>The ports at an interface of a host, or moving there; at most one in a valid model.</summary>
    public ImmutableArray<Port> PortsAt(string host, string interfaceName) => Items(_portsByInterface, (host, interfaceName));

    /// <summary>The explicit records of a subnet.</summary>
    public IEnumerable<LookupRecord> RecordsIn(uint vsid) => Group(_recordsByVsid, vsid);

    /// <summary>The explicit records of a customer address; at most one in a valid model.</summary>
    public ImmutableArray<LookupRecord> RecordsAt(uint vsid, IPAddress customerAddress) => Items(_recordsByAddress, (vsid, customerAddress));

    /// <summary>The explicit records that lead to a provider address.</summary>
    public IEnumerable<LookupRecord> RecordsTo(IPAddress providerAddress) => Group(_recordsByProviderAddress, providerAddress);

    /// <summary>The hosts and endpoints that have a provider address; at most one in a valid model.</summary>
    public ImmutableArray<Resource> OwnersOf(IPAddress providerAddress) => Items(_providerAddresses, providerAddress);

    internal ImmutableArray<SubnetRef> SubnetsOf(uint vsid) => Items(_subnets, vsid);

    internal ImmutableArray<VmNetwork> NetworksOf(Guid routingDomainId) => Items(_networks, routingDomainId);

    private IEnumerable<T> OfKind<T>(ResourceKind kind)
        where T : Resource => _byKind[(int)kind].Values.Cast<T>();

    private static IEnumerable<T> Group<TKey, T>(ImmutableDictionary<TKey, ImmutableSortedDictionary<ResourceId, T>> index, TKey key)
        where TKey : notnull => index.TryGetValue(key, out ImmutableSortedDictionary<ResourceId, T>? group) ? group.Values : [];

    private static ImmutableArray<T> Items<TKey, T>(ImmutableDictionary<TKey, ImmutableArray<T>> index, TKey key)
        where TKey : notnull => index.TryGetValue(key, out ImmutableArray<T> items) ? items : [];
}

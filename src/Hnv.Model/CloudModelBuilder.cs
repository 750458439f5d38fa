using System.Collections.Immutable;
using System.Net;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Model;

// How a model is made from its predecessor: one place that knows every index.
public sealed partial class CloudModel
{
    private CloudModel()
    {
        var empty = ImmutableSortedDictionary.Create<ResourceId, Resource>(ResourceIdComparer.Instance);
        _byKind = [.. Enum.GetValues<ResourceKind>().Select(_ => empty)];
        _byTenant = ImmutableDictionary.Create<string, ImmutableSortedDictionary<ResourceId, Resource>>(StringComparer.Ordinal);
        _subnets = ImmutableDictionary<uint, ImmutableArray<SubnetRef>>.Empty;
        _networks = ImmutableDictionary<Guid, ImmutableArray<VmNetwork>>.Empty;
        _portsByHost = ImmutableDictionary.Create<string, ImmutableSortedDictionary<ResourceId, Port>>(StringComparer.Ordinal);
        _portsByVsid = ImmutableDictionary<uint, ImmutableSortedDictionary<ResourceId, Port>>.Empty;
        _portsByAddress = ImmutableDictionary<(uint, IPAddress), ImmutableArray<Port>>.Empty;
        _portsByMac = ImmutableDictionary<(uint, MacAddress), ImmutableArray<Port>>.Empty;
        _portsByInterface = ImmutableDictionary<(string, string), ImmutableArray<Port>>.Empty;
        _recordsByVsid = ImmutableDictionary<uint, ImmutableSortedDictionary<ResourceId, LookupRecord>>.Empty;
        _recordsByAddress = ImmutableDictionary<(uint, IPAddress), ImmutableArray<LookupRecord>>.Empty;
        _recordsByProviderAddress = ImmutableDictionary<IPAddress, ImmutableSortedDictionary<ResourceId, LookupRecord>>.Empty;
        _providerAddresses = ImmutableDictionary<IPAddress, ImmutableArray<Resource>>.Empty;
    }

    private CloudModel(Builder b)
    {
        Revision = b.Revision;
        _byKind = [.. b.ByKind.Select(static d => d.ToImmutable())];
        _byTenant = b.ByTenant.ToImmutable();
        _subnets = b.Subnets.ToImmutable();
        _networks = b.Networks.ToImmutable();
        _portsByHost = b.PortsByHost.ToImmutable();
        _portsByVsid = b.PortsByVsid.ToImmutable();
        _portsByAddress = b.PortsByAddress.ToImmutable();
        _portsByMac = b.PortsByMac.ToImmutable();
        _portsByInterface = b.PortsByInterface.ToImmutable();
        _recordsByVsid = b.RecordsByVsid.ToImmutable();
        _recordsByAddress = b.RecordsByAddress.ToImmutable();
        _recordsByProviderAddress = b.RecordsByProviderAddress.ToImmutable();
        _providerAddresses = b.ProviderAddresses.ToImmutable();
    }

    /// <summary>This model with the resource added, or in place of the one of its identity.</summary>
    public CloudModel With(Resource resource) => ToBuilder().Put(resource).Build();

    /// <summary>This model without that resource; absent is no error.</summary>
    public CloudModel Without(ResourceId id) => ToBuilder().Remove(id).Build();

    /// <summary>The same at another revision.</summary>
    public CloudModel AtRevision(long revision) => revision == Revision ? this : ToBuilder().At(revision).Build();

    /// <summary>For several changes at once.</summary>
    public Builder ToBuilder() => new(this);

    /// <summary>Collects changes on the way to the next model. Not safe for concurrent use.</summary>
    public sealed class Builder
    {
        internal Builder(CloudModel m)
        {
            Revision = m.Revision;
            ByKind = [.. m._byKind.Select(static d => d.ToBuilder())];
            ByTenant = m._byTenant.ToBuilder();
            Subnets = m._subnets.ToBuilder();
            Networks = m._networks.ToBuilder();
            PortsByHost = m._portsByHost.ToBuilder();
            PortsByVsid = m._portsByVsid.ToBuilder();
            PortsByAddress = m._portsByAddress.ToBuilder();
            PortsByMac = m._portsByMac.ToBuilder();
            PortsByInterface = m._portsByInterface.ToBuilder();
            RecordsByVsid = m._recordsByVsid.ToBuilder();
            RecordsByAddress = m._recordsByAddress.ToBuilder();
            RecordsByProviderAddress = m._recordsByProviderAddress.ToBuilder();
            ProviderAddresses = m._providerAddresses.ToBuilder();
        }

        internal long Revision { get; private set; }

        internal ImmutableArray<ImmutableSortedDictionary<ResourceId, Resource>.Builder> ByKind { get; }

        internal ImmutableDictionary<string, ImmutableSortedDictionary<ResourceId, Resource>>.Builder ByTenant { get; }

        internal ImmutableDictionary<uint, ImmutableArray<SubnetRef>>.Builder Subnets { get; }

        internal ImmutableDictionary<Guid, ImmutableArray<VmNetwork>>.Builder Networks { get; }

        internal ImmutableDictionary<string, ImmutableSortedDictionary<ResourceId, Port>>.Builder PortsByHost { get; }

        internal ImmutableDictionary<uint, ImmutableSortedDictionary<ResourceId, Port>>.Builder PortsByVsid { get; }

        internal ImmutableDictionary<(uint, IPAddress), ImmutableArray<Port>>.Builder PortsByAddress { get; }

        internal ImmutableDictionary<(uint, MacAddress), ImmutableArray<Port>>.Builder PortsByMac { get; }

        internal ImmutableDictionary<(string, string), ImmutableArray<Port>>.Builder PortsByInterface { get; }

        internal ImmutableDictionary<uint, ImmutableSortedDictionary<ResourceId, LookupRecord>>.Builder RecordsByVsid { get; }

        internal ImmutableDictionary<(uint, IPAddress), ImmutableArray<LookupRecord>>.Builder RecordsByAddress { get; }

        internal ImmutableDictionary<IPAddress, ImmutableSortedDictionary<ResourceId, LookupRecord>>.Builder RecordsByProviderAddress { get; }

        internal ImmutableDictionary<IPAddress, ImmutableArray<Resource>>.Builder ProviderAddresses { get; }

        /// <summary>The resource of that identity as it is now, or null.</summary>
        public Resource? Find(ResourceId id) => ByKind[(int)id.Kind].GetValueOrDefault(id);

        /// <summary>The subnet of that VSID as it is now, or null.</summary>
        internal SubnetRef? FindSubnet(uint vsid) => Subnets.TryGetValue(vsid, out ImmutableArray<SubnetRef> found) ? found[0] : null;

        /// <summary>The ports that name the VSID, as they are now.</summary>
        internal IEnumerable<Port> PortsIn(uint vsid) =>
            PortsByVsid.TryGetValue(vsid, out ImmutableSortedDictionary<ResourceId, Port>? ports) ? ports.Values : [];

        /// <summary>Whether a port or an explicit record has the address.</summary>
        internal bool IsTaken(uint vsid, IPAddress address) =>
            PortsByAddress.ContainsKey((vsid, address)) || RecordsByAddress.ContainsKey((vsid, address));

        /// <summary>Sets the revision.</summary>
        public Builder At(long revision)
        {
            Revision = revision;
            return this;
        }

        /// <summary>Adds the resource, or replaces the one of its identity.</summary>
        public Builder Put(Resource resource)
        {
            Remove(resource.Id);
            ByKind[(int)resource.Id.Kind][resource.Id] = resource;
            Visit(resource, add: true);
            return this;
        }

        /// <summary>Takes a resource out; absent is no error.</summary>
        public Builder Remove(ResourceId id)
        {
            if (Find(id) is { } old)
            {
                ByKind[(int)id.Kind].Remove(id);
                Visit(old, add: false);
            }

            return this;
        }

        /// <summary>The model so far.</summary>
        public CloudModel Build() => new(this);

        private void Visit(Resource resource, bool add)
        {
            if (resource is TenantResource { Tenant: var tenant })
            {
                Group(ByTenant, tenant, resource, add);
            }

            switch (resource)
            {
                case Host host:
                    foreach (IPAddress address in host.ProviderAddresses.Distinct())
                    {
                        Item<IPAddress, Resource>(ProviderAddresses, address, host, add);
                    }

                    break;
                case ProviderEndpoint endpoint:
                    Item<IPAddress, Resource>(ProviderAddresses, endpoint.ProviderAddress, endpoint, add);
                    break;
                case VmNetwork network:
                    Visit(network, add);
                    break;
                case Port port:
                    Visit(port, add);
                    break;
                case LookupRecord record:
                    Group(RecordsByVsid, record.Vsid, record, add);
                    Item(RecordsByAddress, (record.Vsid, record.CustomerAddress), record, add);
                    Group(RecordsByProviderAddress, record.ProviderAddress, record, add);
                    break;
            }
        }

        private void Visit(VmNetwork network, bool add)
        {
            if (network.RoutingDomainId != Guid.Empty)
            {
                Item(Networks, network.RoutingDomainId, network, add);
            }

            foreach (VirtualSubnet subnet in network.Subnets.DistinctBy(static s => s.Vsid))
            {
                ImmutableArray<SubnetRef> refs = Subnets.TryGetValue(subnet.Vsid, out ImmutableArray<SubnetRef> found) ? found : [];
                Set(Subnets, subnet.Vsid, add ? refs.Add(new SubnetRef(network, subnet)) : refs.RemoveAll(r => ReferenceEquals(r.Network, network)));
            }
        }

        private void Visit(Port port, bool add)
        {
            foreach ((string host, string? at) in port.Places)
            {
                Group(PortsByHost, host, port, add);
                if (at is { } name)
                {
                    Item(PortsByInterface, (host, name), port, add);
                }
            }

            Group(PortsByVsid, port.Vsid, port, add);
            Item(PortsByMac, (port.Vsid, port.Mac), port, add);
            foreach (IPAddress address in port.AllAddresses.Distinct())
            {
                Item(PortsByAddress, (port.Vsid, address), port, add);
            }
        }

        /// <summary>For keys that many share: a balanced tree under each.</summary>
        private static void Group<TKey, T>(ImmutableDictionary<TKey, ImmutableSortedDictionary<ResourceId, T>>.Builder index, TKey key, T item, bool add)
            where TKey : notnull
            where T : Resource
        {
            ImmutableSortedDictionary<ResourceId, T> group = index.TryGetValue(key, out ImmutableSortedDictionary<ResourceId, T>? found)
                ? found
                : ImmutableSortedDictionary.Create<ResourceId, T>(ResourceIdComparer.Instance);
            group = add ? group.SetItem(item.Id, item) : group.Remove(item.Id);
            if (group.IsEmpty)
            {
                index.Remove(key);
            }
            else
            {
                index[key] = group;
            }
        }

        /// <summary>For keys that one has in a valid model, and a few in one that is being judged.</summary>
        private static void Item<TKey, T>(ImmutableDictionary<TKey, ImmutableArray<T>>.Builder index, TKey key, T item, bool add)
            where TKey : notnull
            where T : Resource
        {
            ImmutableArray<T> items = index.TryGetValue(key, out ImmutableArray<T> found) ? found : [];
            Set(index, key, add ? items.Add(item) : items.RemoveAll(i => ReferenceEquals(i, item)));
        }

        private static void Set<TKey, T>(ImmutableDictionary<TKey, ImmutableArray<T>>.Builder index, TKey key, ImmutableArray<T> items)
            where TKey : notnull
        {
            if (items.IsEmpty)
            {
                index.Remove(key);
            }
            else
            {
                index[key] = items;
            }
        }
    }
}

using System.Net;
using Hnv.Model;
using Hnv.Model.Resources;

namespace Hnv.Policy;

/// <summary>
/// From changed resources to what they touch. Both models are asked: where a thing was has to be looked at as well as where it is.
/// </summary>
internal sealed class DirtyMarker(CloudModel before, CloudModel after)
{
    /// <summary>By RDID.</summary>
    public Dictionary<Guid, DirtyNetwork> Networks { get; } = [];

    /// <summary>Hosts whose own scope may differ.</summary>
    public HashSet<string> Hosts { get; } = new(StringComparer.Ordinal);

    public void Mark(IEnumerable<ResourceId> changed)
    {
        foreach (ResourceId id in changed)
        {
            Resource? old = before.Find(id);
            Resource? now = after.Find(id);
            if (id.Kind == ResourceKind.VmNetwork)
            {
                MarkNetwork(old as VmNetwork, now as VmNetwork);
                continue;
            }

            Mark(before, old);
            Mark(after, now);
        }
    }

    private void Mark(CloudModel model, Resource? resource)
    {
        switch (resource)
        {
            case Port port:
                MarkPort(model, port);
                break;
            case LookupRecord record:
                if (Network(model, record.Vsid) is { } network)
                {
                    network.Records.Add((record.Vsid, record.CustomerAddress));
                    network.ProviderAddresses.Add(record.ProviderAddress);
                }

                break;
            case Host host:
                MarkHost(host);
                break;
            case ProviderEndpoint endpoint:
                MarkUsersOf(endpoint.ProviderAddress);
                break;
        }
    }

    private void MarkNetwork(VmNetwork? old, VmNetwork? now)
    {
        bool same = old is not null && now is not null && old.RoutingDomainId == now.RoutingDomainId
            && old.Subnets.Select(static s => s.Vsid).ToHashSet().SetEquals(now.Subnets.Select(static s => s.Vsid));
        foreach (VmNetwork network in new[] { old, now }.OfType<VmNetwork>())
        {
            DirtyNetwork dirty = Network(network.RoutingDomainId);
            dirty.Itself = true;
            dirty.Rebuild |= !same;
        }

        if (same)
        {
            MarkLearning(old!, now!);
        }
    }

    /// <summary>What a subnet learns and floods decides what its ports are.</summary>
    private void MarkLearning(VmNetwork old, VmNetwork now)
    {
        DirtyNetwork dirty = Network(now.RoutingDomainId);
        foreach (VirtualSubnet subnet in now.Subnets)
        {
            VirtualSubnet was = old.Subnets.First(s => s.Vsid == subnet.Vsid);
            if (was.Learning == subnet.Learning && was.Flooding == subnet.Flooding)
            {
                continue;
            }

            foreach (Port port in after.PortsIn(subnet.Vsid))
            {
                dirty.Ports.Add(port.Id);
                dirty.Members.Add((port.Vsid, port.Mac));
            }
        }
    }

    private void MarkPort(CloudModel model, Port port)
    {
        if (PolicyItems.NetworkOf(model, port) is not { } network)
        {
            return;
        }

        DirtyNetwork dirty = Network(network.RoutingDomainId);
        dirty.Ports.Add(port.Id);
        dirty.Members.Add((port.Vsid, port.Mac));
        foreach (IPAddress address in port.AllAddresses)
        {
            dirty.Records.Add((port.Vsid, address));
        }

        foreach (Host host in port.Places.Select(p => model.FindHost(p.Host)).OfType<Host>())
        {
            dirty.ProviderAddresses.UnionWith(host.ProviderAddresses);
        }
    }

    private void MarkHost(Host host)
    {
        Hosts.Add(host.Name);
        foreach (CloudModel model in (CloudModel[])[before, after])
        {
            foreach (Port port in model.PortsOnHost(host.Name))
            {
                MarkPort(model, port);
                if (PolicyItems.NetworkOf(model, port) is { } network)
                {
                    Network(network.RoutingDomainId).Hosts.Add(host.Name);
                }
            }
        }

        foreach (IPAddress address in host.ProviderAddresses)
        {
            MarkUsersOf(address);
        }
    }

    /// <summary>The networks of which an explicit record leads to that provider address.</summary>
    private void MarkUsersOf(IPAddress providerAddress)
    {
        foreach (CloudModel model in (CloudModel[])[before, after])
        {
            foreach (uint vsid in model.RecordsTo(providerAddress).Select(static r => r.Vsid).Distinct())
            {
                Network(model, vsid)?.ProviderAddresses.Add(providerAddress);
            }
        }
    }

    private DirtyNetwork? Network(CloudModel model, uint vsid) => model.FindSubnet(vsid) is { } s ? Network(s.Network.RoutingDomainId) : null;

    private DirtyNetwork Network(Guid id)
    {
        if (!Networks.TryGetValue(id, out DirtyNetwork? dirty))
        {
            Networks[id] = dirty = new DirtyNetwork();
        }

        return dirty;
    }
}

using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Hnv.Api.Stream;
using Hnv.Model;
using Hnv.Model.Resources;

namespace Hnv.Policy;

/// <summary>
/// What one host must know, computed from nothing: the definition that the incremental <see cref="PolicyEngine"/> is held to.
/// Costs the size of the host's networks; slow and plain on purpose.
/// </summary>
public static class HostPolicyView
{
    /// <summary>
    /// The host's own scope and every network of which a port is on the host; each a set of items by key. Empty for a host that does
    /// not exist.
    /// </summary>
    public static ImmutableDictionary<Guid, ImmutableDictionary<string, PolicyItem>> Compute(PolicyInput input, string hostName)
    {
        CloudModel model = input.Model;
        if (model.FindHost(hostName) is not { } host)
        {
            return ImmutableDictionary<Guid, ImmutableDictionary<string, PolicyItem>>.Empty;
        }

        var views = ImmutableDictionary.CreateBuilder<Guid, ImmutableDictionary<string, PolicyItem>>();
        views[HostScope.Id] = Set(PolicyItems.OfHost(host));
        foreach (VmNetwork network in model.VmNetworks)
        {
            if (PortsOf(model, network).Any(p => IsOn(p, hostName)))
            {
                views[network.RoutingDomainId] = Set(Network(input, network, host));
            }
        }

        return views.ToImmutable();
    }

    private static IEnumerable<PolicyItem> Network(PolicyInput input, VmNetwork network, Host host)
    {
        CloudModel model = input.Model;
        AddressFamily family = host.Family;
        foreach (PolicyItem item in PolicyItems.OfNetwork(network).Values)
        {
            yield return item;
        }

        foreach (EffectiveRecord record in network.Subnets.SelectMany(s => RecordPrecedence.EffectiveIn(model, s.Vsid)))
        {
            yield return PolicyItems.Record(model, record, family);
        }

        foreach (MemberItem member in PortsOf(model, network).Select(p => PolicyItems.Member(model, p, family)).OfType<MemberItem>())
        {
            yield return member;
        }

        foreach (MoveItem move in PortsOf(model, network).Select(p => PolicyItems.Move(model, p, family)).OfType<MoveItem>())
        {
            yield return move;
        }

        foreach (Port port in PortsOf(model, network).Where(p => IsOn(p, host.Name)))
        {
            yield return PolicyItems.Port(input, port, host.Name);
        }

        IEnumerable<IPAddress> hosts = PortsOf(model, network)
            .SelectMany(static p => p.Places).Select(p => model.FindHost(p.Host)).OfType<Host>().SelectMany(static h => h.ProviderAddresses);
        IEnumerable<IPAddress> endpoints = network.Subnets.SelectMany(s => model.RecordsIn(s.Vsid)).Select(static r => r.ProviderAddress);
        foreach (IPAddress address in hosts.Concat(endpoints).Distinct().Where(a => !host.ProviderAddresses.Contains(a)))
        {
            yield return new PeerItem(address, PolicyItems.FlowId(model, address));
        }
    }

    private static bool IsOn(Port port, string host) => port.Places.Any(p => p.Host == host);

    private static IEnumerable<Port> PortsOf(CloudModel model, VmNetwork network) =>
        model.PortsIn(network).Where(p => p.Host is not { } h || model.FindHost(h) is not null);

    private static ImmutableDictionary<string, PolicyItem> Set(IEnumerable<PolicyItem> items) =>
        items.ToImmutableDictionary(static i => i.Key, StringComparer.Ordinal);
}

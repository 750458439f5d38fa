using System.Net;
using System.Net.Sockets;
using Hnv.Model.Resources;

namespace Hnv.Model.Validation;

/// <summary>What is not so yet. Names are stable: scripts compare them.</summary>
public enum ConditionKind
{
    /// <summary>No port and no record has the next hop of a route.</summary>
    NextHopUnknown,

    /// <summary>The port is on no host.</summary>
    NotPlaced,

    /// <summary>The port has no address, so nothing reaches it.</summary>
    NoAddresses,

    /// <summary>The pool of the port's subnet has no address left for it.</summary>
    PoolExhausted,

    /// <summary>It says how to learn where nothing is learned.</summary>
    LearnsNothing,

    /// <summary>The record is for an address that a port has; the port wins.</summary>
    ShadowedByPort,

    /// <summary>The host has no provider address.</summary>
    NoProviderAddress,

    /// <summary>The port's host has no provider address, so other hosts cannot reach the port.</summary>
    HostHasNoProviderAddress,
}

/// <summary>A condition: shown on the object, and no error.</summary>
/// <param name="Field">JSON pointer into the object.</param>
public sealed record Condition(ResourceId Object, ConditionKind Kind, string Field, string Message);

/// <summary>Conditions of a model: what will work as soon as something else is there.</summary>
public static class ModelConditions
{
    /// <summary>All conditions of the cloud, in the order of its resources.</summary>
    public static IEnumerable<Condition> Of(CloudModel model) => model.All.SelectMany(r => Of(model, r));

    /// <summary>The conditions of one resource of the model.</summary>
    public static IEnumerable<Condition> Of(CloudModel model, Resource resource) => resource switch
    {
        Host { ProviderAddresses.IsEmpty: true } host =>
            [new Condition(host.Id, ConditionKind.NoProviderAddress, "/providerAddresses", "has no provider address yet; other hosts cannot reach it")],
        VmNetwork network => OfRoutes(model, network).Concat(OfSubnets(model, network)),
        Port port => OfPort(model, port),
        LookupRecord record when model.PortsAt(record.Vsid, record.CustomerAddress) is [var port, ..] =>
            [new Condition(record.Id, ConditionKind.ShadowedByPort, "/customerAddress", $"{record.CustomerAddress} is at {port.Id}, which takes precedence")],
        _ => [],
    };

    private static IEnumerable<Condition> OfRoutes(CloudModel model, VmNetwork network)
    {
        for (int i = 0; i < network.Routes.Length; i++)
        {
            IPAddress nextHop = network.Routes[i].NextHop;
            if (!network.Subnets.Any(s => RecordPrecedence.Effective(model, s.Vsid, nextHop) is not null))
            {
                yield return new Condition(
                    network.Id, ConditionKind.NextHopUnknown, $"/routes/{i}/nextHop", $"nobody has {nextHop} yet; the route to {network.Routes[i].Prefix} leads nowhere");
            }
        }
    }

    private static IEnumerable<Condition> OfPort(CloudModel model, Port port)
    {
        if (port.Host is not { } host)
        {
            yield return new Condition(port.Id, ConditionKind.NotPlaced, "/host", "is on no host yet");
        }
        else if (model.FindHost(host) is { ProviderAddresses.IsEmpty: true })
        {
            yield return new Condition(port.Id, ConditionKind.HostHasNoProviderAddress, "/host", $"{host} has no provider address yet; other hosts cannot reach the port");
        }

        VirtualSubnet? subnet = model.FindSubnet(port.Vsid) is { } found && found.Network.Id == port.VmNetworkId ? found.Subnet : null;
        foreach (AddressFamily family in (AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
        {
            if (subnet?.Pool?.RangeOf(family) is { } range && !port.AllAddresses.Any(a => a.AddressFamily == family))
            {
                yield return new Condition(
                    port.Id, ConditionKind.PoolExhausted, "/leases", $"every address of {range} of subnet {port.Vsid} is taken; the port gets the first one that is given up");
            }
        }

        bool learns = subnet is not null && port.Learns(subnet);
        if (!port.AllAddresses.Any() && !learns)
        {
            yield return new Condition(port.Id, ConditionKind.NoAddresses, "/addresses", "has no address; nothing reaches it");
        }

        if (subnet is not null && !learns && port.DynamicAddressLimit != 0)
        {
            const string Why = "has no effect: nothing is learned at this port (learning: dynamic at the subnet or the port would change that)";
            if (port.DynamicAddressLimit != Port.DefaultDynamicAddressLimit)
            {
                yield return new Condition(port.Id, ConditionKind.LearnsNothing, "/dynamicAddressLimit", Why);
            }

            if (port.LearningSources != LearningSources.All)
            {
                yield return new Condition(port.Id, ConditionKind.LearnsNothing, "/learningSources", Why);
            }
        }
    }

    private static IEnumerable<Condition> OfSubnets(CloudModel model, VmNetwork network)
    {
        for (int i = 0; i < network.Subnets.Length; i++)
        {
            VirtualSubnet subnet = network.Subnets[i];
            if (subnet.LearningAge != VirtualSubnet.DefaultLearningAge && subnet.Learning == LearningMode.Static
                && !model.PortsIn(subnet.Vsid).Any(p => p.VmNetworkId == network.Id && p.Learns(subnet)))
            {
                yield return new Condition(
                    network.Id, ConditionKind.LearnsNothing, $"/subnets/{i}/learningAge", $"has no effect: nothing is learned in subnet {subnet.Vsid} (learning: dynamic would change that)");
            }
        }
    }
}

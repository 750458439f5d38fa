using System.Net;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Model.Validation;

/// <summary>Ports: where they are, and what they claim in their subnet.</summary>
internal static class PortRules
{
    private const int NamedVsids = 8;

    public static void Check(Judgement judgement, AppliedChange change, Port port)
    {
        VirtualSubnet? subnet = CheckSubnet(judgement, change, port);
        CheckPlace(judgement, change, port);
        CheckMigration(judgement, change, port);
        CheckMac(judgement, change, port);
        CheckAddresses(judgement, change, port, subnet);
        LearningRules.Check(judgement, change, port);
    }

    private static VirtualSubnet? CheckSubnet(Judgement judgement, AppliedChange change, Port port)
    {
        if (judgement.Next.Find<VmNetwork>(port.VmNetworkId) is not { } network)
        {
            string? nearest = judgement.Viewer.MaySee(port.Id)
                ? Suggestion.Nearest(port.VmNetwork, judgement.Next.OfTenant(port.Tenant).OfType<VmNetwork>().Select(static n => n.Name))
                : null;
            judgement.Add(
                change, "/vmNetwork", $"there is no {new ResourceId(ResourceKind.VmNetwork, port.Tenant, NameRules.Shorten(port.VmNetwork))}",
                nearest is null ? $"VM networks are looked up in the port's own tenant, '{NameRules.Shorten(port.Tenant)}'" : $"did you mean '{nearest}'?");
            return null;
        }

        foreach (SubnetRef found in judgement.Next.SubnetsOf(port.Vsid))
        {
            if (found.Network.Id == network.Id)
            {
                return found.Subnet;
            }
        }

        string vsids = network.Subnets.IsEmpty
            ? "it has no subnets"
            : $"its VSIDs are {string.Join(", ", network.Subnets.Take(NamedVsids).Select(static s => s.Vsid))}{(network.Subnets.Length > NamedVsids ? ", …" : "")}";
        judgement.Add(change, "/vsid", $"VSID {port.Vsid} is not a subnet of {network.Id}", vsids);
        return null;
    }

    private static void CheckPlace(Judgement judgement, AppliedChange change, Port port)
    {
        if (port.Host is { } host && judgement.Next.FindHost(host) is null)
        {
            string? nearest = judgement.Viewer.Tenant is null ? Suggestion.Nearest(host, judgement.Next.Hosts.Select(static h => h.Name)) : null;
            judgement.Add(
                change, "/host", $"there is no Host {NameRules.Shorten(host)}",
                nearest is null ? "add it, or leave the host out until the port has a place" : $"did you mean '{nearest}'?");
        }

        if (port.Interface is not { } name)
        {
            if (port.Host is not null)
            {
                judgement.Add(change, "/interface", "is missing", "name the interface that the port is bound to on its host");
            }

            return;
        }

        if (NameRules.InterfaceProblem(name) is { } problem)
        {
            judgement.Add(change, "/interface", problem, "name the interface as `ip link` shows it on the host");
            return;
        }

        if (port.Host is null)
        {
            return;
        }

        foreach (Port other in judgement.Next.PortsAt(port.Host, name))
        {
            if (judgement.ComesBefore(other.Id, port.Id))
            {
                judgement.Add(change, "/interface", $"{name} of {port.Host} is {judgement.UsedBy(other.Id)}", "an interface carries one port");
            }
        }
    }

    private static void CheckMigration(Judgement judgement, AppliedChange change, Port port)
    {
        if (port.MigratingTo is not { } target)
        {
            return;
        }

        if (port.Host is null)
        {
            judgement.Add(change, "/migratingTo", "moves a port that is on no host", "give it a host instead");
            return;
        }

        if (target.Host == port.Host)
        {
            judgement.Add(change, "/migratingTo/host", $"the port is on {NameRules.Shorten(target.Host)} already", "name another host, or leave migratingTo out");
            return;
        }

        if (judgement.Next.FindHost(target.Host) is null)
        {
            string? nearest = judgement.Viewer.Tenant is null ? Suggestion.Nearest(target.Host, judgement.Next.Hosts.Select(static h => h.Name)) : null;
            judgement.Add(
                change, "/migratingTo/host", $"there is no Host {NameRules.Shorten(target.Host)}", nearest is null ? "add it first" : $"did you mean '{nearest}'?");
        }

        if (target.Interface is { } given && NameRules.InterfaceProblem(given) is { } problem)
        {
            judgement.Add(change, "/migratingTo/interface", problem, "name the interface as `ip link` will show it on that host");
        }
        else if ((target.Interface ?? port.Interface) is { } name)
        {
            foreach (Port other in judgement.Next.PortsAt(target.Host, name))
            {
                if (judgement.ComesBefore(other.Id, port.Id))
                {
                    judgement.Add(
                        change, target.Interface is null ? "/migratingTo" : "/migratingTo/interface",
                        $"{name} of {target.Host} is {judgement.UsedBy(other.Id)}", "an interface carries one port: name another one in migratingTo.interface");
                }
            }
        }
    }

    private static void CheckMac(Judgement judgement, AppliedChange change, Port port)
    {
        if (AddressRules.OfVm(port.Mac) is { } problem)
        {
            judgement.Add(change, "/mac", problem.What, problem.Remedy);
            return;
        }

        foreach (Port other in judgement.Next.PortsAt(port.Vsid, port.Mac))
        {
            if (judgement.ComesBefore(other.Id, port.Id))
            {
                judgement.Add(
                    change, "/mac", $"{port.Mac} is {judgement.UsedBy(other.Id)} in subnet {port.Vsid}", "a MAC address is unique in its subnet");
            }
        }
    }

    private static void CheckAddresses(Judgement judgement, AppliedChange change, Port port, VirtualSubnet? subnet)
    {
        if (port.Addresses.Length > ModelLimits.AddressesPerPort)
        {
            judgement.Add(change, "/addresses", $"has {port.Addresses.Length} addresses", $"a port has at most {ModelLimits.AddressesPerPort}");
            return;
        }

        for (int i = 0; i < port.Addresses.Length; i++)
        {
            IPAddress address = port.Addresses[i];
            string field = $"/addresses/{i}";
            if (port.Addresses.AsSpan(0, i).Contains(address))
            {
                judgement.Add(change, field, $"{address} is there twice", "remove one of them");
                continue;
            }

            if (subnet is not null && AddressRules.OfCustomer(subnet, address) is { } problem)
            {
                judgement.Add(change, field, problem.What, problem.Remedy);
            }

            foreach (Port other in judgement.Next.PortsAt(port.Vsid, address))
            {
                if (other.Leases.Contains(address))
                {
                    // Whatever the order in the change set: who has the lease has it until it is given up.
                    judgement.Add(
                        change, field, $"{address} is {judgement.UsedBy(other.Id)} in subnet {port.Vsid}, from its pool",
                        "choose another address, or give that port an address of its own");
                }
                else if (judgement.ComesBefore(other.Id, port.Id))
                {
                    judgement.Add(
                        change, field, $"{address} is {judgement.UsedBy(other.Id)} in subnet {port.Vsid}", "a customer address is unique in its subnet");
                }
            }
        }
    }
}

using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Model;

/// <summary>
/// Which address of its subnet's pool a port has. Pure, and a part of the change that makes it necessary: what a port gets is committed
/// with what was written, so that no two ports ever have the same.
/// </summary>
/// <remarks>
/// A port without an address of a family gets the lowest of the family's range that no port and no record has, and keeps it as long as
/// it stays in the subnet, has none of its own and the range holds it. Ports are served in the order of the change, then those that
/// wait because the pool was exhausted, by tenant and name. Without anything left the port has none: a condition.
/// </remarks>
internal sealed class LeaseAllocation(CloudModel current, CloudModel.Builder next)
{
    private static readonly AddressFamily[] s_families = [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6];

    /// <summary>Subnets with a pool in which something became free: who waits is looked at.</summary>
    private readonly HashSet<uint> _freed = [];

    /// <summary>Subnets that are others, or whose pool is: every port is looked at.</summary>
    private readonly HashSet<uint> _changed = [];

    /// <summary>Below it everything is taken; nothing is freed any more once addresses are given.</summary>
    private readonly Dictionary<(uint Vsid, AddressFamily Family), UInt128> _lowest = [];

    /// <summary>Brings the leases of everything that the changes touch to what they shall be. Returns the ports that come out different.</summary>
    /// <param name="changes">All of the changes; <paramref name="next"/> holds them already, without leases at new ports.</param>
    public IReadOnlyList<Port> Apply(IReadOnlyList<AppliedChange> changes)
    {
        List<Port> ports = [];
        foreach (AppliedChange change in changes)
        {
            Look(change, ports);
        }

        HashSet<ResourceId> seen = [.. ports.Select(static p => p.Id)];
        ports.AddRange(_changed.Union(_freed).Order().SelectMany(next.PortsIn).Where(p => (_changed.Contains(p.Vsid) || Waits(p)) && seen.Add(p.Id)));

        // First everybody keeps what may be kept, then the rest is given out: so nobody gets what another one keeps.
        var kept = ports.ConvertAll(p => (Before: p, After: Keep(p)));
        foreach ((Port before, Port after) in kept.Where(static p => !p.Before.Equals(p.After)))
        {
            next.Put(after);
        }

        List<Port> changed = [];
        foreach ((Port before, Port after) in kept)
        {
            Port given = Give(after);
            if (!given.Equals(after))
            {
                next.Put(given);
            }

            if (!given.Equals(before))
            {
                changed.Add(given);
            }
        }

        return changed;
    }

    /// <summary>Notes the ports that a change is about, and the subnets in which it may free something.</summary>
    private void Look(AppliedChange change, List<Port> ports)
    {
        switch (change.After ?? change.Before)
        {
            case Port:
                if (change.After is Port now)
                {
                    ports.Add(now);
                }

                if (change.Before is Port old && Pool(old.Vsid, now: false) is not null)
                {
                    Port? stays = change.After is Port p && p.Vsid == old.Vsid ? p : null;
                    if (old.AllAddresses.Any(a => stays?.AllAddresses.Contains(a) != true))
                    {
                        _freed.Add(old.Vsid);
                    }
                }

                break;
            case LookupRecord when change.Before is LookupRecord gone && !gone.Equals(change.After) && Pool(gone.Vsid, now: true) is not null:
                _freed.Add(gone.Vsid);
                break;
            case VmNetwork:
                IEnumerable<VirtualSubnet> before = (change.Before as VmNetwork)?.Subnets ?? [];
                IEnumerable<VirtualSubnet> after = (change.After as VmNetwork)?.Subnets ?? [];
                foreach (IGrouping<uint, VirtualSubnet> subnet in before.Concat(after).Where(static s => s.Pool is not null).GroupBy(static s => s.Vsid))
                {
                    if (subnet.Count() != 2 || !subnet.First().Equals(subnet.Last()))
                    {
                        _changed.Add(subnet.Key);
                    }
                }

                break;
        }
    }

    private AddressPool? Pool(uint vsid, bool now) => (now ? next.FindSubnet(vsid) : current.FindSubnet(vsid))?.Subnet.Pool;

    /// <summary>The port with those of its leases that it may keep.</summary>
    private Port Keep(Port port)
    {
        ImmutableArray<IPAddress> had = current.Find<Port>(port.Id) is { } before && before.Vsid == port.Vsid ? before.Leases : [];
        SubnetRef? subnet = SubnetOf(port);
        ImmutableArray<IPAddress> kept = [.. had.Where(a => subnet is not null && MayHave(port, subnet.Subnet, a.AddressFamily) is { } range && range.Contains(a))];
        return kept.AsSpan().SequenceEqual(port.Leases.AsSpan()) ? port : port with { Leases = kept };
    }

    /// <summary>The port with a lease of each family of which it needs one and one is free.</summary>
    private Port Give(Port port)
    {
        if (SubnetOf(port) is not { } found)
        {
            return port;
        }

        foreach (AddressFamily family in s_families)
        {
            if (MayHave(port, found.Subnet, family) is { } range && !port.Leases.Any(a => a.AddressFamily == family)
                && Lowest(found.Subnet, range, family) is { } free)
            {
                port = port with { Leases = [.. port.Leases.Append(free).OrderBy(static a => a.AddressFamily)] };
            }
        }

        return port;
    }

    /// <summary>Whether the port would have another lease if one were free.</summary>
    private bool Waits(Port port) =>
        SubnetOf(port) is { } found
        && s_families.Any(f => MayHave(port, found.Subnet, f) is not null && !port.Leases.Any(a => a.AddressFamily == f));

    private SubnetRef? SubnetOf(Port port) =>
        next.FindSubnet(port.Vsid) is { } found && found.Network.Id == port.VmNetworkId ? found : null;

    /// <summary>The range that the port's lease of the family is of; null when it gets none.</summary>
    private static AddressRange? MayHave(Port port, VirtualSubnet subnet, AddressFamily family) =>
        port.Addresses.Any(a => a.AddressFamily == family) ? null : subnet.Pool?.RangeOf(family);

    private IPAddress? Lowest(VirtualSubnet subnet, AddressRange range, AddressFamily family)
    {
        UInt128 last = range.Last.ToNumber();
        UInt128 number = UInt128.Max(range.First.ToNumber(), _lowest.GetValueOrDefault((subnet.Vsid, family)));
        IPAddress? gateway = SubnetAddressing.GatewayOf(subnet, family);
        for (; number <= last; number++)
        {
            IPAddress address = number.ToAddress(family);
            if (!next.IsTaken(subnet.Vsid, address) && !address.Equals(gateway))
            {
                _lowest[(subnet.Vsid, family)] = number + 1;
                return address;
            }
        }

        _lowest[(subnet.Vsid, family)] = number;
        return null;
    }
}

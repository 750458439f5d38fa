using System.Net.Sockets;
using Hnv.Api.Stream;
using Hnv.Datapath;
using Hnv.Datapath.Layouts;
using Hnv.Wire;

namespace Hnv.Agent.Desired;

/// <summary>
/// What the kernel's responder tells VMs: by subnet the options, by port the leases. A function of the subnets and ports that hold, and
/// of the smallest MTU on a way to a peer of each family; the order in which they came makes no difference.
/// </summary>
internal sealed class ResponderTable(IDataplane dataplane)
{
    private readonly Dictionary<uint, (Guid Network, SubnetItem Subnet, Encapsulation Encapsulation)> _subnets = [];
    private readonly SortedDictionary<int, int> _mtus4 = [];
    private readonly SortedDictionary<int, int> _mtus6 = [];

    /// <summary>What holds for a subnet from now on; null: it is not here.</summary>
    public void SetSubnet(uint vsid, (Guid Network, SubnetItem Subnet, Encapsulation Encapsulation)? subnet)
    {
        if (subnet is { } there)
        {
            _subnets[vsid] = there;
        }
        else
        {
            _subnets.Remove(vsid);
        }

        Write(vsid);
    }

    /// <summary>The ports with this number, of those that hold: normally one.</summary>
    public void SetPorts(uint number, IEnumerable<PortItem> ports)
    {
        PortItem? port = ports.Where(p => p.Lease4 is not null || p.Lease6 is not null).MinBy(p => p.Name, StringComparer.Ordinal);
        if (port is null)
        {
            dataplane.Leases.Remove(number);
        }
        else
        {
            dataplane.Leases.Set(number, new LeaseEntry(port.Lease4, port.Lease6));
        }
    }

    /// <summary>A way to a peer came or went.</summary>
    public void CountWay(PeerWay? before, PeerWay? after)
    {
        (int?, int?) smallest = (Smallest(_mtus4), Smallest(_mtus6));
        Count(before, -1);
        Count(after, 1);
        if ((Smallest(_mtus4), Smallest(_mtus6)) == smallest)
        {
            return;
        }

        foreach (uint vsid in _subnets.Keys)
        {
            Write(vsid);
        }
    }

    private static int? Smallest(SortedDictionary<int, int> mtus) => mtus.Count == 0 ? null : mtus.Keys.First();

    /// <summary>The largest IP packet of a VM that reaches every peer; null while none is known.</summary>
    private int? InnerMtu(Encapsulation encapsulation)
    {
        int? Of(SortedDictionary<int, int> mtus, AddressFamily family) => Smallest(mtus) - new EncapsulationForm((Model.Resources.Encapsulation)encapsulation, family).Room;
        return (Of(_mtus4, AddressFamily.InterNetwork), Of(_mtus6, AddressFamily.InterNetworkV6)) switch
        {
            ({ } v4, { } v6) => Math.Min(v4, v6),
            (var v4, var v6) => v4 ?? v6,
        };
    }

    private void Count(PeerWay? way, int by)
    {
        if (way is null)
        {
            return;
        }

        SortedDictionary<int, int> mtus = way.Local.AddressFamily == AddressFamily.InterNetwork ? _mtus4 : _mtus6;
        int count = mtus.GetValueOrDefault(way.Mtu) + by;
        if (count > 0)
        {
            mtus[way.Mtu] = count;
        }
        else
        {
            mtus.Remove(way.Mtu);
        }
    }

    private void Write(uint vsid)
    {
        var key = new SubnetKey(vsid);
        ResponderOptions? options = _subnets.TryGetValue(vsid, out (Guid Network, SubnetItem Subnet, Encapsulation Encapsulation) s)
            ? new ResponderOptions(s.Network, s.Subnet, InnerMtu(s.Encapsulation), DesiredState.GatewayMac)
            : null;
        if (options?.Dhcp4() is { } dhcp4)
        {
            dataplane.Dhcp4.Set(key, dhcp4);
        }
        else
        {
            dataplane.Dhcp4.Remove(key);
        }

        if (options?.Dhcp6() is { } dhcp6)
        {
            dataplane.Dhcp6.Set(key, dhcp6);
        }
        else
        {
            dataplane.Dhcp6.Remove(key);
        }

        if (options?.RouterAdvertisement() is { } advertisement)
        {
            dataplane.RouterAdvertisements.Set(key, advertisement);
        }
        else
        {
            dataplane.RouterAdvertisements.Remove(key);
        }
    }
}

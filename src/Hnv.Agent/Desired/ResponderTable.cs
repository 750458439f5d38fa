using System.Net;
using Hnv.Api.Stream;
using Hnv.Datapath;
using Hnv.Datapath.Layouts;

namespace Hnv.Agent.Desired;

/// <summary>
/// What the kernel's responder tells VMs: by subnet the options, by port the leases. A function of the subnets and ports that hold, and
/// of the smallest MTU on a way to a peer; the order in which they came makes no difference.
/// </summary>
internal sealed class ResponderTable(IDataplane dataplane)
{
    private readonly Dictionary<uint, (Guid Network, SubnetItem Subnet)> _subnets = [];
    private readonly SortedDictionary<int, int> _mtus = [];

    /// <summary>What holds for a subnet from now on; null: it is not here.</summary>
    public void SetSubnet(uint vsid, (Guid Network, SubnetItem Subnet)? subnet)
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
        int? smallest = Smallest;
        Count(before, -1);
        Count(after, 1);
        if (Smallest == smallest)
        {
            return;
        }

        foreach (uint vsid in _subnets.Keys)
        {
            Write(vsid);
        }
    }

    private int? Smallest => _mtus.Count == 0 ? null : _mtus.Keys.First();

    private void Count(PeerWay? way, int by)
    {
        if (way is null)
        {
            return;
        }

        int count = _mtus.GetValueOrDefault(way.Mtu) + by;
        if (count > 0)
        {
            _mtus[way.Mtu] = count;
        }
        else
        {
            _mtus.Remove(way.Mtu);
        }
    }

    private void Write(uint vsid)
    {
        var key = new SubnetKey(vsid);
        ResponderOptions? options = _subnets.TryGetValue(vsid, out (Guid Network, SubnetItem Subnet) s)
            ? new ResponderOptions(s.Network, s.Subnet, Smallest, DesiredState.GatewayMac)
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

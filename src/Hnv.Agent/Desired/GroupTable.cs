using System.Net;
using System.Net.Sockets;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tables;

namespace Hnv.Agent.Desired;

/// <summary>
/// Groups of the provider network to which subnets flood that have a port bound here. To the programs a group is a peer like another:
/// our address, uplink and MTU.
/// </summary>
internal sealed class GroupTable(IDesiredTable<KernelAddress, PeerEntry> table)
{
    /// <summary>Group → virtual subnets here that need it.</summary>
    private readonly Dictionary<IPAddress, HashSet<uint>> _groups = [];
    private readonly Dictionary<uint, IPAddress> _groupOf = [];
    private PeerWay? _way4;
    private PeerWay? _way6;

    public IReadOnlyCollection<IPAddress> All => _groups.Keys;

    /// <summary>How floods leave for the groups of a family from now on, and where they come in; null when there is no uplink.</summary>
    public void SetWay(AddressFamily family, PeerWay? way)
    {
        ref PeerWay? known = ref family == AddressFamily.InterNetwork ? ref _way4 : ref _way6;
        if (known == way)
        {
            return;
        }

        known = way;
        foreach (IPAddress group in _groups.Keys.Where(g => g.AddressFamily == family))
        {
            Write(group);
        }
    }

    /// <summary>The group that a subnet needs from now on; null for none.</summary>
    public void Need(uint vsid, IPAddress? group)
    {
        _groupOf.TryGetValue(vsid, out IPAddress? before);
        if (Equals(before, group))
        {
            return;
        }

        if (before is not null)
        {
            _groupOf.Remove(vsid);
            _groups[before].Remove(vsid);
            if (_groups[before].Count == 0)
            {
                _groups.Remove(before);
                table.Remove(KernelAddress.From(before));
            }
        }

        if (group is not null)
        {
            _groupOf.Add(vsid, group);
            if (!_groups.TryGetValue(group, out HashSet<uint>? subnets))
            {
                _groups.Add(group, subnets = []);
                Write(group);
            }

            subnets.Add(vsid);
        }
    }

    private void Write(IPAddress group) => table.Set(
        KernelAddress.From(group),
        (group.AddressFamily == AddressFamily.InterNetwork ? _way4 : _way6) is { } way
            ? new PeerEntry(KernelAddress.From(way.Local), (uint)way.Uplink, (uint)way.Mtu, PeerFlags.None)
            : PeerEntry.Unreachable(PeerFlags.None));
}

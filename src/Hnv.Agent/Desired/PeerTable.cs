using System.Net;
using Hnv.Api.Stream;
using Hnv.Datapath.Layouts;
using Hnv.Datapath.Tables;
using Hnv.Model.Resources;

namespace Hnv.Agent.Desired;

/// <summary>The hosts and third parties that policy names, and the way to each.</summary>
/// <param name="table">Where they are written.</param>
/// <param name="onWay">Told of every way that comes or goes: what it was, and what it is.</param>
internal sealed class PeerTable(IDesiredTable<KernelAddress, PeerEntry> table, Action<PeerWay?, PeerWay?> onWay)
{
    private readonly Dictionary<IPAddress, Peer> _peers = [];
    private readonly HashSet<IPAddress> _withoutWay = [];

    /// <summary>Every peer that policy names.</summary>
    public IReadOnlyCollection<IPAddress> All => _peers.Keys;

    /// <summary>Those to which no way is known.</summary>
    public IEnumerable<IPAddress> Unreachable => _peers.Where(static p => p.Value.Way is null).Select(static p => p.Key);

    /// <summary>Those whose way was not looked up yet.</summary>
    public IPAddress[] TakeNew()
    {
        IPAddress[] peers = [.. _withoutWay];
        _withoutWay.Clear();
        return peers;
    }

    /// <summary>A network names the peer, or says something else of it, or nothing any more.</summary>
    public void Change(IPAddress address, PeerItem? before, PeerItem? after)
    {
        if (!_peers.TryGetValue(address, out Peer? peer))
        {
            _peers.Add(address, peer = new Peer());
            _withoutWay.Add(address);
        }

        peer.Count(before, -1);
        peer.Count(after, 1);
        if (!peer.IsNamed)
        {
            onWay(peer.Way, null);
            _peers.Remove(address);
            _withoutWay.Remove(address);
            table.Remove(KernelAddress.From(address));
            return;
        }

        Write(address, peer);
    }

    /// <summary>How a peer is reached from now on; null when it is not.</summary>
    public void SetWay(IPAddress address, PeerWay? way)
    {
        if (_peers.TryGetValue(address, out Peer? known))
        {
            onWay(known.Way, way);
            known.Way = way;
            Write(address, known);
        }
    }

    private void Write(IPAddress address, Peer peer) => table.Set(
        KernelAddress.From(address),
        peer.Way is { } way ? new PeerEntry(KernelAddress.From(way.Local), (uint)way.Uplink, (uint)way.Mtu, peer.Flags) : PeerEntry.Unreachable(peer.Flags));

    /// <summary>A peer, named by one or more networks; it compares the whole key if one of them says so.</summary>
    private sealed class Peer
    {
        private int _named;
        private int _zero;

        public PeerWay? Way { get; set; }

        public bool IsNamed => _named > 0;

        public PeerFlags Flags => _zero > 0 ? PeerFlags.FlowIdZero : PeerFlags.None;

        public void Count(PeerItem? item, int by)
        {
            if (item is null)
            {
                return;
            }

            _named += by;
            if (item.FlowId == FlowIdMode.Zero)
            {
                _zero += by;
            }
        }
    }
}

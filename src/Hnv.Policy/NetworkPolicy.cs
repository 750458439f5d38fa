using System.Collections.Immutable;
using System.Net.Sockets;
using Hnv.Api.Stream;
using Hnv.Model.Resources;

namespace Hnv.Policy;

/// <summary>
/// One network's policy for all of its hosts, as of one revision; immutable. What hosts have in common (subnets, routes, records)
/// is kept once; of a host's own there are only its ports, and which of the peers is itself. So a change costs what changed, not
/// hosts × items.
/// </summary>
public sealed class NetworkPolicy
{
    internal NetworkPolicy(
        VmNetwork network, SharedItems shared, ItemSet<PeerItem> peers, ImmutableDictionary<string, HostPart> parts)
    {
        Network = network;
        Shared = shared;
        Peers = peers;
        Parts = parts;
    }

    /// <summary>The network itself; its RDID identifies the policy.</summary>
    public VmNetwork Network { get; }

    /// <summary>The hosts with a port in this network.</summary>
    public IEnumerable<string> Hosts => Parts.Keys;

    internal SharedItems Shared { get; }

    /// <summary>All provider addresses that take part: those of every host here, and third parties'.</summary>
    internal ItemSet<PeerItem> Peers { get; }

    internal ImmutableDictionary<string, HostPart> Parts { get; }

    /// <summary>What that host must know; null when no port of the network is on it.</summary>
    public IHostContent? For(string host) => Parts.TryGetValue(host, out HostPart? part) ? new HostNetworkContent(this, part) : null;
}

/// <summary>What a network's policy has of one host alone.</summary>
internal sealed record HostPart(ItemSet<PortItem> Ports, ImmutableArray<string> OwnPeerKeys, AddressFamily Family)
{
    public static HostPart Of(Host host) => new(ItemSet<PortItem>.Empty, OwnKeys(host), host.Family);

    public static ImmutableArray<string> OwnKeys(Host host) =>
        [.. host.ProviderAddresses.Distinct().Select(static a => new PeerItem(a, FlowIdMode.Hash).Key)];
}

/// <summary>A network's policy through the eyes of one host: the shared part, its own ports, and every peer but itself.</summary>
internal sealed class HostNetworkContent(NetworkPolicy network, HostPart part) : IHostContent
{
    public int Count => network.Shared.Count + part.Ports.Count + network.Peers.Count - part.OwnPeerKeys.Count(k => network.Peers.Find(k) is not null);

    public PolicyDigest Digest
    {
        get
        {
            PolicyDigest digest = network.Shared.Digest(part.Family) + part.Ports.Digest + network.Peers.Digest;
            foreach (string own in part.OwnPeerKeys)
            {
                digest -= network.Peers.DigestOf(own);
            }

            return digest;
        }
    }

    public IEnumerable<PolicyItem> Items => network.Shared.Items(part.Family)
        .Concat(part.Ports.Items)
        .Concat(network.Peers.Items.Where(p => !part.OwnPeerKeys.Contains(p.Key)));

    public PolicyItem? Find(string key) =>
        network.Shared.Find(key, part.Family)
        ?? part.Ports.Find(key)
        ?? (part.OwnPeerKeys.Contains(key) ? null : (PolicyItem?)network.Peers.Find(key));
}

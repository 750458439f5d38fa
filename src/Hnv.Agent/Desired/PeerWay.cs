using System.Net;

namespace Hnv.Agent.Desired;

/// <summary>How packets reach a peer over the provider network, by the host's routing table.</summary>
/// <param name="Local">Our provider address to send from.</param>
/// <param name="Uplink">Interface index.</param>
/// <param name="Mtu">Largest IP packet, bytes.</param>
internal sealed record PeerWay(IPAddress Local, int Uplink, int Mtu);

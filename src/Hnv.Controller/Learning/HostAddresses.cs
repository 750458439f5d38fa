using System.Net;
using System.Net.Sockets;
using Hnv.Model;

namespace Hnv.Controller.Learning;

/// <summary>
/// Where a host is on the provider network. The lines of a network are the same for all its hosts, so they name both addresses; who receives them
/// takes the one of its own family, as policy's records have it (<see cref="Model.Resources.Host.Family"/>).
/// </summary>
/// <param name="Address">For hosts that have IPv4.</param>
/// <param name="Address6">For hosts that have IPv6 only; null where it is the same.</param>
internal sealed record HostAddresses(IPAddress Address, IPAddress? Address6)
{
    /// <summary>Null while the host has no address.</summary>
    public static HostAddresses? Of(CloudModel model, string host)
    {
        Model.Resources.Host? found = model.FindHost(host);
        IPAddress? address6 = found?.AddressFor(AddressFamily.InterNetworkV6);
        return found?.AddressFor(AddressFamily.InterNetwork) is { } address ? new HostAddresses(address, address.Equals(address6) ? null : address6) : null;
    }
}

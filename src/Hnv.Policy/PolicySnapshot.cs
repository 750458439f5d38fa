using System.Collections.Immutable;
using Hnv.Api.Stream;

namespace Hnv.Policy;

/// <summary>The policy of every host, as of one revision; immutable and shared by all streams.</summary>
public sealed class PolicySnapshot
{
    internal PolicySnapshot(long revision, ImmutableDictionary<Guid, NetworkPolicy> networks, ImmutableDictionary<string, HostPolicy> hosts)
    {
        Revision = revision;
        Networks = networks;
        Hosts = hosts;
    }

    /// <summary>Nothing, at revision 0.</summary>
    public static PolicySnapshot Empty { get; } = new(
        0, ImmutableDictionary<Guid, NetworkPolicy>.Empty, ImmutableDictionary.Create<string, HostPolicy>(StringComparer.Ordinal));

    /// <summary>The revision of the state log it is as of.</summary>
    public long Revision { get; }

    /// <summary>All networks by RDID, whether a host has them or not.</summary>
    public ImmutableDictionary<Guid, NetworkPolicy> Networks { get; }

    /// <summary>All hosts by name.</summary>
    public ImmutableDictionary<string, HostPolicy> Hosts { get; }

    /// <summary>
    /// What the host must know of a network, or of itself (<see cref="HostScope.Id"/>); null when it need not know of it.
    /// </summary>
    public IHostContent? Content(string host, Guid network) =>
        network == HostScope.Id ? Hosts.GetValueOrDefault(host) : Networks.GetValueOrDefault(network)?.For(host);

    /// <summary>Everything that is present on the host, its own scope first; nothing for a host that does not exist.</summary>
    public IEnumerable<Guid> Present(string host) => Hosts.TryGetValue(host, out HostPolicy? policy) ? policy.Networks.Prepend(HostScope.Id) : [];
}

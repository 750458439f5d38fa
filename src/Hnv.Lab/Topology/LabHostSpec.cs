using System.Collections.Immutable;
using System.Net;

namespace Hnv.Lab.Topology;

/// <summary>A host of the lab: a network namespace with uplinks to the fabric and an agent (<c>kind: LabHost</c>).</summary>
public sealed record LabHostSpec(string Name, ImmutableArray<LabUplinkSpec> Uplinks);

/// <summary>An interface of a host on the provider network.</summary>
/// <param name="Name">Interface name in the host's namespace.</param>
/// <param name="Addresses">Provider addresses with prefix length.</param>
/// <param name="Mtu">In bytes; of both ends.</param>
public sealed record LabUplinkSpec(string Name, ImmutableArray<LabAddress> Addresses, int Mtu = LabUplinkSpec.DefaultMtu)
{
    /// <summary>That of an ordinary Ethernet: what a cable carries.</summary>
    public const int DefaultMtu = 1500;
}

/// <summary>An interface address: unlike <see cref="IPNetwork"/> it keeps the host bits.</summary>
public sealed record LabAddress(IPAddress Address, int PrefixLength)
{
    /// <summary>As <c>ip addr add</c> takes it.</summary>
    public override string ToString() => $"{Address}/{PrefixLength}";
}

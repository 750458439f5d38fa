using System.Net;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;

namespace Hnv.Policy;

/// <summary>What has to be looked at again in one network.</summary>
internal sealed class DirtyNetwork
{
    /// <summary>Its subnets came or went: everything.</summary>
    public bool Rebuild { get; set; }

    /// <summary>The network itself changed: names, prefixes, routes.</summary>
    public bool Itself { get; set; }

    public HashSet<(uint Vsid, IPAddress Address)> Records { get; } = [];

    public HashSet<IPAddress> ProviderAddresses { get; } = [];

    /// <summary>Adapters that are members of a subnet, were or may be.</summary>
    public HashSet<(uint Vsid, MacAddress Mac)> Members { get; } = [];

    public HashSet<ResourceId> Ports { get; } = [];

    public HashSet<string> Hosts { get; } = new(StringComparer.Ordinal);
}

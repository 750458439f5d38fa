using System.Net;
using Hnv.Model.Addressing;

namespace Hnv.Model.Resources;

/// <summary>
/// What is said of a host's provider address beyond the address itself, as <c>New-NetVirtualizationProviderAddress</c> does. The agent does not
/// configure it: it looks whether it is so, and says what is not. An address whose VLAN or uplink is not as said is not used, lest frames go
/// out into another network.
/// </summary>
public sealed record ProviderAddressTerms(IPAddress Address)
{
    /// <summary>Bits of the address that are on-link.</summary>
    public uint? PrefixLength { get; init; }

    /// <summary>Identifier of the VLAN device that has the address: 1 to 4094.</summary>
    public uint? Vlan { get; init; }

    /// <summary>Of the interface that has the address.</summary>
    public MacAddress? Mac { get; init; }

    /// <summary>Name of the interface that has the address.</summary>
    public string? Uplink { get; init; }

    /// <summary>Whether nothing is said.</summary>
    public bool IsEmpty => PrefixLength is null && Vlan is null && Mac is null && Uplink is null;
}

namespace Hnv.Model.Addressing;

/// <summary>The range of virtual subnet identifiers (VSID, 24 bits on the wire).</summary>
/// <remarks>RFC 7637, section 3.4, reserves 0–0xFFF and 0xFFFFFF; the NetWNV cmdlets accept 4096–16777214.</remarks>
public static class VirtualSubnetId
{
    /// <summary>Smallest identifier a subnet may have.</summary>
    public const uint Min = 4096;

    /// <summary>Largest identifier a subnet may have.</summary>
    public const uint Max = 16777214;

    /// <summary>Whether a subnet may have this identifier.</summary>
    public static bool IsValid(uint vsid) => vsid is >= Min and <= Max;
}

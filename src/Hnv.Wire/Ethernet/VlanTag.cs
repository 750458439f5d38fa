namespace Hnv.Wire;

/// <summary>A VLAN tag (IEEE 802.1Q).</summary>
/// <param name="Protocol">TPID: <see cref="EtherType.Vlan"/> or <see cref="EtherType.ServiceVlan"/>.</param>
/// <param name="Control">TCI in host byte order: priority (3 bits), drop eligible (1), VLAN identifier (12).</param>
public readonly record struct VlanTag(EtherType Protocol, ushort Control)
{
    /// <summary>Bytes that a tag adds to a frame.</summary>
    public const int Length = 4;

    /// <summary>VLAN identifier; 0 is a priority tag.</summary>
    public int Id => Control & 0xfff;

    /// <summary>Priority code point, 0–7.</summary>
    public int Priority => Control >> 13;
}

namespace Hnv.Wire;

/// <summary>Explicit congestion notification: the low two bits of the traffic class (RFC 3168, section 5). Tunnels: RFC 6040.</summary>
public enum Ecn : byte
{
    /// <summary>Not ECN-capable transport.</summary>
    NotCapable = 0,

    /// <summary>ECT(1).</summary>
    Capable1 = 1,

    /// <summary>ECT(0).</summary>
    Capable0 = 2,

    /// <summary>CE: congestion experienced.</summary>
    CongestionExperienced = 3,
}

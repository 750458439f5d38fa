namespace Hnv.Model.Addressing;

/// <summary>MAC addresses with a meaning of their own.</summary>
public static class WellKnownMacs
{
    /// <summary>The distributed gateway's, in every subnet: locally administered, ASCII "HNV".</summary>
    public static readonly MacAddress DistributedGateway = new(0x02_48_4e_56_00_01);
}

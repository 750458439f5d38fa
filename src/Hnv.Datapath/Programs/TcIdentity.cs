namespace Hnv.Datapath.Programs;

/// <summary>Where our filters sit at a tc hook, so that they are found again and others' are left alone.</summary>
internal static class TcIdentity
{
    /// <summary>"HNV".</summary>
    public const uint Handle = 0x484e56;

    /// <summary>Before filters whose priority the kernel chose (49152 downwards), with room for others in front.</summary>
    public const uint Priority = 200;
}

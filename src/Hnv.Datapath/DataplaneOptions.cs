namespace Hnv.Datapath;

/// <summary>Where the data plane lives and how much it holds.</summary>
public sealed record DataplaneOptions
{
    /// <summary>
    /// Directory of its own, on which a BPF file system is mounted (when none is yet), e.g. /run/hnv/bpf. Also names the normaliser,
    /// so two data planes on one host never meet.
    /// </summary>
    /// <remarks>
    /// The mount belongs to the mount namespace of the caller: <c>ip netns exec</c> makes a new one, and pins made under it go with it.
    /// Mount before, or enter a network namespace with <c>nsenter --net</c>.
    /// </remarks>
    public required string Directory { get; init; }

    /// <summary>Sizes of the maps at their creation. Adopted maps keep theirs.</summary>
    public MapSizes Sizes { get; init; } = new();
}

/// <summary>Entries. Maps take memory for what is in them, not for their size. Records, MACs and learned records grow beyond.</summary>
public sealed record MapSizes
{
    public int Ports { get; init; } = 4_096;

    public int Subnets { get; init; } = 16_384;

    public int Routes { get; init; } = 262_144;

    public int Records { get; init; } = 16_384;

    public int Macs { get; init; } = 16_384;

    public int Learned { get; init; } = 16_384;

    /// <summary>Of pairs (virtual subnet, member): ports of this host, and other hosts.</summary>
    public int Members { get; init; } = 262_144;

    public int VirtualMacs { get; init; } = 16_384;

    /// <summary>Adapters that are about to change their host at one time, in the networks of this one.</summary>
    public int Moves { get; init; } = 16_384;

    public int LocalPas { get; init; } = 64;

    public int Peers { get; init; } = 65_536;

    public int PathMtus { get; init; } = 16_384;

    public int Networks { get; init; } = 16_384;

    /// <summary>Of pairs (port, verdict) that ever occurred.</summary>
    public int Counters { get; init; } = 65_536;
}

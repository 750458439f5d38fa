using Hnv.Datapath.Layouts;
using Hnv.Model.Addressing;

namespace Hnv.Agent.Learning;

/// <summary>An address that a port of this host holds, as it stood in the map when it was looked at last.</summary>
/// <param name="PortId">The port's number.</param>
/// <param name="LearnedAt">Since when it is this version, by this host's clock.</param>
/// <param name="Unusable">Another one wants it, and the holder has not answered yet.</param>
internal sealed record OwnEntry(uint PortId, MacAddress Mac, LearnSource Source, DateTimeOffset LearnedAt, uint Epoch, uint Counter, bool Unusable)
{
    public ulong Version => ((ulong)Epoch << 32) | Counter;

    /// <summary>The controller has taken it.</summary>
    public bool IsSynchronized { get; init; }

    /// <summary>The controller knows another holder, and has not been asked yet who has the better right.</summary>
    public bool IsDisputed { get; init; }

    /// <summary>Whether the controller would see no difference.</summary>
    public bool LooksLike(OwnEntry other) => PortId == other.PortId && Mac == other.Mac && Source == other.Source && Version == other.Version && Unusable == other.Unusable;
}

using System.Net;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using Hnv.Model.Addressing;

namespace Hnv.Controller.Learning;

/// <summary>What a learned address is known by within its network.</summary>
internal readonly record struct LearnedKey(uint Vsid, IPAddress Address);

/// <summary>Who holds a learned address, and where that is. Immutable; the network swaps it.</summary>
/// <param name="Port">TENANT/PORT.</param>
/// <param name="Host">Where policy has that port now.</param>
/// <param name="Addresses">Of that host; null while it has no provider address.</param>
/// <param name="Reporter">The host that learned it: another one than <paramref name="Host"/> after the port moved, until that host says it too.</param>
/// <param name="LearnedAt">Since when, by the reporter's clock.</param>
internal sealed record LearnedRecord(
    LearnedKey Key, MacAddress Mac, string Port, string Host, HostAddresses? Addresses, string Reporter, AddressSource Source, DateTimeOffset LearnedAt,
    uint Epoch, uint Counter, bool Unusable)
{
    /// <summary>By which hosts that have IPv4 know the holder's host; null while it has none.</summary>
    public IPAddress? ProviderAddress => Addresses?.Address;

    /// <summary>(Epoch, Counter) as one number that compares alike.</summary>
    public ulong Version => ((ulong)Epoch << 32) | Counter;

    /// <summary>
    /// Whether this claim has the better right: the higher version, at a tie who has held it longer, and should the clocks agree to the
    /// tick, the lower name; so that whoever merges, in whatever order, comes to the same.
    /// </summary>
    public bool Beats(LearnedRecord other)
    {
        int order = Version.CompareTo(other.Version);
        order = order != 0 ? order : other.LearnedAt.CompareTo(LearnedAt);
        return (order != 0 ? order : string.CompareOrdinal(other.Port, Port)) > 0;
    }

    /// <summary>Whether other hosts would see no difference.</summary>
    public bool LooksLike(LearnedRecord other) =>
        Version == other.Version && Mac == other.Mac && Source == other.Source && Host == other.Host && Reporter == other.Reporter
        && Addresses == other.Addresses;

    /// <summary>As the stream tells it.</summary>
    public LearnedAddress ToAddress() => new(Key.Vsid, Key.Address, Mac, Source, Epoch, Counter, Reporter == Host ? null : Port);

    /// <summary>As the stream says that it is gone.</summary>
    public LearnedDeletion ToDeletion() => new(Key.Vsid, Key.Address, Epoch, Counter);
}

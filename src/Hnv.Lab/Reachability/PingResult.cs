using System.Net;
using System.Text.Json.Serialization;

namespace Hnv.Lab.Reachability;

/// <summary>What became of the pings from one VM to an address of another.</summary>
/// <param name="From">VM.</param>
/// <param name="To">VM that is meant.</param>
/// <param name="Address">An address of <paramref name="To"/>; VMs of other networks may have the same.</param>
/// <param name="Ok">
/// The request was seen inside <paramref name="To"/>, and the answer came back. An answer alone would prove nothing where addresses
/// repeat: it may be another VM's.
/// </param>
/// <param name="RttMs">Round trip in milliseconds, when <paramref name="Ok"/>.</param>
/// <param name="ArrivedAt">The VM inside which the request was seen; null: nowhere.</param>
/// <param name="SameNetwork">Whether both are in one VM network: then they should reach each other, else never.</param>
public sealed record PingResult(string From, string To, IPAddress Address, bool Ok, double? RttMs, string? ArrivedAt, bool SameNetwork)
{
    /// <summary>It is as it should be.</summary>
    [JsonIgnore]
    public bool AsExpected => SameNetwork == Ok && (SameNetwork || ArrivedAt != To);
}

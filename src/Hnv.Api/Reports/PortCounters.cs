using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Hnv.Api.Reports;

/// <summary>
/// What a port had counted on a host when it left it; its next host goes on from there. Told by the host that it left
/// (<see cref="HostReport.Left"/>), and handed on to the one it is on.
/// </summary>
/// <param name="Id">Made by who tells it: the host, and then the controller anew; counted once, however often it is told.</param>
/// <param name="Port">TENANT/PORT.</param>
/// <param name="Verdicts">By verdict; those of a host's version, which the next one may not know all.</param>
public sealed record PortCounters(
    string Id, string Port, ulong FromVmPackets, ulong FromVmBytes, ulong ToVmPackets, ulong ToVmBytes, ImmutableArray<VerdictTotal> Verdicts)
{
    /// <summary>Verdicts of a port at most.</summary>
    public const int MaxVerdicts = 128;

    /// <summary>Ports in one report at most.</summary>
    public const int MaxPorts = 256;

    /// <summary>Nothing was counted: every frame from the VM has a verdict.</summary>
    [JsonIgnore]
    public bool IsEmpty => Verdicts.IsEmpty && ToVmPackets == 0;

    /// <summary>Null where it can be counted; else what is wrong.</summary>
    public string? Problem() =>
        Id is not { Length: > 0 and <= 64 } ? "its id is missing, or too long"
        : Port is not { Length: > 0 and <= 256 } ? "its port is missing"
        : Verdicts.IsDefault || Verdicts.Length > MaxVerdicts || Verdicts.Any(static v => v is not { Verdict.Length: > 0 and <= 64 }) ? "its verdicts are not whole, or too many"
        : null;

    /// <summary>Both together, as this one.</summary>
    public PortCounters Plus(PortCounters other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return this with
        {
            FromVmPackets = unchecked(FromVmPackets + other.FromVmPackets),
            FromVmBytes = unchecked(FromVmBytes + other.FromVmBytes),
            ToVmPackets = unchecked(ToVmPackets + other.ToVmPackets),
            ToVmBytes = unchecked(ToVmBytes + other.ToVmBytes),
            Verdicts =
            [
                .. Verdicts.Concat(other.Verdicts).GroupBy(static v => v.Verdict, StringComparer.Ordinal)
                    .Select(static g => g.Aggregate((a, b) => new VerdictTotal(a.Verdict, unchecked(a.Packets + b.Packets), unchecked(a.Bytes + b.Bytes)))),
            ],
        };
    }

    /// <summary>Nothing was counted.</summary>
    public static PortCounters None(string port) => new(string.Empty, port, 0, 0, 0, 0, []);
}

/// <summary>How often a verdict was given.</summary>
public sealed record VerdictTotal(string Verdict, ulong Packets, ulong Bytes);

using Hnv.Wire.Tests.Wireshark;

namespace Hnv.Lab.Tests.Scenarios.Support;

/// <summary>A frame of the provider network as Wireshark reads it, checksums verified.</summary>
/// <param name="Protocols">The chain of its protocols: <c>eth:ethertype:ip:gre:eth:ethertype:ip:tcp</c> …</param>
/// <param name="Destinations">Ethernet, the outermost first.</param>
/// <param name="Hops">TTLs of IPv4 and hop limits of IPv6, the outermost of each family first.</param>
/// <param name="Kinds">Types of ICMP and ICMPv6, operations of ARP.</param>
/// <param name="Key">GRE's key or the VNI, as Wireshark writes it.</param>
/// <param name="Objection">What is malformed, wrong or contradicts itself; null: nothing.</param>
internal sealed record JudgedFrame(byte[] Bytes, string Protocols, string[] Destinations, string[] Hops, string[] Kinds, string Key, string? Objection);

/// <summary>Judges what crossed the provider network, all of it.</summary>
internal static class WireJudge
{
    /// <summary>PI_ERROR, and the groups of findings (epan/proto.h) that are about bytes: checksums, malformed packets, violated protocols.</summary>
    private const uint Error = 0x00800000, Checksum = 0x01000000, Malformed = 0x07000000, Protocol = 0x09000000;

    private static readonly string[] s_fields =
    [
        "frame.protocols", "eth.dst", "ip.ttl", "ipv6.hlim", "icmp.type", "icmpv6.type", "arp.opcode", "gre.key", "vxlan.vni",
        "_ws.malformed", "_ws.expert.severity", "_ws.expert.group", "_ws.expert.message",
        "ip.checksum.status", "tcp.checksum.status", "udp.checksum.status", "icmp.checksum.status", "icmpv6.checksum.status",
    ];

    public static async Task<JudgedFrame[]> ReadAsync(IReadOnlyList<byte[]> frames)
    {
        // VXLAN over IPv6 is meant to have no checksum; tenants' data is no protocol, whatever it looks like.
        string output = await Tshark.ReadAsync(
            frames,
            ["-T", "fields", .. s_fields.SelectMany(static f => (string[])["-e", f]), .. Tshark.Checksums, .. Tshark.ZeroOverIPv6, "-o", "tcp.try_heuristic_first:FALSE"]);
        string[][] lines = [.. output.Split('\n')[..^1].Select(static line => line.Split('\t'))];
        Assert.Equal(frames.Count, lines.Length);
        return [.. frames.Zip(lines, static (bytes, f) => new JudgedFrame(bytes, f[0], List(f[1]), [.. List(f[2]), .. List(f[3])], [.. List(f[4]), .. List(f[5]), .. List(f[6])], f[7] + f[8], Objection(f)))];
    }

    private static string? Objection(string[] fields)
    {
        bool grave = List(fields[10]).Any(static s => Number(s) >= Error) || List(fields[11]).Any(static g => Number(g) is Checksum or Malformed or Protocol);
        string[] bad = [.. s_fields[13..].Where((_, i) => List(fields[13 + i]).Contains("0"))];
        return fields[9].Length > 0 || grave || bad.Length > 0 ? $"{fields[0]}: {fields[9]} {fields[12]} {string.Join(", ", bad)}" : null;
    }

    private static uint Number(string text) =>
        text.StartsWith("0x", StringComparison.Ordinal) ? Convert.ToUInt32(text, 16) : uint.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static string[] List(string field) => field.Split(',', StringSplitOptions.RemoveEmptyEntries);
}

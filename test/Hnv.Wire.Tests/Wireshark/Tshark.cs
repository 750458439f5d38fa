using System.Diagnostics;
using System.Text.Json;

namespace Hnv.Wire.Tests.Wireshark;

/// <summary>Wireshark's dissectors as judges. Other test projects compile it, too.</summary>
internal static class Tshark
{
    /// <summary>Verifies the checksums of IP, TCP and UDP, which it does not by itself.</summary>
    public static readonly string[] Checksums = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"];

    /// <summary>A UDP checksum of zero over IPv6 is none (RFC 6935), which Wireshark allows if it is told.</summary>
    public static readonly string[] ZeroOverIPv6 = ["-o", "udp.ignore_ipv6_zero_checksum:TRUE"];

    /// <returns>What it writes about Ethernet frames, with these options beside.</returns>
    public static async Task<string> ReadAsync(IEnumerable<byte[]> frames, params IEnumerable<string> options)
    {
        using var capture = new PcapFile(frames);
        using Process tshark = Process.Start(new ProcessStartInfo("tshark", ["-n", "-r", capture.Path, .. options])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = tshark.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await tshark.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await tshark.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(tshark.ExitCode == 0, await errors);
        return output;
    }

    /// <returns>Each frame's layers.</returns>
    public static async Task<JsonElement[]> DissectAsync(IEnumerable<byte[]> frames, params IEnumerable<string> options)
    {
        using JsonDocument document = JsonDocument.Parse(await ReadAsync(frames, ["-T", "json", "--no-duplicate-keys", .. Checksums, .. options]));
        return [.. document.RootElement.EnumerateArray().Select(packet => packet.GetProperty("_source").GetProperty("layers").Clone())];
    }

    /// <returns>Each frame's fields by those names; empty where it has none.</returns>
    public static async Task<string[][]> FieldsAsync(IEnumerable<byte[]> frames, params IEnumerable<string> fields)
    {
        string output = await ReadAsync(frames, ["-T", "fields", .. fields.SelectMany(static f => (string[])["-e", f])]);
        return [.. output.Split('\n')[..^1].Select(static line => line.Split('\t'))];
    }
}

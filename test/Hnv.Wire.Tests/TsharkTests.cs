using System.Text.Json;
using Hnv.Wire.Tests.Wireshark;

namespace Hnv.Wire.Tests;

/// <summary>Wireshark's dissectors judge what the builder makes.</summary>
public sealed class TsharkTests
{
    [Fact]
    public async Task Nvgre_BuiltFrames_AreWhatWiresharkReads()
    {
        JsonElement[] layers = await Tshark.DissectAsync([Samples.Frames["nvgre"], Samples.Frames["nvgre6"]]);

        Assert.Equal("eth:ethertype:ip:gre:eth:ethertype:ip:icmp:data", Text(layers[0], "frame", "frame.protocols"));
        Assert.Equal("0x2000", Text(layers[0], "gre", "gre.flags_and_version"));
        Assert.Equal("0x6558", Text(layers[0], "gre", "gre.proto"));
        Assert.Equal("0x0013893f", Text(layers[0], "gre", "gre.key"));
        Assert.Equal("eth:ethertype:ipv6:gre:eth:ethertype:ip:icmp:data", Text(layers[1], "frame", "frame.protocols"));
        Assert.Equal("0xfffffeff", Text(layers[1], "gre", "gre.key"));
    }

    [Fact]
    public async Task Vxlan_BuiltFrames_AreWhatWiresharkReads()
    {
        JsonElement[] layers = await Tshark.DissectAsync([Samples.Frames["vxlan"], Samples.Frames["vxlan6"]]);

        Assert.Equal("eth:ethertype:ip:udp:vxlan:eth:ethertype:ip:icmp:data", Text(layers[0], "frame", "frame.protocols"));
        Assert.Equal("5001", Text(layers[0], "vxlan", "vxlan.vni"));
        Assert.Equal("eth:ethertype:ipv6:udp:vxlan:eth:ethertype:ip:icmp:data", Text(layers[1], "frame", "frame.protocols"));
        Assert.Equal("16777214", Text(layers[1], "vxlan", "vxlan.vni"));
        Assert.Equal("0x0800", Text(layers[1], "vxlan", "vxlan.flags"));
    }

    [Fact]
    public async Task EveryFrame_ChecksumsAndLengths_WiresharkHasNoObjection()
    {
        string[] names = [.. Samples.Frames.Keys];
        JsonElement[] layers = await Tshark.DissectAsync(Samples.Frames.Values, Tshark.ZeroOverIPv6);
        for (int i = 0; i < names.Length; i++)
        {
            string text = layers[i].GetRawText();
            Assert.False(text.Contains("_ws.malformed", StringComparison.Ordinal), $"{names[i]}: {text}");
            Assert.False(text.Contains("checksum.bad", StringComparison.Ordinal), $"{names[i]}: {text}");
            Assert.DoesNotContain("checksum.status\": \"0\"", text, StringComparison.Ordinal); // 0: bad
        }
    }

    private static string? Text(JsonElement layers, string layer, string field) => layers.GetProperty(layer).GetProperty(field).GetString();
}

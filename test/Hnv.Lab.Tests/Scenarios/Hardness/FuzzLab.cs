using System.Net;
using System.Net.Sockets;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Linux.Netlink;
using Hnv.Model.Addressing;
using Hnv.Wire;
using static Hnv.Lab.Tests.Scenarios.IsolationLab;
using Encapsulation = Hnv.Model.Resources.Encapsulation;

namespace Hnv.Lab.Tests.Scenarios.Hardness;

/// <summary>
/// A host of both families whose peers have one each, so that all four forms reach it; in each encapsulation the attacker's network, which learns, floods
/// and has DHCP, and one that has nothing to do with it.
/// <code>
///   h1 both families   evil b1 r1     evilx bx1 rx1        blue 5001, red 6001: NVGRE
///   h2 IPv4 alone           b2 r2           bx2 rx2        bluex 5101, redx 6101: VXLAN
///   h3 IPv6 alone           b3 r3           bx3 rx3
/// </code>
/// </summary>
public sealed class FuzzLab : IAsyncLifetime
{
    public const uint BlueX = 5101, RedX = 6101;

    public static readonly MacAddress Mac3 = MacAddress.Parse("06:06:00:00:00:08");
    public static readonly IPAddress Three4 = IPAddress.Parse("10.0.0.8"), Three6 = IPAddress.Parse("2001:db8:1::8");

    private static readonly IPAddress s_one6 = IPAddress.Parse("fd00:4::11"), s_three6 = IPAddress.Parse("fd00:4::13");

    public NetworkLab Lab { get; private set; } = null!;

    /// <summary>The VMs that must reach each other, at two hosts each.</summary>
    public static IReadOnlyList<(string One, string Other)> Pairs { get; } =
        [.. from network in (string[])["b", "bx", "r", "rx"] from host in (int[])[2, 3] select ($"{network}1", $"{network}{host}")];

    /// <summary>One frame of the provider network's to h1 in that form, from the peer of that family.</summary>
    public byte[] Wrapped(EncapsulationForm form, uint vsid, byte[] inner, IPAddress? from = null) => Tunnel(form, vsid, from).Frame(inner).ToArray();

    /// <summary>Everything in front of the tenant's frame.</summary>
    public PacketBuilder Tunnel(EncapsulationForm form, uint vsid, IPAddress? from = null)
    {
        bool six = form.Family == AddressFamily.InterNetworkV6;
        PacketBuilder ethernet = PacketBuilder.Ethernet(MacOf(six ? "h3" : "h2"), MacOf("h1"));
        PacketBuilder ip = six ? ethernet.IPv6(from ?? s_three6, s_one6) : ethernet.IPv4(from ?? Pa2, Pa1, h => h with { Flags = IPv4Flags.DontFragment });
        return form.Encapsulation == Encapsulation.Vxlan ? ip.UdpWithoutChecksum(49152, VxlanHeader.Port).Vxlan(vsid) : ip.Nvgre(vsid);
    }

    /// <summary>Whether h1's programs take a frame for their own in that form, and so count it.</summary>
    public static bool IsTaken(EncapsulationForm form, ReadOnlySpan<byte> frame)
    {
        bool six = form.Family == AddressFamily.InterNetworkV6, vxlan = form.Encapsulation == Encapsulation.Vxlan;
        int tunnel = six ? 54 : 34;
        if (frame.Length < form.Room || !frame[12..14].SequenceEqual(six ? [0x86, 0xdd] : (byte[])[8, 0]) || frame[six ? 20 : 23] != (byte)(vxlan ? IpProtocol.Udp : IpProtocol.Gre))
        {
            return false;
        }

        bool toUs = six ? frame[14] >> 4 == 6 && frame[38..54].SequenceEqual(s_one6.GetAddressBytes()) : frame[14] == 0x45 && frame[30..34].SequenceEqual(Pa1.GetAddressBytes());
        bool peers = six ? frame[22..38].SequenceEqual(s_three6.GetAddressBytes()) : frame[26..30].SequenceEqual(Pa2.GetAddressBytes());
        ReadOnlySpan<byte> kind = vxlan ? [(byte)(VxlanHeader.Port >> 8), VxlanHeader.Port & 255] : [0x65, 0x58];
        bool ours = frame.Slice(tunnel + 2, 2).SequenceEqual(kind) && (vxlan || peers || frame.Slice(tunnel, 2).SequenceEqual((byte[])[0x20, 0]));

        // A fragment may be anybody's, and so may GRE with other flags, unless a peer sends it; a later one does not say what it is.
        bool later = !six && ((frame[20] & 0x1f) | frame[21]) != 0, fragment = later || (!six && (frame[20] & 0x20) != 0);
        return toUs && (fragment ? peers && (later ? !vxlan : !vxlan || ours) : ours);
    }

    public async ValueTask InitializeAsync()
    {
        var builder = new LabBuilder();
        foreach ((string host, string? v4, string? v6) in ((string, string?, string?)[])[("h1", $"{Pa1}", $"{s_one6}"), ("h2", $"{Pa2}", null), ("h3", null, $"{s_three6}")])
        {
            string[] addresses = [.. new[] { v4, v6 }.OfType<string>()];
            string uplink = string.Join(", ", v4 is null ? [$"address: \"{v6}/64\""] : v6 is null ? [$"address: {v4}/24"] : (string[])[$"address: {v4}/24", $"address6: \"{v6}/64\""]);
            builder.Document($"kind: Host\nname: {host}\nproviderAddresses: [{string.Join(", ", addresses.Select(a => $"\"{a}\""))}]")
                .Document($"kind: LabHost\nname: {host}\nuplinks: [{{name: up0, {uplink}}}]");
        }

        (string[] One, string[] Two, string[] Three) at = ([$"{One4}", $"{One6}"], [$"{Two4}", $"{Two6}"], [$"{Three4}", $"{Three6}"]);
        foreach ((string x, string encapsulation, uint blue, uint red) in ((string, string, uint, uint)[])[("", "nvgre", Blue, Red), ("x", "vxlan", BlueX, RedX)])
        {
            builder.LearningNetwork($"blue{x}", blue, "pool: {range: 10.0.0.100-10.0.0.199}, routerAdvertisements: \"off\"", encapsulation)
                .Document($$"""
                    kind: VmNetwork
                    name: red{{x}}
                    tenant: red{{x}}
                    encapsulation: {{encapsulation}}
                    subnets:
                    - {vsid: {{red}}, prefixes: [10.0.0.0/24, "2001:db8:1::/64"]}
                    """)
                .Guest($"evil{x}", "h1", $"blue{x}", blue, [$"{Evil4}", $"{Evil6}"], mac: $"{EvilMac}", more: "stormLimit: 1000");
            foreach ((int host, string[] addresses, MacAddress mac) in ((int, string[], MacAddress)[])[(1, at.One, Mac1), (2, at.Two, Mac2), (3, at.Three, Mac3)])
            {
                builder.Guest($"b{x}{host}", $"h{host}", $"blue{x}", blue, addresses, mac: $"{mac}").Vm($"r{x}{host}", $"h{host}", $"red{x}", red, addresses, $"{mac}");
            }
        }

        Lab = await NetworkLab.StartAsync(builder.Build(), cancellationToken: TestContext.Current.CancellationToken);
        foreach (string host in (string[])["h1", "h2", "h3"])
        {
            using Rtnetlink links = Lab.Host(host).OpenNetlink();
            _macs[host] = MacAddress.FromBytes(links.GetLink("up0").Mac!.GetAddressBytes());
        }
    }

    public ValueTask DisposeAsync() => Lab is null ? default : Lab.DisposeAsync();

    private readonly Dictionary<string, MacAddress> _macs = new(StringComparer.Ordinal);

    private MacAddress MacOf(string host) => _macs[host];
}

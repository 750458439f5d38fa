using System.Net;
using Hnv.Datapath;
using Hnv.Lab.Capture;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Wire;
using static Hnv.Lab.Tests.Scenarios.IsolationLab;

namespace Hnv.Lab.Tests.Scenarios.Hardness;

/// <summary>
/// Random and mutated frames into the port and uplink programs on real devices, with learning, floods, DHCP and VRRP switched on in the attacker's
/// network. Whatever they are: nothing comes out in another tenant's VM or, from a port, in a host's stack; every frame is counted; agents live on,
/// and what is allowed still arrives.
/// <code>
///   h1: evil, b1 (blue), r1 (red)     h2: b2 (blue), r2 (red)
/// </code>
/// </summary>
public sealed class FrameFuzzTests : IAsyncLifetime
{
    private const int InTheGate = 30_000, Soak = 5_000_000;

    /// <summary>Frames between two looks at what came out.</summary>
    private const int Round = 2_000;

    private NetworkLab _lab = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _lab = await NetworkLab.StartAsync(
        new LabBuilder().Hosts("h1", "h2")
            .LearningNetwork("blue", Blue, "pool: {range: 10.0.0.100-10.0.0.199}, routerAdvertisements: \"off\"").Network("red", (Red, ["10.0.0.0/24", "2001:db8:1::/64"]))
            .Guest("evil", "h1", "blue", Blue, ["10.0.0.66", "2001:db8:1::66"], mac: EvilMac.ToString(), more: "stormLimit: 1000")
            .Guest("b1", "h1", "blue", Blue, ["10.0.0.5", "2001:db8:1::5"], mac: Mac1.ToString())
            .Guest("b2", "h2", "blue", Blue, ["10.0.0.7", "2001:db8:1::7"], mac: Mac2.ToString())
            .Vm("r1", "h1", "red", Red, ["10.0.0.5", "2001:db8:1::5"], Mac1.ToString()).Vm("r2", "h2", "red", Red, ["10.0.0.7", "2001:db8:1::7"], Mac2.ToString())
            .Build(),
        cancellationToken: Ct);

    public ValueTask DisposeAsync() => _lab is null ? default : _lab.DisposeAsync();

    [Fact]
    public Task AVm_ThatSendsAnything_ReachesNeitherOtherTenantsNorHosts() => FromVmAsync(InTheGate);

    [Fact]
    [Trait("Category", "Soak")]
    public Task AVm_ThatSendsAnythingForLong_ReachesNeitherOtherTenantsNorHosts() => FromVmAsync(Soak);

    [Fact]
    public Task AMachineOnTheProviderNetwork_ThatSendsAnything_ReachesNoNetworkButTheOneItNames() => FromFabricAsync(InTheGate);

    [Fact]
    [Trait("Category", "Soak")]
    public Task AMachineOnTheProviderNetwork_ThatSendsAnythingForLong_ReachesNoNetworkButTheOneItNames() => FromFabricAsync(Soak);

    private async Task FromVmAsync(int count)
    {
        using var trap = new FrameTrap();
        _ = trap.In(_lab.Vm("r1")).In(_lab.Vm("r2"));
        foreach (LabVm vm in _lab.Vms)
        {
            trap.BehindPrograms(_lab.Host(vm.Spec.Host), vm.Spec.First.HostInterface, (ushort)EtherType.IPv4, (ushort)EtherType.IPv6, (ushort)EtherType.Arp);
        }

        using PacketSocket evil = _lab.Vm("evil").OpenPacketSocket();
        await AttackAsync(evil, new FrameMutator(FrameMutator.NewSeed(), [.. FromVm]), count, trap, "blue/evil", static _ => true, static frame => !EndsInATag(frame));
    }

    private async Task FromFabricAsync(int count)
    {
        using var trap = new FrameTrap();
        _ = trap.In(_lab.Vm("r1")).In(_lab.Vm("r2"));
        MacAddress up1 = MacOf("h1"), up2 = MacOf("h2");
        byte[][] frames =
        [
            .. new[] { false, true }.SelectMany(v6 => HostileFabricFrames.All(v6, up2, up1).Select(f => f.Bytes).Append(HostileFabricFrames.Wrapped(up2, up1, Pa2, Blue, HostileFabricFrames.Allowed(v6)))),
            .. FromVm.Select(f => HostileFabricFrames.Wrapped(up2, up1, Pa2, Blue, f)),
        ];
        using PacketSocket fabric = FabricCapture.Open(_lab, "h1");
        // A frame that names red and the host that red lives on is red's: the provider network is trusted that far.
        await AttackAsync(fabric, new FrameMutator(FrameMutator.NewSeed(), frames), count, trap, null, static frame => !Names(frame, Red), frame => IsNvgre(frame, up1));
    }

    /// <param name="port">Where the frames are counted; null: at the uplink.</param>
    private async Task AttackAsync(PacketSocket from, FrameMutator frames, int count, FrameTrap trap, string? port, FrameTest mayBeSent, FrameTest mustBeCounted)
    {
        int?[] agents = [.. _lab.Hosts.Select(h => h.Agent.Pid)];
        VerdictCounts before = await VerdictCounts.ReadAsync(_lab, "h1");
        int counted = 0;
        for (int sent = 0; sent < count;)
        {
            var round = new List<byte[]>(Round);
            for (int i = 0; i < Round; i++, sent++)
            {
                ReadOnlySpan<byte> frame = frames.Next();
                if (mayBeSent(frame))
                {
                    from.Send(frame);
                    round.Add(frame.ToArray());
                    counted += mustBeCounted(frame) ? 1 : 0;
                }
            }

            CaughtFrame[] caught = [.. trap.Drain()];
            Assert.True(caught.Length == 0, $"Came out: {string.Join("\n", caught.Take(5))}\nafter one of {round.Count} frames of seed {frames.Seed}, with {sent} sent; the last of them:\n"
                + string.Join("\n", round.TakeLast(20).Select(Convert.ToHexString)));
        }

        IReadOnlyDictionary<Verdict, long> counts = new Dictionary<Verdict, long>();
        await Eventually.TrueAsync(
            async () => (counts = (await VerdictCounts.ReadAsync(_lab, "h1")).Since(before, port)).Values.Sum() >= counted,
            $"all {counted} frames are counted", () => $"{counts.Values.Sum()}: {string.Join(", ", counts)}");
        Assert.Equal(agents, _lab.Hosts.Select(h => h.Agent.Pid));
        Assert.All(_lab.Hosts, h => Assert.True(h.Agent.IsRunning));
        foreach ((string a, string b) in new[] { ("b1", "b2"), ("r1", "r2") })
        {
            Assert.True(await _lab.Vm(a).CanPingAsync(_lab.Vm(b).Address4, tries: 10) && await _lab.Vm(b).CanPingAsync(_lab.Vm(a).Address6, tries: 10), $"{a} and {b} reach each other");
        }
    }

    private delegate bool FrameTest(ReadOnlySpan<byte> frame);

    /// <summary>One or more of each kind that the data plane knows.</summary>
    private static IEnumerable<byte[]> FromVm =>
    [
        .. HostileFrames.All.Values.SelectMany(kind => kind()).Select(f => f.Bytes),
        HostileFrames.Udp(EvilMac, Mac1, Evil4, One4), HostileFrames.Udp(EvilMac, Mac2, Evil6, Two6),
        HostileFrames.Udp(EvilMac, WellKnownMacs.DistributedGateway, Evil4, Gateway4), HostileFrames.Udp(EvilMac, new MacAddress(0xffff_ffff_ffff), Evil4, IPAddress.Broadcast),
        PacketBuilder.Ethernet(EvilMac, new MacAddress(0xffff_ffff_ffff)).Arp(new ArpPacket(ArpOperation.Request, EvilMac, IPAddress.Parse("10.0.0.77"), default, IPAddress.Parse("10.0.0.77"))).ToArray(),
        PacketBuilder.Ethernet(EvilMac, new MacAddress(0xffff_ffff_ffff)).Arp(new ArpPacket(ArpOperation.Request, EvilMac, Evil4, default, Two4)).ToArray(),
        PacketBuilder.Ethernet(EvilMac, new MacAddress(0xffff_ffff_ffff)).Ip(IPAddress.Any, IPAddress.Broadcast).Udp(68, 67).Payload(Dhcp()).ToArray(),
        PacketBuilder.Ethernet(EvilMac, Mac1).Ip(Evil4, One4).Udp(67, 68).Payload(Dhcp()).ToArray(),
        PacketBuilder.Ethernet(EvilMac, MacAddress.Parse("01:00:5e:00:00:12")).IPv4(Evil4, IPAddress.Parse("224.0.0.18"), h => h with { Protocol = (IpProtocol)112, TimeToLive = 255 })
            .Payload(Convert.FromHexString("2133640100010000" + "0a000063")).ToArray(),
    ];

    /// <summary>A request of 10.0.0.120, RFC 2131.</summary>
    private static byte[] Dhcp()
    {
        byte[] message = new byte[300];
        new byte[] { 1, 1, 6, 0, 0x11, 0x22, 0x33, 0x44 }.CopyTo(message, 0);
        EvilMac.CopyTo(message.AsSpan(28));
        new byte[] { 0x63, 0x82, 0x53, 0x63, 53, 1, 3, 50, 4, 10, 0, 0, 120, 55, 3, 1, 3, 6, 255 }.CopyTo(message, 236);
        return message;
    }

    /// <summary>Ends before two bytes behind a VLAN tag: the kernel (skb_vlan_untag) drops such a frame before any program sees it.</summary>
    private static bool EndsInATag(ReadOnlySpan<byte> frame) => frame.Length < 20 && (EtherType)(frame[12] << 8 | frame[13]) is EtherType.Vlan or EtherType.ServiceVlan;

    /// <summary>What the uplink's program takes, and so counts.</summary>
    private static bool IsNvgre(ReadOnlySpan<byte> frame, MacAddress uplink) =>
        frame.Length >= 42 && MacAddress.FromBytes(frame[..6]) == uplink && frame[12..15].SequenceEqual((byte[])[8, 0, 0x45]) && frame[23] == (byte)IpProtocol.Gre
        && frame[30..34].SequenceEqual(Pa1.GetAddressBytes()) && frame[36..38].SequenceEqual((byte[])[0x65, 0x58]);

    /// <summary>Whether the bytes of a VSID stand where a key may.</summary>
    private static bool Names(ReadOnlySpan<byte> frame, uint vsid) =>
        frame.Length > 34 && frame[34..Math.Min(frame.Length, 80)].IndexOf([(byte)(vsid >> 16), (byte)(vsid >> 8), (byte)vsid]) >= 0;

    private MacAddress MacOf(string host)
    {
        using Rtnetlink links = _lab.Host(host).OpenNetlink();
        return MacAddress.FromBytes(links.GetLink("up0").Mac!.GetAddressBytes());
    }
}

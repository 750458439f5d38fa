using System.Net;
using System.Net.Sockets;
using Hnv.Datapath;
using Hnv.Lab.Capture;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Wire;
using static Hnv.Lab.Tests.Scenarios.IsolationLab;
using Encapsulation = Hnv.Model.Resources.Encapsulation;

namespace Hnv.Lab.Tests.Scenarios.Hardness;

/// <summary>
/// Random and mutated frames into the port and uplink programs on real devices, in all four forms, with learning, floods, DHCP and VRRP switched on in the
/// attacker's network. Whatever they are: nothing comes out in another tenant's VM or, from a port, in a host's stack; every frame is counted; agents live
/// on, and what is allowed still arrives.
/// </summary>
public sealed class FrameFuzzTests(FuzzLab fixture) : IClassFixture<FuzzLab>
{
    private const int InTheGate = 30_000, Soak = 10_000_000;

    /// <summary>Frames between two looks at what came out.</summary>
    private const int Round = 2_000;

    private NetworkLab Lab => fixture.Lab;

    [Theory]
    [InlineData("evil")]
    [InlineData("evilx")]
    public Task AVm_ThatSendsAnything_ReachesNeitherOtherTenantsNorHosts(string vm) => FromVmAsync(vm, InTheGate);

    [Theory]
    [InlineData("evil")]
    [InlineData("evilx")]
    [Trait("Category", "Soak")]
    public Task AVm_ThatSendsAnythingForLong_ReachesNeitherOtherTenantsNorHosts(string vm) => FromVmAsync(vm, Soak / 2);

    [Fact]
    public Task AMachineOnTheProviderNetwork_ThatSendsAnything_ReachesNoNetworkButTheOneItNames() => FromFabricAsync(2 * InTheGate);

    [Fact]
    [Trait("Category", "Soak")]
    public Task AMachineOnTheProviderNetwork_ThatSendsAnythingForLong_ReachesNoNetworkButTheOneItNames() => FromFabricAsync(Soak);

    private async Task FromVmAsync(string name, int count)
    {
        using FrameTrap trap = TrapOthers();
        foreach (LabVm vm in Lab.Vms)
        {
            trap.BehindPrograms(Lab.Host(vm.Spec.Host), vm.Spec.First.HostInterface, (ushort)EtherType.IPv4, (ushort)EtherType.IPv6, (ushort)EtherType.Arp);
        }

        using PacketSocket evil = Lab.Vm(name).OpenPacketSocket();
        await AttackAsync(evil, new FrameMutator(FrameMutator.NewSeed(), [.. FromVm]), count, trap, Lab.Vm(name).Spec.First.Port, static _ => true, static frame => !EndsInATag(frame));
        await AssertReachAsync();
    }

    private async Task FromFabricAsync(int count)
    {
        using FrameTrap trap = TrapOthers();
        byte[][] frames = [.. EncapsulationForm.All.SelectMany(FromPeer), .. EncapsulationForm.All.SelectMany(FromStrangers)];
        var taken = EncapsulationForm.All.ToDictionary(static f => f, static _ => 0);
        using PacketSocket fabric = FabricCapture.Open(Lab, "h1");
        // A frame that names a red network and the host that red lives on is red's: the provider network is trusted that far.
        await AttackAsync(fabric, new FrameMutator(FrameMutator.NewSeed(), frames), count, trap, null, static frame => !Names(frame, Red) && !Names(frame, FuzzLab.RedX), IsTaken);
        Assert.All(taken, f => Assert.True(f.Value > count / 20, $"{f.Value} of {count} frames were in {f.Key}"));

        // So is one that names blue: its ARP says to blue's guests what it likes, and their kernels believe it for up to a minute.
        foreach (LabVm guest in Lab.Vms.Where(v => v.Spec.First.Network.StartsWith("blue", StringComparison.Ordinal)))
        {
            (await guest.ExecAsync("ip", "neighbour", "flush", "all")).EnsureSuccess();
        }

        await AssertReachAsync();

        bool IsTaken(ReadOnlySpan<byte> frame)
        {
            foreach (EncapsulationForm form in taken.Keys)
            {
                if (FuzzLab.IsTaken(form, frame))
                {
                    taken[form]++;
                    return true;
                }
            }

            return false;
        }
    }

    /// <param name="port">Where the frames are counted; null: at the uplink.</param>
    private async Task AttackAsync(PacketSocket from, FrameMutator frames, int count, FrameTrap trap, string? port, FrameTest mayBeSent, FrameTest mustBeCounted)
    {
        int?[] agents = [.. Lab.Hosts.Select(h => h.Agent.Pid)];
        VerdictCounts before = await VerdictCounts.ReadAsync(Lab, "h1");
        int counted = 0;
        for (int sent = 0; sent < count;)
        {
            var round = new List<byte[]>(Round);
            while (round.Count < Round)
            {
                ReadOnlySpan<byte> frame = frames.Next();
                if (mayBeSent(frame))
                {
                    from.Send(frame);
                    round.Add(frame.ToArray());
                    counted += mustBeCounted(frame) ? 1 : 0;
                }
            }

            sent += round.Count;
            CaughtFrame[] caught = [.. trap.Drain()];
            Assert.True(caught.Length == 0, $"Came out: {string.Join("\n", caught.Take(5))}\nafter one of {round.Count} frames of seed {frames.Seed}, with {sent} sent; the last of them:\n"
                + string.Join("\n", round.TakeLast(20).Select(Convert.ToHexString)));
        }

        IReadOnlyDictionary<Verdict, long> counts = new Dictionary<Verdict, long>();
        await Eventually.TrueAsync(
            async () => (counts = (await VerdictCounts.ReadAsync(Lab, "h1")).Since(before, port)).Values.Sum() >= counted,
            $"all {counted} frames are counted", () => $"{counts.Values.Sum()}: {string.Join(", ", counts)}");
        Assert.Equal(agents, Lab.Hosts.Select(h => h.Agent.Pid));
        Assert.All(Lab.Hosts, h => Assert.True(h.Agent.IsRunning));
    }

    private async Task AssertReachAsync()
    {
        foreach ((string one, string other) in FuzzLab.Pairs)
        {
            await Reach.AssertAsync(Lab, Lab.Vm(one), Lab.Vm(other), Lab.Vm(other).Address4);
            await Reach.AssertAsync(Lab, Lab.Vm(other), Lab.Vm(one), Lab.Vm(one).Address6);
        }
    }

    /// <summary>In the VMs of the networks that the attacker has nothing to do with.</summary>
    private FrameTrap TrapOthers()
    {
        var trap = new FrameTrap();
        foreach (LabVm vm in Lab.Vms.Where(v => v.Spec.First.Network.StartsWith("red", StringComparison.Ordinal)))
        {
            trap.In(vm);
        }

        return trap;
    }

    private delegate bool FrameTest(ReadOnlySpan<byte> frame);

    /// <summary>One or more of each kind that the data plane knows.</summary>
    private static IEnumerable<byte[]> FromVm =>
    [
        .. HostileFrames.All.Values.SelectMany(kind => kind()).Select(f => f.Bytes),
        HostileFrames.Udp(EvilMac, Mac1, Evil4, One4), HostileFrames.Udp(EvilMac, Mac2, Evil6, Two6),
        .. Enumerable.Repeat((byte[][])[HostileFrames.Udp(EvilMac, FuzzLab.Mac3, Evil4, FuzzLab.Three4), HostileFrames.Udp(EvilMac, FuzzLab.Mac3, Evil6, FuzzLab.Three6)], 40).SelectMany(static f => f),
        HostileFrames.Udp(EvilMac, WellKnownMacs.DistributedGateway, Evil4, Gateway4), HostileFrames.Udp(EvilMac, new MacAddress(0xffff_ffff_ffff), Evil4, IPAddress.Broadcast),
        PacketBuilder.Ethernet(EvilMac, new MacAddress(0xffff_ffff_ffff)).Arp(new ArpPacket(ArpOperation.Request, EvilMac, IPAddress.Parse("10.0.0.77"), default, IPAddress.Parse("10.0.0.77"))).ToArray(),
        PacketBuilder.Ethernet(EvilMac, new MacAddress(0xffff_ffff_ffff)).Arp(new ArpPacket(ArpOperation.Request, EvilMac, Evil4, default, Two4)).ToArray(),
        PacketBuilder.Ethernet(EvilMac, new MacAddress(0xffff_ffff_ffff)).Ip(IPAddress.Any, IPAddress.Broadcast).Udp(68, 67).Payload(Dhcp()).ToArray(),
        PacketBuilder.Ethernet(EvilMac, Mac1).Ip(Evil4, One4).Udp(67, 68).Payload(Dhcp()).ToArray(),
        PacketBuilder.Ethernet(EvilMac, MacAddress.Parse("01:00:5e:00:00:12")).IPv4(Evil4, IPAddress.Parse("224.0.0.18"), h => h with { Protocol = (IpProtocol)112, TimeToLive = 255 })
            .Payload(Convert.FromHexString("2133640100010000" + "0a000063")).ToArray(),
    ];

    /// <summary>What a peer of that form may send, and what a VM there that nobody guards would.</summary>
    private IEnumerable<byte[]> FromPeer(EncapsulationForm form)
    {
        (uint blue, uint red) = form.Encapsulation == Encapsulation.Vxlan ? (FuzzLab.BlueX, FuzzLab.RedX) : (Blue, Red);
        (MacAddress mac, IPAddress v4, IPAddress v6) = form.Family == AddressFamily.InterNetworkV6 ? (FuzzLab.Mac3, FuzzLab.Three4, FuzzLab.Three6) : (Mac2, Two4, Two6);
        byte[][] allowed = [HostileFrames.Udp(mac, Mac1, v4, One4), HostileFrames.Udp(mac, Mac1, v6, One6)];
        return
        [
            .. Enumerable.Repeat(allowed, 50).SelectMany(static f => f).Concat(FromVm).Select(f => fixture.Wrapped(form, blue, f)),
            // Mutations of what would be red's, and what says that it is neither.
            .. Enumerable.Repeat(allowed, 10).SelectMany(static f => f).SelectMany(f => (uint[])[red + 1, 0, 9999, 0xffffff], (f, vsid) => fixture.Wrapped(form, vsid, f)),
            // In the other encapsulation's network.
            .. allowed.Select(f => fixture.Wrapped(form, form.Encapsulation == Encapsulation.Vxlan ? Blue : FuzzLab.BlueX, f)),
            fixture.Tunnel(form, blue).Frame(PacketBuilder.Ethernet(mac, new MacAddress(0xffff_ffff_ffff)).Arp(new ArpPacket(ArpOperation.Request, mac, v4, default, One4)).ToArray()).ToArray(),
            .. allowed.SelectMany(f => Enumerable.Range(0, f.Length).Select(length => fixture.Wrapped(form, blue, f[..length]))),
        ];
    }

    /// <summary>The same from machines that are no hosts of the cloud.</summary>
    private IEnumerable<byte[]> FromStrangers(EncapsulationForm form) =>
        from peer in form.Family == AddressFamily.InterNetworkV6 ? (string[])["fd00:4::99", "fd00:4::1", "2001:db8:1::7"] : ["192.168.4.99", "192.168.4.1", "10.0.0.7"]
        from vsid in (uint[])[Blue, FuzzLab.BlueX, 9999u]
        select fixture.Wrapped(form, vsid, HostileFabricFrames.Allowed(v6: false), IPAddress.Parse(peer));

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

    /// <summary>Whether the bytes of a VSID stand where a key may.</summary>
    private static bool Names(ReadOnlySpan<byte> frame, uint vsid) =>
        frame.Length > 34 && frame[34..Math.Min(frame.Length, 80)].IndexOf([(byte)(vsid >> 16), (byte)(vsid >> 8), (byte)vsid]) >= 0;
}

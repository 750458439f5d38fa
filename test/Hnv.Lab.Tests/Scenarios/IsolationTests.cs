using System.Net;
using System.Net.NetworkInformation;
using System.Text.Json;
using Hnv.Datapath;
using Hnv.Lab.Capture;
using Hnv.Lab.Machine;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Wire;
using static Hnv.Lab.Tests.Scenarios.IsolationLab;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>
/// A hostile VM, and a hostile machine on the provider network, send what they like. Of all that nothing arrives in another VM or in a
/// host's stack, and every frame is counted under the verdict that is meant for it; while what is allowed arrives, before and after.
/// </summary>
public sealed class IsolationTests(IsolationLab fixture) : IClassFixture<IsolationLab>, IAsyncLifetime
{
    private static readonly MacAddress s_gateway = WellKnownMacs.DistributedGateway;

    private readonly List<IDisposable> _open = [];

    private NetworkLab Lab => fixture.Lab;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Kinds => [.. HostileFrames.All.Keys];

    /// <summary>Sockets that take the allowed datagrams without an answer: then no VM says anything by itself.</summary>
    public ValueTask InitializeAsync()
    {
        foreach (LabVm vm in Lab.Vms)
        {
            _open.Add(new UdpSink(vm, HostileFrames.SinkPort));
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _open.ForEach(o => o.Dispose());
        return ValueTask.CompletedTask;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task AHostileVm_ReachesNobodyWith(string kind) => AttackAsync([.. HostileFrames.All[kind]()]);

    [Fact]
    public Task AHostileVm_ReachesNeitherItsHostNorOthers()
    {
        MacAddress port = MacOf("h1", Lab.Vm("evil").Spec.First.HostInterface), up1 = MacOf("h1", "up0"), up2 = MacOf("h2", "up0");
        IPAddress[] hosts = [Pa1, Pa2, IPAddress.Loopback, Evil4];
        return AttackAsync(
        [
            .. from mac in new[] { port, up1, up2 } from address in hosts
               select new HostileFrames.Frame(HostileFrames.Udp(EvilMac, mac, Evil4, address), Verdict.DestinationMacMismatch),
            .. from mac in new[] { port, up1, up2 }
               select new HostileFrames.Frame(HostileFrames.Udp(EvilMac, mac, Evil6, IPAddress.IPv6Loopback), Verdict.DestinationMacMismatch),
            .. from address in hosts[..3] select new HostileFrames.Frame(HostileFrames.Udp(EvilMac, s_gateway, Evil4, address), Verdict.VirtualRouteMissing),
            .. from address in hosts[..2]
               select new HostileFrames.Frame(
                   PacketBuilder.Ethernet(EvilMac, new MacAddress(0xffff_ffff_ffff)).Arp(new ArpPacket(ArpOperation.Request, EvilMac, Evil4, default, address)).ToArray(),
                   Verdict.AddressResolutionFailed),
        ]);
    }

    [Fact]
    public async Task ATenantsOwnNvgreToANeighbour_ComesOutAsItWentIn_AndNowhereElse()
    {
        byte[] inside = HostileFrames.Udp(Mac1, Mac2, One4, Two4);
        byte[] frame = PacketBuilder.Ethernet(EvilMac, Mac2).IPv4(Evil4, Two4).Nvgre(Red).Frame(inside).ToArray();
        using FrameTrap trap = TrapEverywhere();
        using PacketSocket evil = Lab.Vm("evil").OpenPacketSocket();
        evil.Send(frame);
        List<CaughtFrame> caught = [];
        await Eventually.TrueAsync(() => Collect(trap, caught).Any(f => f.Bytes.AsSpan().SequenceEqual(frame)), "the tenant's GRE packet arrives at its neighbour");
        // The neighbour's kernel refuses the protocol, and has to ask for the sender's MAC to say so.
        Assert.All(caught, f => Assert.StartsWith("b2/", f.Where, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AHostileMachineOnTheProviderNetwork_ReachesNobody(bool v6)
    {
        MacAddress up1 = MacOf("h1", "up0"), up2 = MacOf("h2", "up0");
        byte[] inside = HostileFabricFrames.Allowed(v6), allowed = HostileFabricFrames.Wrapped(up2, up1, Pa2, Blue, inside);
        HostileFrames.Frame[] frames = [.. HostileFabricFrames.All(v6, up2, up1)];
        using PacketSocket fabric = FabricCapture.Open(Lab, "h1");
        await SendAsync(frames, fabric, null, new Allowed(allowed, inside, "b1", Verdict.Decapsulated));
    }

    [Fact]
    public async Task WhoIsNotBound_CannotSpeak_NeitherBeforeNorAfter()
    {
        LabVm evil = Lab.Vm("evil");
        string port = PolicyText.PortText("evil", "blue", Blue, "h1", evil.Spec.First.HostInterface, EvilMac.ToString(), Evil4.ToString(), Evil6.ToString());
        byte[] frame = HostileFrames.Udp(EvilMac, Mac1, Evil4, One4);
        try
        {
            await Lab.DeleteAndRealiseAsync(new Model.Resources.ResourceId(Model.Resources.ResourceKind.Port, "blue", "evil"));
            using (FrameTrap trap = TrapEverywhere())
            {
                VerdictCounts before = await VerdictCounts.ReadAsync(Lab, "h1");
                const int frames = 20;
                using (PacketSocket socket = evil.OpenPacketSocket())
                {
                    for (int i = 0; i < frames; i++)
                    {
                        socket.Send(frame);
                    }
                }

                await Eventually.TrueAsync(
                    async () => (await VerdictCounts.ReadAsync(Lab, "h1")).Of(null, Verdict.PortUnbound) - before.Of(null, Verdict.PortUnbound) >= frames,
                    $"{frames} frames are dropped as PortUnbound");
                Assert.Empty(trap.Drain());
            }

            // A cable that is plugged while no agent looks is a cable that nobody guards: it stays dead.
            await Lab.Host("h1").Agent.KillAsync(Ct);
            await Lab.ApplyAsync(port);
            Assert.True(evil.Unplug());
            evil.Plug();
            using (Rtnetlink links = Lab.Host("h1").OpenNetlink())
            {
                Assert.False(links.GetLink(evil.Spec.First.HostInterface).IsUp);
            }

            using (FrameTrap trap = TrapEverywhere())
            using (PacketSocket socket = evil.OpenPacketSocket())
            {
                socket.Send(frame);
                Assert.Empty(trap.Drain());
            }
        }
        finally
        {
            if (!Lab.Host("h1").Agent.IsRunning)
            {
                Lab.Host("h1").Agent.Start();
            }

            await Lab.ConvergeAsync(await Lab.ApplyAsync(port), Ct);
        }

        Assert.True(await evil.CanPingAsync(One4, tries: 10));
    }

    [Fact]
    public async Task DropsCommand_TellsWhatWasDroppedWhereAndWhy()
    {
        HostileFrames.Frame[] frames = [.. HostileFrames.All["other EtherTypes"]()];
        long before = await Reported();
        using (PacketSocket evil = Lab.Vm("evil").OpenPacketSocket())
        {
            Array.ForEach(frames, f => evil.Send(f.Bytes));
        }

        await Eventually.TrueAsync(async () => await Reported() == before + frames.Length, $"hnv drops shows {frames.Length} more");

        async Task<long> Reported()
        {
            CommandResult answer = await HnvCommand.RunAsync(Lab, null, "drops", "h1", "-o", "json");
            Assert.Equal(0, answer.ExitCode);
            using JsonDocument rows = JsonDocument.Parse(answer.Output);
            return rows.RootElement.EnumerateArray()
                .Where(r => r.GetProperty("host").GetString() == "h1" && r.TryGetProperty("port", out JsonElement port) && port.GetString() == EvilPort
                    && r.GetProperty("verdict").GetString() == nameof(Verdict.UnsupportedFrameType))
                .Sum(r => r.GetProperty("packets").GetInt64());
        }
    }

    /// <summary>Sends frames from the hostile VM, between allowed ones before and after to a neighbour on either host.</summary>
    private async Task AttackAsync(HostileFrames.Frame[] frames)
    {
        using PacketSocket evil = Lab.Vm("evil").OpenPacketSocket();
        byte[] local = HostileFrames.Udp(EvilMac, Mac1, Evil4, One4), remote = HostileFrames.Udp(EvilMac, Mac2, Evil6, Two6);
        await SendAsync(frames, evil, EvilPort, new Allowed(local, local, "b1", Verdict.DeliveredLocal), new Allowed(remote, remote, "b2", Verdict.Encapsulated));
    }

    /// <summary>
    /// Sends frames and waits until each is counted. Nothing arrives anywhere but what is allowed: once before the frames and once after.
    /// </summary>
    private async Task SendAsync(HostileFrames.Frame[] frames, PacketSocket from, string? port, params Allowed[] allowed)
    {
        using FrameTrap trap = TrapEverywhere();
        List<CaughtFrame> caught = [];
        bool IsAllowed(CaughtFrame f) => allowed.Any(a => a.IsThis(f));
        Task SendAllowedAsync(int times)
        {
            Array.ForEach(allowed, a => from.Send(a.Frame));
            return Eventually.TrueAsync(() => Collect(trap, caught) is var all && allowed.All(a => all.Count(a.IsThis) == times), $"the allowed frames arrive ({times})");
        }

        await SendAllowedAsync(1);
        VerdictCounts before = await VerdictCounts.ReadAsync(Lab, "h1");
        foreach (HostileFrames.Frame frame in frames)
        {
            from.Send(frame.Bytes);
        }

        await SendAllowedAsync(2);
        Dictionary<Verdict, long> expected = frames.Select(f => f.Verdict).Concat(allowed.Select(a => a.Verdict)).GroupBy(v => v).ToDictionary(g => g.Key, g => (long)g.Count());
        IReadOnlyDictionary<Verdict, long> counted = new Dictionary<Verdict, long>();
        await Eventually.TrueAsync(
            async () =>
            {
                counted = (await VerdictCounts.ReadAsync(Lab, "h1")).Since(before, port);
                return counted.Where(c => IsOfTheFrames(c.Key)).Sum(c => c.Value) >= frames.Length + allowed.Length;
            },
            "every frame is counted", () => Show(counted));
        // The VMs' kernels speak to groups by themselves now and then.
        Assert.Equal(Show(expected), Show(counted.Where(c => IsOfTheFrames(c.Key))));
        Collect(trap, caught);
        Assert.All(caught, f => Assert.True(IsAllowed(f), $"arrived {f}"));
        Assert.Equal(2 * allowed.Length, caught.Count);

        bool IsOfTheFrames(Verdict verdict) => verdict != Verdict.FloodingDisabled || expected.ContainsKey(verdict);
    }

    private static string Show(IEnumerable<KeyValuePair<Verdict, long>> counts) => string.Join(", ", counts.OrderBy(c => c.Key).Select(c => $"{c.Key} {c.Value}"));

    private static List<CaughtFrame> Collect(FrameTrap trap, List<CaughtFrame> caught)
    {
        caught.AddRange(trap.Drain());
        return caught;
    }

    /// <summary>In every VM but the hostile one, and in both hosts behind the programs of every port and uplink.</summary>
    private FrameTrap TrapEverywhere()
    {
        var trap = new FrameTrap();
        ushort[] protocols = [(ushort)EtherType.IPv4, (ushort)EtherType.IPv6, (ushort)EtherType.Arp, .. HostileFrames.OtherTypes.Where(t => t >= 0x600)];
        foreach (LabVm vm in Lab.Vms.Where(v => v.Name != "evil"))
        {
            trap.In(vm);
        }

        foreach (LabVm vm in Lab.Vms)
        {
            trap.BehindPrograms(Lab.Host(vm.Spec.Host), vm.Spec.First.HostInterface, protocols);
        }

        foreach (LabHost host in Lab.Hosts)
        {
            trap.BehindPrograms(host, "up0", (ushort)EtherType.IPv4);
        }

        return trap;
    }

    private MacAddress MacOf(string host, string interfaceName)
    {
        using Rtnetlink links = Lab.Host(host).OpenNetlink();
        PhysicalAddress mac = links.GetLink(interfaceName).Mac!;
        return MacAddress.FromBytes(mac.GetAddressBytes());
    }

    /// <summary>A frame that must arrive: a lab that carries nothing would pass every other check.</summary>
    private sealed record Allowed(byte[] Frame, byte[] Inside, string At, Verdict Verdict)
    {
        public bool IsThis(CaughtFrame f) => f.Where == $"{At}/eth0" && f.Bytes.AsSpan().SequenceEqual(Inside);
    }
}

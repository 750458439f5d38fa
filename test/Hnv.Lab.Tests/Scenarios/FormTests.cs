using System.Net;
using System.Net.Sockets;
using Hnv.Api.Answers;
using Hnv.Api.Client;
using Hnv.Api.Stream;
using Hnv.Datapath;
using Hnv.Lab.Capture;
using Hnv.Lab.Machine;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;
using Hnv.Wire;
using Encapsulation = Hnv.Model.Resources.Encapsulation;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>Tenants' traffic in every form: both encapsulations, over provider networks of either family; judged by Wireshark and the kernel's VXLAN.</summary>
public abstract class FormTests(FormLab fixture)
{
    private NetworkLab Lab => fixture.Lab;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Networks => ["nv", "vx"];

    public static TheoryData<string, bool, string> Ways => new MatrixTheoryData<string, bool, string>(["nv", "vx"], [false, true], ["2", "tap"]);

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task BulkTcp_ArrivesBothWays(string network, bool v6, string to)
    {
        LabVm one = Lab.Vm(network + "1"), other = Lab.Vm(network + to);
        Assert.True(await one.CanPingAsync(v6 ? other.Address6 : other.Address4, tries: 10));
        await Transfer.AssertArrivesAsync(one, other, v6 ? other.Address6 : other.Address4);
        await Transfer.AssertArrivesAsync(other, one, v6 ? one.Address6 : one.Address4);
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public async Task PathMtu_IsTold_AndWhatFitsPasses(string network)
    {
        LabVm one = Lab.Vm(network + "1"), other = Lab.Vm(network + "2");
        int fits = 1500 - Form(network).Room;
        (await one.ExecAsync("ip", "route", "flush", "cache")).EnsureSuccess();
        CommandResult tooBig = await one.ExecAsync("ping", "-n", "-c", "1", "-W", "2", "-M", "do", "-s", "1472", other.Address4.ToString());
        Assert.Contains($"mtu = {fits}", tooBig.Output.Replace("mtu=", "mtu = ", StringComparison.Ordinal), StringComparison.Ordinal);
        (await one.ExecAsync("ip", "route", "flush", "cache")).EnsureSuccess();
        (await one.ExecAsync("ping", "-n", "-c", "1", "-W", "2", "-M", "do", "-s", $"{fits - 28}", other.Address4.ToString())).EnsureSuccess();
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public async Task Multicast_ReachesTheMembersOfTheOtherHost(string network)
    {
        LabVm one = Lab.Vm(network + "1"), other = Lab.Vm(network + "2");
        string linkLocal = IpAddresses.LinkLocal(other.Spec.First.Mac).ToString();
        await Eventually.TrueAsync(
            async () => (await one.ExecAsync("ping", "-6", "-n", "-c", "2", "-W", "1", "ff02::1%eth0")).Output.Contains(linkLocal, StringComparison.Ordinal), "the other host's VM answers");
    }

    /// <summary>
    /// TCP in segments that the kernel cut, datagrams, floods, ARP, ICMP errors, frames that are sent on, and what hosts tell each other: every frame of all
    /// that is what its headers say, checksums included. Whoever judges objects to each of those with a byte changed.
    /// </summary>
    [Theory]
    [MemberData(nameof(Networks))]
    public async Task EverythingOnTheProviderNetwork_IsWhatWiresharkReads(string network)
    {
        bool six = fixture.Family == AddressFamily.InterNetworkV6, vxlan = network == "vx";
        using (await AsOnAWireAsync())
        {
            var options = new PacketSocketOptions { ReceiveBufferSize = 32 << 20 };
            using PacketSocket first = FabricCapture.Open(Lab, "h1", options: options), second = FabricCapture.Open(Lab, "h2", options: options);
            await TalkAsync(network, second);
            List<byte[]> frames = [.. Drain(first), .. Drain(second)];
            Assert.All(frames, static f => Assert.True(f.Length <= 1514, $"a frame of {f.Length} bytes is none of a wire"));

            string outer = $"eth:ethertype:{(six ? "ipv6" : "ip")}:{(vxlan ? "udp:vxlan" : "gre")}:eth:ethertype:";
            byte[][] changed = [.. Changed(frames, Form(network).Room)];
            JudgedFrame[] judged = await WireJudge.ReadAsync([.. frames, .. changed]);
            Assert.All(judged[..frames.Count], static f => Assert.True(f.Objection is null, $"{f.Objection}: {Convert.ToHexString(f.Bytes)}"));
            Assert.All(judged[frames.Count..], static f => Assert.True(f.Objection is not null, $"nothing is said of {Convert.ToHexString(f.Bytes)}"));

            JudgedFrame[] ours = [.. judged[..frames.Count].Where(f => f.Protocols.StartsWith(outer, StringComparison.Ordinal))];
            Assert.All(ours, f => Assert.True(vxlan ? f.Key is "6001" or "9999" : f.Key.StartsWith("0x001389", StringComparison.Ordinal) || f.Key.StartsWith("0x00270f", StringComparison.Ordinal), f.Key));
            void Seen(string what, string inner, Func<JudgedFrame, bool>? like = null, bool expected = true) => Assert.True(
                ours.Any(f => f.Protocols.StartsWith(outer + inner, StringComparison.Ordinal) && (like is null || like(f))) == expected,
                $"{what} was {(expected ? "not " : "")}on the provider network: {string.Join("\n", ours.Select(f => $"{f.Protocols} {string.Join(' ', f.Kinds)}").Distinct())}");
            Seen("a full segment", "ip:tcp", f => f.Bytes.Length == 1514);
            Seen("a full segment of IPv6", "ipv6:tcp", f => f.Bytes.Length == 1514);
            Seen("a datagram", "ip:udp");
            Seen("a datagram of IPv6", "ipv6:udp");
            Seen("ARP", "arp", f => f.Kinds.Contains("1"));
            Seen("a port unreachable", "ip:icmp:ip:udp", f => f.Kinds.Contains("3"));
            Seen("a port unreachable of IPv6", "ipv6:icmpv6:ipv6:udp", f => f.Kinds.Contains("1"));
            Seen("a flooded broadcast", "ip:icmp", f => f.Destinations[1] == "ff:ff:ff:ff:ff:ff");
            Seen("a flooded multicast", "ipv6:icmpv6", f => f.Destinations[1].StartsWith("33:33:", StringComparison.Ordinal));
            Seen("what was sent on", "ip:udp", f => f.Hops.Contains("63"));

            // REDIRECT and UNREACHABLE, where they are defined.
            Seen("REDIRECT", "ip:icmp", static f => f.Kinds.Contains("5"), expected: !six && !vxlan);
            Seen("UNREACHABLE", "ip:icmp", static f => f.Kinds.Contains("3") && f.Key.StartsWith("0x00270f", StringComparison.Ordinal), expected: !six && !vxlan);
        }
    }

    /// <summary>What the data plane does on this kernel for each family and kind of port is told by command, and in the same words to whom collects figures.</summary>
    [Fact]
    public async Task HowFramesComeIntoPorts_IsToldByCommandAndMetrics()
    {
        HostStatus status = await Lab.Client.KernelAsync<HostStatus>("h1", HostQueries.Status, Ct);
        Assert.Equal(
            from provider in (string[])["IPv4", "IPv6"] from port in (string[])["veth", "tap"] from customer in (string[])["IPv4", "IPv6"] select ("up0", provider, customer, port),
            status.Deliveries.Select(static d => (d.Uplink, d.Provider, d.Customer, d.Port)));

        CommandResult table = await HnvCommand.RunAsync(Lab, null, "host", "status", "h1");
        Assert.Equal(0, table.ExitCode);
        string[] rows = [.. table.Output.Split('\n').Select(static l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries)))];
        Assert.Equal(
            status.Deliveries.Select(static d => $"{d.Uplink} {d.Provider} {d.Port} {d.Customer} " + d.Way switch
            {
                "peer" => "straight into the VM's namespace; UDP super-packets in VXLAN by segment routing, where the kernel has it",
                "changeProtocol" => "as straight, after a change of protocol",
                "segmentRouting" => "TCP unwrapped whole by segment routing; the rest through the port's device",
                _ => "TCP cut into segments and merged; the rest through the port's device",
            }),
            rows.Where(static r => r.StartsWith("up0 ", StringComparison.Ordinal)));

        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(Lab.Host("h1").Directory, "agent.sock")), token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        string metrics = await http.GetStringAsync(new Uri("http://localhost/metrics"), Ct);
        Assert.Equal(
            status.Deliveries.Select(static d => $"hnv_kernel_delivery{{uplink=\"{d.Uplink}\",provider=\"{d.Provider}\",customer=\"{d.Customer}\",port=\"{d.Port}\",way=\"{d.Way}\"}} 1"),
            metrics.Split('\n').Where(static l => l.StartsWith("hnv_kernel_delivery{", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task KernelVxlan_IsAPeerLikeAnyOther_BothWays()
    {
        LabVm vm = Lab.Vm("vx1");
        string ns = $"{Lab.FabricNamespace}-k"[^Math.Min(60, Lab.FabricNamespace.Length + 2)..];
        bool six = fixture.Family == AddressFamily.InterNetworkV6;
        string[] script =
        [
            $"ip netns add {ns}",
            $"ip -n {Lab.FabricNamespace} link add k0 type veth peer name u0 netns {ns}",
            $"ip -n {Lab.FabricNamespace} link set k0 master $(ip -n {Lab.FabricNamespace} -o link show type bridge | head -1 | cut -d: -f2 | tr -d ' ') up",
            $"ip -n {ns} link set lo up",
            $"ip -n {ns} address add {fixture.Stranger}/{(six ? "64 nodad" : "24")} dev u0",
            $"ip -n {ns} link set u0 up",
            $"ip -n {ns} link add vx0 address {FormLab.StrangerMac} type vxlan id 6001 dstport 4789 local {fixture.Stranger} nolearning {(six ? "udp6zerocsumtx udp6zerocsumrx" : string.Empty)}",
            $"bridge -n {ns} fdb append 00:00:00:00:00:00 dev vx0 dst {(six ? "fd00:4::1" : "192.168.4.11")}",
            $"ip -n {ns} link set vx0 mtu {1500 - Form("vx").Room} up",
            $"ip -n {ns} address add 10.0.0.99/24 dev vx0",
            $"ip -n {ns} address add 2001:db8:1::99/64 dev vx0 nodad",
        ];
        try
        {
            await Shell.RunAsync(string.Join(" && ", script));
            foreach (IPAddress address in (IPAddress[])[IPAddress.Parse("10.0.0.99"), IPAddress.Parse("2001:db8:1::99")])
            {
                Assert.True(await vm.CanPingAsync(address, tries: 10), $"{address} does not answer");
                string back = (address.AddressFamily == AddressFamily.InterNetwork ? vm.Address4 : vm.Address6).ToString();
                await Shell.RunAsync($"ip netns exec {ns} ping -n -c 2 -W 2 {back}");
                await Transfer.AssertArrivesAsync(vm.Namespace, ns, address);
                await Transfer.AssertArrivesAsync(ns, vm.Namespace, IPAddress.Parse(back));
            }
        }
        finally
        {
            await Shell.RunAsync($"ip netns del {ns}", whatever: true);
        }
    }

    /// <summary>One of everything between the VMs of a network.</summary>
    /// <param name="h2">The provider network's end of that host's cable.</param>
    private async Task TalkAsync(string network, PacketSocket h2)
    {
        LabVm one = Lab.Vm(network + "1"), two = Lab.Vm(network + "2"), three = Lab.Vm(network + "3"), tap = Lab.Vm(network + "tap");
        byte[] content = [.. Enumerable.Repeat((byte)'x', 200_000)];
        foreach (LabVm other in (LabVm[])[two, tap])
        {
            Assert.True(await one.CanPingAsync(other.Address4, tries: 10) && await one.CanPingAsync(other.Address6, tries: 10));
            Assert.Equal(Transfer.Hash(content), await Transfer.SendAsync(one, other, other.Address4, content));
            Assert.Equal(Transfer.Hash(content), await Transfer.SendAsync(other, one, one.Address6, content));
        }

        // Nobody listens: the kernel there says so.
        foreach (IPAddress address in (IPAddress[])[two.Address4, two.Address6])
        {
            using NetworkNamespace inside = NetworkNamespace.Open(one.Namespace);
            using Socket socket = inside.Run(() => new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
            socket.Connect(new IPEndPoint(address, 40009));
            await Eventually.TrueAsync(() => IsRefused(socket), $"{two.Name} says that nobody listens at {address}");
        }

        // To all; who answers does not matter.
        _ = await one.ExecAsync("ping", "-n", "-b", "-c", "1", "-W", "1", "10.0.0.255");
        _ = await one.ExecAsync("ping", "-6", "-n", "-c", "1", "-W", "1", "ff02::1%eth0");

        VerdictCounts before = await VerdictCounts.ReadAsync(Lab, "h2");
        using (PacketSocket adapter = one.OpenPacketSocket())
        {
            adapter.Send(PacketBuilder.Ethernet(one.Spec.First.Mac, two.Spec.First.Mac)
                .Arp(new ArpPacket(ArpOperation.Request, one.Spec.First.Mac, one.Address4, default, two.Address4)).ToArray());
        }

        // As if h1 had not heard that the third VM left h2, and took h2 for a member of a network that is not there. Senders are told by h2 until its own agent
        // has heard of the move.
        bool told = network == "nv" && fixture.Family == AddressFamily.InterNetwork;
        long revision = 0;
        if (told)
        {
            var id = new ResourceId(ResourceKind.Port, network, three.Name);
            revision = (await Lab.Client.MigratePortAsync(id, "h3", cancellationToken: Ct)).GetProperty("revision").GetInt64();
            await Lab.ConvergeAsync(revision, Ct);
            await Lab.Host("h2").Agent.KillAsync(Ct);
        }

        _ = await Lab.MoveAsync(three.Name, "h3", Ct);
        byte[] stray = PacketBuilder.Ethernet(one.Spec.First.Mac, three.Spec.First.Mac).Ip(one.Address4, three.Address4).Udp(40000, 40009).Payload(100).ToArray();
        uint vsid = one.Spec.First.Vsid;
        h2.Send(FromFirst(network, vsid, stray));
        h2.Send(FromFirst(network, 9999, stray));
        if (told)
        {
            Lab.Host("h2").Agent.Start();
            await Lab.ConvergeAsync(revision + 1, Ct);
        }

        await Eventually.TrueAsync(
            async () =>
            {
                IReadOnlyDictionary<Verdict, long> counts = (await VerdictCounts.ReadAsync(Lab, "h2")).Since(before, null);
                return counts.GetValueOrDefault(Verdict.Hairpinned) >= 1 && counts.GetValueOrDefault(Verdict.PolicyMissing) >= 1 && counts.GetValueOrDefault(Verdict.Decapsulated) >= 1;
            },
            "h2 has seen the ARP, the frame that it sends on and the one of nobody's");
    }

    /// <summary>Sends a datagram, and waits a second for the error: kernels limit how many they send.</summary>
    private static bool IsRefused(Socket socket)
    {
        try
        {
            socket.Send(new byte[700]);
            return socket.Poll(TimeSpan.FromSeconds(1), SelectMode.SelectRead) && socket.Receive(new byte[1]) < 0;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return true;
        }
    }

    /// <summary>A frame that h1 might send to h2.</summary>
    private byte[] FromFirst(string network, uint vsid, byte[] inner)
    {
        MacAddress Mac(string host)
        {
            using Rtnetlink links = Lab.Host(host).OpenNetlink();
            return MacAddress.FromBytes(links.GetLink("up0").Mac!.GetAddressBytes());
        }

        (IPAddress from, IPAddress to) = (Lab.Host("h1").Spec.Uplinks[0].Addresses[0].Address, Lab.Host("h2").Spec.Uplinks[0].Addresses[0].Address);
        PacketBuilder ethernet = PacketBuilder.Ethernet(Mac("h1"), Mac("h2"));
        PacketBuilder ip = fixture.Family == AddressFamily.InterNetworkV6 ? ethernet.IPv6(from, to) : ethernet.IPv4(from, to, static h => h with { Flags = IPv4Flags.DontFragment });
        return (network == "vx" ? ip.UdpWithoutChecksum(50000, VxlanHeader.Port).Vxlan(vsid) : ip.Nvgre(vsid)).Frame(inner).ToArray();
    }

    /// <summary>Lets no host leave segmentation or checksums to a device, until disposal: as if a cable followed.</summary>
    private async Task<IDisposable> AsOnAWireAsync()
    {
        string[] features = ["tx", "tso", "gso", "tx-gre-segmentation", "tx-gre-csum-segmentation", "tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation", "tx-udp-segmentation"];
        string Script(string state) => string.Join('\n', Lab.Hosts.SelectMany(h => features.Select(f => $"ip netns exec {h.Namespace} ethtool -K up0 {f} {state}")));

        // Some of them are fixed, or follow from others.
        await Shell.RunAsync(Script("off"), whatever: true);
        return new Restoring(() => Shell.RunAsync(Script("on"), whatever: true).GetAwaiter().GetResult());
    }

    private sealed class Restoring(Action restore) : IDisposable
    {
        public void Dispose() => restore();
    }

    private static IEnumerable<byte[]> Drain(PacketSocket socket)
    {
        while (socket.Receive(TimeSpan.Zero) is { } frame)
        {
            yield return frame;
        }
    }

    /// <summary>Full segments with one byte changed: of the tenant's data, of the tenant's IPv4 header, of the outer header.</summary>
    private IEnumerable<byte[]> Changed(List<byte[]> frames, int room)
    {
        int type = room + 12; // The tenant's EtherType.
        byte[] Full(EtherType of) => frames.First(f => f.Length == 1514 && (EtherType)(f[type] << 8 | f[type + 1]) == of);
        byte[] With(byte[] frame, int at)
        {
            byte[] changed = [.. frame];
            changed[at] ^= 0x10;
            return changed;
        }

        (byte[] v4, byte[] v6) = (Full(EtherType.IPv4), Full(EtherType.IPv6));
        yield return With(v4, 1000);
        yield return With(v6, 1000);
        yield return With(v4, type + 2 + 8); // Its TTL.
        yield return With(v4, fixture.Family == AddressFamily.InterNetworkV6 ? 14 + 5 : 14 + 8); // Payload length, TTL.
    }

    private EncapsulationForm Form(string network) => new(network == "vx" ? Encapsulation.Vxlan : Encapsulation.Nvgre, fixture.Family);
}

/// <summary>Over IPv4.</summary>
public sealed class FormsOverIPv4Tests(FormLab4 lab) : FormTests(lab), IClassFixture<FormLab4>;

/// <summary>Over IPv6 alone.</summary>
public sealed class FormsOverIPv6Tests(FormLab6 lab) : FormTests(lab), IClassFixture<FormLab6>;

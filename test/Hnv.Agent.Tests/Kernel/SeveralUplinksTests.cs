using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Hnv.Agent.Tests.Fakes;
using Hnv.Linux.Namespaces;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Wire;
using static Hnv.Agent.Tests.Fakes.Items;

namespace Hnv.Agent.Tests.Kernel;

/// <summary>Two uplinks on two provider networks, and peers behind the routers of either: real frames on a real kernel. Needs root.</summary>
public sealed class SeveralUplinksTests : IDisposable
{
    private const string Near = "172.16.0.22", Far = "172.16.0.33";
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);
    private static readonly MacAddress s_vm = MacAddress.Parse("06:06:00:00:00:05"), s_peer = MacAddress.Parse("06:06:00:00:00:07");
    private readonly KernelHost _host = new("up1");
    private readonly Rtnetlink _fabric;

    public SeveralUplinksTests()
    {
        _fabric = Rtnetlink.Of(_host.Fabric);
        foreach (int n in (int[])[0, 1])
        {
            _fabric.SetUp(_fabric.GetLink($"sw{n}").Index);
            _host.Route.SetNeighbour(Uplink(n), Router(n), PhysicalAddress.Parse("02-00-00-00-00-01"));
        }
    }

    public void Dispose()
    {
        _fabric.Dispose();
        _host.Dispose();
    }

    [Fact]
    public async Task Peers_AreReachedByTheirRoutes_WhichMoveThemBetweenUplinks_AndFramesComeInByAny()
    {
        _host.Route.AddRoute(To(Near, 0, metric: 100));
        _host.Route.AddRoute(To(Far, 1, metric: 100));
        using NetworkNamespace vm = _host.AddVm("v-blue1", "10.0.0.5", "06:06:00:00:00:05");
        _host.Policy(
            10, Subnet(), Route(), Port(), Record("10.0.0.5", pa: "192.168.4.11", port: "blue/blue1"), Peer(Near), Peer(Far),
            Record("10.0.0.7", mac: s_peer.ToString(), pa: Near), Record("10.0.0.8", mac: "06:06:00:00:00:08", pa: Far));
        await _host.UntilAsync(() => _host.Core.State.RealisedRevision == 10 && _host.State("blue/blue1").StartsWith("bound", StringComparison.Ordinal), "the port is bound");
        using PacketSocket sw0 = Listen(0), sw1 = Listen(1);
        using Socket socket = vm.Run(() =>
        {
            var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            udp.Bind(new IPEndPoint(IPAddress.Parse("10.0.0.5"), 5000));
            return udp;
        });

        await LeavesAsync("10.0.0.7", Near, sw0);
        await LeavesAsync("10.0.0.8", Far, sw1);
        foreach ((PacketSocket at, int n) in (ReadOnlySpan<(PacketSocket, int)>)[(sw0, 0), (sw1, 1)])
        {
            Arrives(at, n); // Which way an answer takes is the provider network's business.
        }

        // A better route by the other uplink.
        _host.Route.AddRoute(To(Near, 1, metric: 50));
        await LeadsAsync(Near, 1);
        await LeavesAsync("10.0.0.7", Near, sw1);
        Arrives(sw0, 0);

        // And back, for its link is gone, and its routes with it.
        _host.Route.SetDown(Uplink(1));
        await LeadsAsync(Near, 0);
        await LeavesAsync("10.0.0.7", Near, sw0);
        await _host.UntilAsync(() => _host.Core.State.Problems.Any(static p => p.Contains(Far, StringComparison.Ordinal)), "the peer without a way is told");
        Assert.Contains("bound", _host.State("blue/blue1"), StringComparison.Ordinal);

        async Task LeavesAsync(string to, string peer, PacketSocket at)
        {
            await socket.SendToAsync(new byte[] { 1, 2, 3 }, new IPEndPoint(IPAddress.Parse(to), 5000), TestContext.Current.CancellationToken);
            while (at.Receive(s_deadline) is { } frame)
            {
                if (frame.Length > 34 && frame[23] == (byte)IpProtocol.Gre)
                {
                    Assert.Equal(("192.168.4.11", peer), (new IPAddress(frame[26..30]).ToString(), new IPAddress(frame[30..34]).ToString()));
                    return;
                }
            }

            Assert.Fail($"Nothing for {peer} left there.");
        }

        void Arrives(PacketSocket at, int n)
        {
            byte[] mac = _host.Route.GetLink($"up{n}").Mac!.GetAddressBytes();
            byte[] inner = PacketBuilder.Ethernet(s_peer, s_vm).IPv4(IPAddress.Parse("10.0.0.7"), IPAddress.Parse("10.0.0.5")).Udp(4000, 5000).Payload([(byte)n, 9]).ToArray();
            at.Send(PacketBuilder.Ethernet(MacAddress.Parse("02:00:00:00:00:01"), MacAddress.FromBytes(mac))
                .IPv4(IPAddress.Parse(Near), IPAddress.Parse("192.168.4.11"), static h => h with { Flags = IPv4Flags.DontFragment }).Nvgre(5001).Frame(inner).ToArray());
            byte[] buffer = new byte[16];
            socket.ReceiveTimeout = (int)s_deadline.TotalMilliseconds;
            Assert.Equal(2, socket.Receive(buffer));
            Assert.Equal(n, buffer[0]);
        }
    }

    private static IPAddress Router(int n) => IPAddress.Parse($"192.168.{4 + n}.1");

    private int Uplink(int n) => _host.Route.GetLink($"up{n}").Index;

    private RouteSpec To(string peer, int n, int metric) =>
        new(new IPNetwork(IPAddress.Parse(peer), 32)) { Gateway = Router(n), InterfaceIndex = Uplink(n), Metric = metric };

    private PacketSocket Listen(int n) => PacketSocket.Open(
        _host.Fabric, _fabric.GetLink($"sw{n}").Index, new PacketSocketOptions { IgnoreOutgoing = true, Protocol = (ushort)EtherType.IPv4 });

    private Task LeadsAsync(string peer, int n) => _host.UntilAsync(
        () => _host.Dataplane.ReadPeers().Any(p => p.Key.ToString() == peer && p.Value.Uplink == (uint)Uplink(n)), $"{peer} is reached by up{n}");
}

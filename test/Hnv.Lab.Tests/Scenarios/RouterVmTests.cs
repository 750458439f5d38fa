using System.Net;
using Hnv.Datapath;
using Hnv.Lab.Machine;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>Customer routes through a VM that forwards, between two VM networks that have nothing else in common.</summary>
[Collection<TrafficCollection>]
public sealed class RouterVmTests(TrafficLab fixture)
{
    private NetworkLab Lab => fixture.Lab;

    [Theory]
    [InlineData("b1", "s1", false)] // VM → host h2 → router → back to host h1: decapsulated, routed, encapsulated again
    [InlineData("b1", "s1", true)]
    [InlineData("s1", "b1", false)]
    [InlineData("s1", "b1", true)]
    [InlineData("b2", "s1", false)] // from the router's own host
    [InlineData("b2", "s1", true)]
    public async Task Tcp_ThroughTheRouter_ArrivesWhole(string from, string to, bool v6)
    {
        LabVm receiver = Lab.Vm(to);
        await Transfer.AssertArrivesAsync(Lab.Vm(from), receiver, v6 ? receiver.Address6 : receiver.Address4);
    }

    [Theory]
    [InlineData(false, "10.0.0.1", "10.0.0.100")]
    [InlineData(true, "2001:db8:1::1", "2001:db8:1::100")]
    public async Task EveryHop_ShowsInATraceroute_TheDistributedGatewayAndTheRouter(bool v6, string first, string second)
    {
        LabVm from = Lab.Vm("b1"), to = Lab.Vm("s1");
        IPAddress address = v6 ? to.Address6 : to.Address4;
        Assert.True(await from.CanPingAsync(address, tries: 10));
        foreach ((int hops, string answers) in new[] { (1, first), (2, second) })
        {
            CommandResult expired = await from.ExecAsync("ping", "-n", "-c", "1", "-W", "5", "-t", hops.ToString(), address.ToString());
            Assert.Equal(1, expired.ExitCode);
            Assert.Contains($"From {answers} ", expired.Output, StringComparison.Ordinal);
        }

        // The router's own hop, and the distributed gateways before and behind it.
        CommandResult arrives = await from.ExecAsync("ping", "-n", "-c", "1", "-W", "5", address.ToString());
        Assert.Equal(0, arrives.ExitCode);
        Assert.Contains("ttl=62", arrives.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheSourceGuard_LetsTheRouterSendForWhatIsRoutedToIt_AndNothingElse()
    {
        LabVm router = Lab.Vm("router"), target = Lab.Vm("b2");
        MacAddress mac = router.Spec.Adapters[0].Mac, to = target.Spec.First.Mac;
        using var sink = new UdpSink(target, 7777);
        using FrameTrap trap = new FrameTrap().In(target);
        using PacketSocket socket = router.OpenPacketSocket();
        VerdictCounts before = await VerdictCounts.ReadAsync(Lab, "h2");
        byte[] Datagram(string source, MacAddress from, bool v6) =>
            PacketBuilder.Ethernet(from, to).Ip(IPAddress.Parse(source), v6 ? target.Address6 : target.Address4).Udp(7777, 7777).Payload(32).ToArray();

        byte[][] routed = [Datagram("10.9.0.77", mac, false), Datagram("2001:db8:9::77", mac, true), Datagram("10.0.0.100", mac, false)];
        byte[][] foreign = [Datagram("172.31.0.1", mac, false), Datagram("10.8.0.1", mac, false), Datagram("2001:db8:8::1", mac, true)];
        byte[][] stolen = [Datagram("10.0.0.5", mac, false), Datagram("2001:db8:1::5", mac, true), Datagram("10.9.0.77", MacAddress.Parse("06:06:00:00:10:05"), false)];
        foreach (byte[] frame in (byte[][])[.. foreign, .. stolen, .. routed])
        {
            socket.Send(frame);
        }

        List<CaughtFrame> caught = [];
        await Eventually.TrueAsync(() => Collect().Count >= routed.Length, "the routed sources arrive");
        await Eventually.TrueAsync(
            async () => (await VerdictCounts.ReadAsync(Lab, "h2")).Since(before, "blue/left") is var counted
                && counted.GetValueOrDefault(Verdict.SourceRecordMissing) == foreign.Length
                && counted.GetValueOrDefault(Verdict.SourceCaMacMismatch) == stolen.Length, "the others are counted");
        Assert.Equal(routed.Select(Convert.ToHexString), Collect().Select(f => Convert.ToHexString(f.Bytes)));

        List<CaughtFrame> Collect()
        {
            caught.AddRange(trap.Drain().Where(f => PacketUse(f.Bytes)));
            return caught;
        }
    }

    /// <summary>Whether a frame is one of the datagrams; neighbours may resolve each other meanwhile.</summary>
    private static bool PacketUse(byte[] frame) => frame.AsSpan(^32..).SequenceEqual(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray());
}

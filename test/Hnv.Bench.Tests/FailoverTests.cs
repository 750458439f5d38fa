using System.Net;
using System.Net.Sockets;
using Hnv.Bench.Measuring;
using Hnv.Bench.Topology;
using Hnv.Bench.Traffic;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Bench.Tests;

/// <summary>That a fail-over is seen for what it is.</summary>
public sealed class FailoverTests
{
    private static readonly MacAddress s_own = MacAddress.FromBytes([6, 6, 0, 0, 0, 1]), s_other = MacAddress.FromBytes([6, 6, 0, 0, 0, 2]);
    private static readonly IPAddress s_client = IPAddress.Parse("10.0.0.23");

    [Fact]
    public void NumberOf_DatagramToTheAddressAndAdapter_IsItsNumber()
    {
        Assert.Equal(258, TakeoverWatch.NumberOf(Datagram(s_own, FailoverSite.Shared4), Mac(s_own), FailoverSite.Shared4.GetAddressBytes()));
        Assert.Null(TakeoverWatch.NumberOf(Datagram(s_other, FailoverSite.Shared4), Mac(s_own), FailoverSite.Shared4.GetAddressBytes()));
        Assert.Null(TakeoverWatch.NumberOf(Datagram(s_own, s_client), Mac(s_own), FailoverSite.Shared4.GetAddressBytes()));
    }

    [Fact]
    public void Claims_ArpFromTheAddress_CountsOfItsOwnAdapterAlone()
    {
        byte[] frame = PacketBuilder.Ethernet(s_own, MacAddress.FromBytes([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))
            .Arp(new ArpPacket(ArpOperation.Request, s_own, FailoverSite.Shared4, default, FailoverSite.Shared4)).ToArray();

        Assert.True(TakeoverWatch.Claims(frame, Mac(s_own), FailoverSite.Shared4.GetAddressBytes()));
        Assert.False(TakeoverWatch.Claims(frame, Mac(s_other), FailoverSite.Shared4.GetAddressBytes()));
        Assert.False(TakeoverWatch.Claims(frame, Mac(s_own), s_client.GetAddressBytes()));
    }

    [Fact]
    public async Task MeasureAsync_BetweenVxlanHosts_SeesBothFamiliesAndTakesTurns()
    {
        CancellationToken ct = TestContext.Current.CancellationToken;
        await using FailoverSite site = VxlanFailoverSite.Build(AddressFamily.InterNetwork);
        await using FailoverPair pair = await FailoverPair.StartAsync(site, ct);

        foreach (Death death in Enum.GetValues<Death>())
        {
            IReadOnlyList<Reading> readings = await pair.MeasureAsync(death, "share", ct);

            Assert.Equal(["share, IPv4", "keepalived's time-out, IPv4", "share, IPv6", "keepalived's time-out, IPv6", FailoverPair.Lost], readings.Select(static r => r.Metric));
            Assert.All(readings.Where(static r => r.Unit == "ms" && r.Metric.StartsWith("keepalived", StringComparison.Ordinal)), static r => Assert.True(r.Value > 0));
        }
    }

    private static byte[] Datagram(MacAddress to, IPAddress address) =>
        PacketBuilder.Ethernet(s_other, to).IPv4(s_client, address).Udp(1000, DatagramSender.Port).Payload([0, 0, 1, 2]).ToArray();

    private static byte[] Mac(MacAddress mac)
    {
        byte[] bytes = new byte[6];
        mac.CopyTo(bytes);
        return bytes;
    }
}

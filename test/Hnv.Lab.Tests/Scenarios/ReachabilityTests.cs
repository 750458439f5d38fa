using System.Collections.Immutable;
using System.Net.Sockets;
using Hnv.Lab.Capture;
using Hnv.Lab.Reachability;
using Hnv.Linux.Packets;
using Hnv.Wire;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>Two tenants with the same addresses on three hosts.</summary>
public sealed class ReachabilityTests(DefaultLab fixture) : IClassFixture<DefaultLab>
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(5);

    private NetworkLab Lab => fixture.Lab;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task VmsOfANetworkReachEachOther_OverIPv4AndIPv6_AcrossHostsAndSubnets()
    {
        ImmutableArray<PingResult> pings = await ReachabilityProbe.RunAsync(Lab, cancellationToken: Ct);
        PingResult[] within = [.. pings.Where(p => p.SameNetwork)];
        Assert.Equal(2 * 3 * 2 * 2, within.Length); // two tenants, three VMs, two others each, two families
        Assert.Equal(within.Length / 2, within.Count(p => p.Address.AddressFamily == AddressFamily.InterNetworkV6));
        Assert.All(within, p => Assert.True(p.Ok, p.ToString()));
    }

    [Fact]
    public async Task EqualAddressesOfTwoTenants_NeverMeet()
    {
        ImmutableArray<PingResult> pings = await ReachabilityProbe.RunAsync(Lab, cancellationToken: Ct);
        PingResult[] across = [.. pings.Where(p => !p.SameNetwork)];
        Assert.Equal(2 * 3 * 3 * 2, across.Length);
        Assert.All(across, p => Assert.True(p.AsExpected, p.ToString()));
        Assert.All(pings.Where(p => p.ArrivedAt is not null), p => Assert.Equal(p.From[..3], p.ArrivedAt![..3]));
    }

    [Fact]
    public async Task APingBetweenHosts_CrossesTheProviderNetworkAsNvgreOfItsSubnet()
    {
        LabVm from = Lab.Vm("red1"), to = Lab.Vm("red2");
        byte[]? frame = await FabricCapture.PingAsync(Lab, from, to.Address4, s_soon);
        Assert.NotNull(frame);
        Assert.True(FabricCapture.TryReadTunnel(frame, out NvgreHeader tunnel, out ReadOnlySpan<byte> inner));
        Assert.Equal(6001u, tunnel.VirtualSubnetId);
        Assert.True(EthernetHeader.TryParse(inner, out EthernetHeader ethernet, out _));
        Assert.Equal(to.Spec.First.Mac, ethernet.Destination);
        Assert.Equal(from.Spec.First.Mac, ethernet.Source);
    }

    [Theory]
    [InlineData("blue1", "blue2", 64, 5001)] // in the subnet
    [InlineData("blue1", "blue3", 63, 5002)] // across subnets, through the distributed gateway
    public async Task ARoutedPacket_LosesOneOfItsTimeToLive_AndABridgedOneNone(string from, string to, int expected, int vsid)
    {
        byte[]? frame = await FabricCapture.PingAsync(Lab, Lab.Vm(from), Lab.Vm(to).Address4, s_soon);
        Assert.NotNull(frame);
        Assert.True(FabricCapture.TryReadTunnel(frame, out NvgreHeader tunnel, out ReadOnlySpan<byte> inner));
        Assert.Equal((uint)vsid, tunnel.VirtualSubnetId);
        Assert.True(EthernetHeader.TryParse(inner, out _, out ReadOnlySpan<byte> packet));
        Assert.True(IPv4Header.TryParse(packet, out IPv4Header ip, out _, out _));
        Assert.Equal(expected, ip.TimeToLive);
    }

    [Fact]
    public async Task ARoutedIPv6Packet_ArrivesWithOneHopLess()
    {
        LabVm from = Lab.Vm("blue1"), to = Lab.Vm("blue3");
        using PacketSocket socket = to.OpenPacketSocket(options: new PacketSocketOptions { IgnoreOutgoing = true });
        Assert.True(await from.CanPingAsync(to.Address6));
        byte? hops = null;
        while (hops is null && socket.Receive(s_soon) is { } frame)
        {
            if (EthernetHeader.TryParse(frame, out EthernetHeader ethernet, out ReadOnlySpan<byte> packet) && ethernet.Type == EtherType.IPv6
                && IPv6Header.TryParse(packet, out IPv6Header ip, out _) && ip.Source.Equals(from.Address6))
            {
                hops = ip.HopLimit;
            }
        }

        Assert.Equal((byte)63, hops);
    }
}

using System.Collections.Immutable;
using Hnv.Api.Answers;
using Hnv.Api.Reports;
using Hnv.Api.Stream;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Linux.Packets;
using Hnv.Wire;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>Interfaces that go, come back, and change names: binding is by name, and nothing stays behind an interface index.</summary>
[Collection<ChangeCollection>]
public sealed class PortLifecycleTests(ChangeLab fixture)
{
    private NetworkLab Lab => fixture.Lab;

    private LabHost H1 => Lab.Host("h1");

    private LabVm C1 => Lab.Vm("c1");

    private LabVm B2 => Lab.Vm("b2");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnInterfaceDeletedAndMadeAgain_IsBoundAgain()
    {
        for (int round = 0; round < 3; round++)
        {
            Assert.True(await C1.CanPingAsync(B2.Address4, tries: 10));
            int before = (await PortAsync()).InterfaceIndex!.Value;
            Assert.True(C1.Unplug());
            await StateAsync(PortStates.Waiting);
            C1.Plug();
            await StateAsync(PortStates.Bound);
            Assert.NotEqual(before, (await PortAsync()).InterfaceIndex);
        }

        Assert.True(await C1.CanPingAsync(B2.Address4, tries: 10) && await C1.CanPingAsync(B2.Address6, tries: 10) && await B2.CanPingAsync(C1.Address4, tries: 10));
        await Transfer.AssertArrivesAsync(C1, B2, B2.Address4, 1 << 20);
    }

    [Fact]
    public async Task AnInterfaceRenamed_IsNoPortAnyMore_AndIsOneAgainUnderItsName()
    {
        string name = C1.Spec.First.HostInterface;
        Assert.True(await C1.CanPingAsync(B2.Address4, tries: 10));
        try
        {
            (await H1.ExecAsync("ip", "link", "set", name, "name", "elsewhere")).EnsureSuccess();
            await StateAsync(PortStates.Waiting);
            using FrameTrap trap = new FrameTrap().In(B2).BehindPrograms(H1, "elsewhere", (ushort)EtherType.IPv4, (ushort)EtherType.IPv6, (ushort)EtherType.Arp);
            using var sink = new UdpSink(B2, 7777);
            Assert.False(await C1.CanPingAsync(B2.Address4, tries: 2));
            Assert.False(await B2.CanPingAsync(C1.Address4, tries: 1));
            Assert.DoesNotContain(trap.Drain(), f => f.Where.StartsWith("h1/", StringComparison.Ordinal));
        }
        finally
        {
            (await H1.ExecAsync("ip", "link", "set", "elsewhere", "name", name)).EnsureSuccess();
        }

        await StateAsync(PortStates.Bound);
        Assert.True(await C1.CanPingAsync(B2.Address4, tries: 10));
    }

    [Fact]
    public async Task AStrangerWithTheIndexOfADeletedPort_GetsNothingOfItsTraffic_AndReachesNobody()
    {
        int index = (await PortAsync()).InterfaceIndex!.Value;
        Assert.True(await C1.CanPingAsync(B2.Address4, tries: 10));
        Assert.True(await B2.CanPingAsync(C1.Address4, tries: 10));
        try
        {
            Assert.True(C1.Unplug());
            (await H1.ExecAsync("ip", "link", "add", "stranger", "index", index.ToString(), "type", "veth", "peer", "name", "stranger-end")).EnsureSuccess();
            (await H1.ExecAsync("ip", "link", "set", "stranger", "up")).EnsureSuccess();
            (await H1.ExecAsync("ip", "link", "set", "stranger-end", "up")).EnsureSuccess();
            await StateAsync(PortStates.Waiting);
            Assert.Null((await PortAsync()).InterfaceIndex);
            ImmutableArray<KernelRecord> records = await Lab.Client.KernelAsync<ImmutableArray<KernelRecord>>("h1", HostQueries.Records, Ct);
            Assert.DoesNotContain(records, r => r.Interface is "stranger");

            using PacketSocket stranger = H1.OpenPacketSocket("stranger-end", new PacketSocketOptions { IgnoreOutgoing = true });
            using FrameTrap atB2 = new FrameTrap().In(B2);
            // Whoever still has the address resolved goes on sending there; the stranger sends in the port's name.
            Assert.False(await B2.CanPingAsync(C1.Address4, tries: 2));
            Assert.False(await Lab.Vm("b1").CanPingAsync(C1.Address4, tries: 2));
            stranger.Send(PacketBuilder.Ethernet(C1.Spec.First.Mac, B2.Spec.First.Mac).Ip(C1.Address4, B2.Address4).Udp(1, 2).Payload("a stranger's"u8).ToArray());
            Assert.False(await B2.CanPingAsync(C1.Address4, tries: 1));
            Assert.DoesNotContain(atB2.Drain(), f => f.Bytes.AsSpan().IndexOf("a stranger's"u8) >= 0);
            while (stranger.Receive(TimeSpan.Zero) is { } frame)
            {
                // The host speaks there by itself (IPv6); no frame is for or from a tenant's adapter.
                Assert.True(EthernetHeader.TryParse(frame, out EthernetHeader ethernet, out _));
                Assert.DoesNotContain(Lab.Vms.Select(v => v.Spec.First.Mac), m => m == ethernet.Destination || m == ethernet.Source);
            }
        }
        finally
        {
            _ = H1.DeleteLink("stranger");
            C1.Plug();
        }

        await StateAsync(PortStates.Bound);
        Assert.True(await C1.CanPingAsync(B2.Address4, tries: 10));
    }

    private async Task<KernelPort> PortAsync() =>
        (await Lab.Client.KernelAsync<ImmutableArray<KernelPort>>("h1", HostQueries.Ports, Ct)).Single(p => p.Port == "blue/c1");

    private Task StateAsync(string state) => Eventually.TrueAsync(async () => (await PortAsync()).State == state, $"c1's port is {state}");
}

using System.Collections.Immutable;
using System.Net;
using Hnv.Datapath;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Linux.Packets;
using Hnv.Model.Resources;
using Hnv.Wire;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>Policy that changes under traffic: whom it does not concern loses nothing.</summary>
[Collection<ChangeCollection>]
public sealed class PolicyChangeTests(ChangeLab fixture) : IAsyncLifetime
{
    private const string Floating = "10.0.0.50";

    private const string Network = """
        kind: VmNetwork
        name: blue
        tenant: blue
        subnets:
        - {vsid: 5001, prefixes: ["10.0.0.0/24", "2001:db8:1::/64"]}
        - {vsid: 5002, prefixes: ["10.0.1.0/24", "2001:db8:2::/64"]}

        """;

    private ImmutableArray<NumberedFlow> _flows = [];

    private NetworkLab Lab => fixture.Lab;

    private LabVm B1 => Lab.Vm("b1");

    private LabVm B2 => Lab.Vm("b2");

    private LabVm C1 => Lab.Vm("c1");

    private LabVm C2 => Lab.Vm("c2");

    private LabVm D3 => Lab.Vm("d3");

    /// <summary>Within the subnet and across subnets, both families.</summary>
    public async ValueTask InitializeAsync() => _flows =
    [
        .. await NumberedFlow.StartAllAsync(B1, B2), await NumberedFlow.StartAsync(B1, D3, D3.Address4), await NumberedFlow.StartAsync(D3, B1, B1.Address6),
    ];

    public async ValueTask DisposeAsync()
    {
        foreach (NumberedFlow flow in _flows)
        {
            await flow.DisposeAsync();
        }
    }

    [Fact]
    public async Task ASubnetAdded_AndTakenAway()
    {
        await Lab.ApplyAndRealiseAsync(Network + "- {vsid: 5003, prefixes: [\"10.0.2.0/24\"]}\n");
        Assert.True(await B1.CanPingAsync(IPAddress.Parse("10.0.2.1"), tries: 10), "the new subnet's gateway answers");
        await Lab.ApplyAndRealiseAsync(Network);
        Assert.False(await B1.CanPingAsync(IPAddress.Parse("10.0.2.1"), tries: 1));
        await AssertNothingLostAsync();
    }

    [Fact]
    public async Task APortMovedToAnotherAddress_IsReachedThere_AndSpeaksFromThereOnly()
    {
        Assert.True(await C1.CanPingAsync(C2.Address4, tries: 10));
        await Lab.ApplyAndRealiseAsync(TextOf(C1, "10.0.0.115", "2001:db8:1::115"));
        foreach (string address in new[] { "10.0.0.115/24", "2001:db8:1::115/64" })
        {
            (await C1.ExecAsync("ip", "address", "replace", address, "dev", "eth0")).EnsureSuccess();
        }

        try
        {
            Assert.True(await C2.CanPingAsync(IPAddress.Parse("10.0.0.115"), tries: 10));
            Assert.True(await C2.CanPingAsync(IPAddress.Parse("2001:db8:1::115"), tries: 10));
            Assert.False(await C2.CanPingAsync(C1.Address4, tries: 2));
            Assert.NotEqual(0, (await C1.ExecAsync("ping", "-n", "-c", "1", "-W", "1", "-I", C1.Address4.ToString(), C2.Address4.ToString())).ExitCode);
        }
        finally
        {
            await Lab.ApplyAndRealiseAsync(TextOf(C1, C1.Address4.ToString(), C1.Address6.ToString()));
            _ = await C1.ExecAsync("ip", "address", "del", "10.0.0.115/24", "dev", "eth0");
            _ = await C1.ExecAsync("ip", "address", "del", "2001:db8:1::115/64", "dev", "eth0");
        }

        Assert.True(await C2.CanPingAsync(C1.Address4, tries: 10));
        await AssertNothingLostAsync();
    }

    [Fact]
    public async Task ARecordReplaced_SendsTheAddressToAnotherVm_OfTheSameHostOrAnother()
    {
        // An address of no port: at c1's adapter on h1, and at c2's on h2.
        string Record(LabVm vm, string pa) => $"""
            kind: LookupRecord
            name: floating
            tenant: blue
            vsid: 5001
            customerAddress: {Floating}
            mac: {vm.Spec.First.Mac}
            providerAddress: {pa}
            type: Static
            """;
        using PacketSocket at1 = Listen(C1), at2 = Listen(C2);
        try
        {
            foreach (LabVm sender in new[] { B1, B2 })
            {
                await Lab.ApplyAndRealiseAsync(Record(C1, "192.168.4.11"));
                await AssertOnlyAsync(sender, at1, at2);
                await Lab.ApplyAndRealiseAsync(Record(C2, "192.168.4.12"));
                await AssertOnlyAsync(sender, at2, at1);
            }
        }
        finally
        {
            await Lab.DeleteAndRealiseAsync(new ResourceId(ResourceKind.LookupRecord, "blue", "floating"));
        }

        await AssertNothingLostAsync();

        // Nobody owns the address, so nobody answers; the request arrives.
        async Task AssertOnlyAsync(LabVm sender, PacketSocket there, PacketSocket notThere)
        {
            _ = Find(there);
            _ = Find(notThere);
            // The sender must not go by what its neighbour table says of before.
            _ = await sender.ExecAsync("ip", "neigh", "flush", "to", Floating);
            _ = await sender.CanPingAsync(IPAddress.Parse(Floating), tries: 1);
            Assert.True(Find(there));
            Assert.False(Find(notThere));
        }
    }

    [Fact]
    public async Task ARouteAdded_AndRemoved()
    {
        IPAddress behind = IPAddress.Parse("172.16.0.5");
        (await C2.ExecAsync("ip", "address", "add", "172.16.0.5/32", "dev", "lo")).EnsureSuccess();
        try
        {
            Assert.False(await B1.CanPingAsync(behind, tries: 1));
            await Lab.ApplyAndRealiseAsync(Network + "routes:\n- {prefix: 172.16.0.0/24, nextHop: 10.0.0.17}\n");
            Assert.True(await B1.CanPingAsync(behind, tries: 10) && await D3.CanPingAsync(behind, tries: 10));
            await Lab.ApplyAndRealiseAsync(Network);
            Assert.False(await B1.CanPingAsync(behind, tries: 1));
        }
        finally
        {
            await Lab.ApplyAndRealiseAsync(Network);
            (await C2.ExecAsync("ip", "address", "del", "172.16.0.5/32", "dev", "lo")).EnsureSuccess();
        }

        await AssertNothingLostAsync();
    }

    [Fact]
    public async Task APortRemoved_CannotSpeakAnyMore_NorBeReached()
    {
        Assert.True(await C1.CanPingAsync(C2.Address4, tries: 10));
        try
        {
            await Lab.DeleteAndRealiseAsync(new ResourceId(ResourceKind.Port, "blue", "c1"));
            using FrameTrap trap = new FrameTrap().In(C2);
            VerdictCounts before = await VerdictCounts.ReadAsync(Lab, "h1");
            using (PacketSocket socket = C1.OpenPacketSocket())
            {
                byte[] frame = PacketBuilder.Ethernet(C1.Spec.First.Mac, C2.Spec.First.Mac).Ip(C1.Address4, C2.Address4).Udp(9, 9).Payload(8).ToArray();
                for (int i = 0; i < 20; i++)
                {
                    socket.Send(frame);
                }
            }

            await Eventually.TrueAsync(
                async () => (await VerdictCounts.ReadAsync(Lab, "h1")).Of(null, Verdict.PortUnbound) - before.Of(null, Verdict.PortUnbound) >= 20,
                "the frames are dropped as PortUnbound");
            Assert.False(await C2.CanPingAsync(C1.Address4, tries: 1));
            Assert.DoesNotContain(trap.Drain(), f => EthernetHeader.TryParse(f.Bytes, out EthernetHeader ethernet, out _) && ethernet.Source == C1.Spec.First.Mac);
        }
        finally
        {
            await Lab.ConvergeAsync(await Lab.ApplyAsync(TextOf(C1, C1.Address4.ToString(), C1.Address6.ToString())), TestContext.Current.CancellationToken);
        }

        Assert.True(await C1.CanPingAsync(C2.Address4, tries: 10));
        await AssertNothingLostAsync();
    }

    private static string TextOf(LabVm vm, params string[] addresses) =>
        PolicyText.PortText(vm.Name, "blue", vm.Spec.First.Vsid, vm.Spec.Host, vm.Spec.First.HostInterface, vm.Spec.First.Mac.ToString(), addresses);

    private static PacketSocket Listen(LabVm vm) => vm.OpenPacketSocket(options: new PacketSocketOptions { IgnoreOutgoing = true, Protocol = (ushort)EtherType.IPv4 });

    /// <summary>Takes out what arrived; whether something was for the floating address.</summary>
    private static bool Find(PacketSocket socket)
    {
        bool found = false;
        while (socket.Receive(TimeSpan.Zero) is { } frame)
        {
            found |= EthernetHeader.TryParse(frame, out _, out ReadOnlySpan<byte> packet) && IPv4Header.TryParse(packet, out IPv4Header ip, out _, out _)
                && ip.Destination.ToString() == Floating;
        }

        return found;
    }

    private async Task AssertNothingLostAsync()
    {
        await NumberedFlow.GoOnAsync(_flows);
        await NumberedFlow.AssertNothingLostAsync(_flows);
    }
}

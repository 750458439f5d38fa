using System.Buffers.Binary;
using System.Net;
using Hnv.Api.Rest;
using Hnv.Lab.Capture;
using Hnv.Lab.Tests.Scenarios.Support;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Lab.Tests.Scenarios.Learning;

/// <summary>
/// What is least like the common form: a network that learns, in VXLAN at another UDP port than the usual one, between hosts with IPv6 alone, of which one
/// has two provider addresses.
/// <code>
///   a at h1 fd00:4::11, fd00:4::21        b at h2 fd00:4::12        whose addresses policy does not know
/// </code>
/// </summary>
public sealed class VxlanOverIPv6Tests(VxlanOverIPv6Tests.OneLab fixture) : IClassFixture<VxlanOverIPv6Tests.OneLab>
{
    private const uint Vsid = 6201;
    private const ushort UdpPort = 8472;
    private const int OuterLength = 14 + 40 + 8 + 8;
    private static readonly IPAddress s_first = IPAddress.Parse("fd00:4::11"), s_second = IPAddress.Parse("fd00:4::21"), s_peer = IPAddress.Parse("fd00:4::12");
    private static readonly IPAddress[] s_moving = [IPAddress.Parse("10.0.0.200"), IPAddress.Parse("2001:db8:1::200")];

    private readonly NetworkLab _lab = fixture.Lab;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private LabVm A => _lab.Vm("a");

    private LabVm B => _lab.Vm("b");

    [Fact]
    public async Task AddressesAreLearnedMovedForgottenAndReached_AtThePortThatAgentsAreTold()
    {
        using (PacketSocket wire = FabricCapture.Open(_lab, "h1"))
        {
            foreach ((LabVm from, LabVm to) in ((LabVm, LabVm)[])[(A, B), (B, A)])
            {
                foreach (IPAddress address in (IPAddress[])[to.Address4, to.Address6])
                {
                    Assert.True(await from.CanPingAsync(address, tries: 10), $"{from.Name} does not reach {address}");
                    await _lab.HeldAsync(to, address);
                }
            }

            HashSet<int> ports = [];
            while (wire.Receive(TimeSpan.Zero) is { } frame)
            {
                if (frame.Length > 58 && frame[12] == 0x86 && frame[20] == (byte)IpProtocol.Udp)
                {
                    ports.Add(BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(56)));
                }
            }

            Assert.Equal([UdpPort], ports);
        }

        // A server at b gives a an address.
        IPAddress leased = IPAddress.Parse("10.0.0.150");
        using (PacketSocket server = B.OpenPacketSocket())
        {
            server.Send(Acknowledgement(leased));
            await _lab.HeldAsync(A, leased);
        }

        foreach (IPAddress address in s_moving)
        {
            await AnnounceUntilHeldAsync(A, address, None);
            await AnnounceUntilHeldAsync(B, address, A);
            Assert.True(await A.CanPingAsync(address, tries: 10), $"a does not reach {address} at b");
        }

        // What was forgotten is learned anew.
        IPAddress forgotten = s_moving[0];
        ForgetAnswer answer = await _lab.Client.ForgetAsync("learn", Vsid, forgotten, Ct);
        await _lab.ConvergeAsync(answer.Revision, Ct);
        await AnnounceUntilHeldAsync(B, forgotten, None);
        Assert.True(await A.CanPingAsync(forgotten, tries: 10));
    }

    [Fact]
    public async Task AHost_IsReachedAtEachOfItsProviderAddresses_AndAtNoOtherPort()
    {
        Assert.True(await A.CanPingAsync(B.Address4, tries: 10));
        await _lab.HeldAsync(B, B.Address4);
        using PacketSocket wire = FabricCapture.Open(_lab, "h1"), inside = A.OpenPacketSocket(options: new PacketSocketOptions { IgnoreOutgoing = true });
        int number = 0;
        foreach (IPAddress address in (IPAddress[])[s_first, s_second])
        {
            byte[] frame = [];
            await Eventually.TrueAsync(
                () =>
                {
                    wire.Send(OnWire(address, UdpPort, frame = Datagram(++number)));
                    return Arrives(inside, frame);
                },
                $"what is sent to {address} arrives in the VM");
        }

        byte[] unusual = Datagram(++number), last = Datagram(++number);
        wire.Send(OnWire(s_first, VxlanHeader.Port, unusual));
        wire.Send(OnWire(s_first, UdpPort, last));
        List<byte[]> arrived = [];
        await Eventually.TrueAsync(
            () =>
            {
                while (inside.Receive(TimeSpan.Zero) is { } frame)
                {
                    arrived.Add(frame);
                }

                return arrived.Any(f => f.AsSpan().SequenceEqual(last));
            },
            "what follows arrives");
        Assert.DoesNotContain(arrived, f => f.AsSpan().SequenceEqual(unusual));
    }

    private const LabVm? None = null;

    /// <summary>A VM takes an address, says so as fail-over software does, more than once, until all know; the one that had it has given it up.</summary>
    private async Task AnnounceUntilHeldAsync(LabVm vm, IPAddress address, LabVm? former)
    {
        string with = $"{address}/{(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? "64" : "24")}";
        if (former is not null)
        {
            (await former.ExecAsync("ip", "address", "del", with, "dev", "eth0")).EnsureSuccess();
        }

        _ = await vm.ExecAsync("ip", "address", "replace", with, "dev", "eth0", "nodad");
        await Announcements.SayAsync(vm, address);
        await Announcements.SayAsync(vm, address);
        await _lab.HeldAsync(vm, address);
    }

    private static bool Arrives(PacketSocket socket, byte[] expected)
    {
        while (socket.Receive(TimeSpan.FromMilliseconds(100)) is { } frame)
        {
            if (frame.AsSpan().SequenceEqual(expected))
            {
                return true;
            }
        }

        return false;
    }

    private byte[] Datagram(int number) =>
        PacketBuilder.Ethernet(B.Spec.First.Mac, A.Spec.First.Mac).Ip(B.Address4, A.Address4).Udp(40000, 40009).Payload(BitConverter.GetBytes(number)).ToArray();

    private byte[] OnWire(IPAddress to, ushort port, byte[] inner)
    {
        using Rtnetlink first = _lab.Host("h1").OpenNetlink(), second = _lab.Host("h2").OpenNetlink();
        static MacAddress Mac(Rtnetlink links) => MacAddress.FromBytes(links.GetLink("up0").Mac!.GetAddressBytes());
        byte[] frame = PacketBuilder.Ethernet(Mac(second), Mac(first)).IPv6(s_peer, to).UdpWithoutChecksum(50000, port).Vxlan(Vsid).Frame(inner).ToArray();
        Assert.Equal(OuterLength + inner.Length, frame.Length);
        return frame;
    }

    /// <summary>DHCPACK, RFC 2131, of b for a.</summary>
    private byte[] Acknowledgement(IPAddress address)
    {
        byte[] message = new byte[300];
        new byte[] { 2, 1, 6, 0 }.CopyTo(message, 0);
        address.GetAddressBytes().CopyTo(message, 16);
        A.Spec.First.Mac.CopyTo(message.AsSpan(28));
        new byte[] { 0x63, 0x82, 0x53, 0x63, 53, 1, 5, 255 }.CopyTo(message, 236);
        return PacketBuilder.Ethernet(B.Spec.First.Mac, A.Spec.First.Mac).Ip(B.Address4, A.Address4).Udp(67, 68).Payload(message).ToArray();
    }

    /// <summary>The two hosts and VMs.</summary>
    public sealed class OneLab : IAsyncLifetime
    {
        public NetworkLab Lab { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Lab = await NetworkLab.StartAsync(
                new LabBuilder()
                    .Document($"kind: Host\nname: h1\nproviderAddresses: [\"{s_first}\", \"{s_second}\"]")
                    .Document($"kind: LabHost\nname: h1\nuplinks: [{{name: up0, address: \"{s_first}/64\"}}]")
                    .Host("h2", $"{s_peer}/64")
                    .LearningNetwork("learn", Vsid, encapsulation: "vxlan")
                    .Guest("a", "h1", "learn", Vsid, own: ["10.0.0.11/24", "2001:db8:1::11/64"])
                    .Guest("b", "h2", "learn", Vsid, own: ["10.0.0.12/24", "2001:db8:1::12/64"])
                    .Build(),
                new LabOptions { Name = TestLabs.NewName(), VxlanPort = UdpPort },
                Ct);
            await Shell.RunAsync($"ip -n {Lab.Host("h1").Namespace} address add {s_second}/64 dev up0 nodad");
        }

        public ValueTask DisposeAsync() => Lab is null ? default : Lab.DisposeAsync();
    }
}

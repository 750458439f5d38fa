using System.Net.Sockets;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>What only a real device shows: tags in metadata, frames shorter than their headers, the host's own stack.</summary>
public sealed class RealPortTests : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(10);
    private readonly DeviceLab _lab = new();
    private readonly DeviceAdapter _vm;
    private readonly DeviceAdapter _other;

    public RealPortTests()
    {
        _vm = _lab.AddVethVm(_lab.A, _lab.Near, 5);
        _other = _lab.AddVethVm(_lab.A, _lab.Near, 6);
    }

    [Theory]
    [InlineData(EtherType.Vlan)]
    [InlineData(EtherType.ServiceVlan)]
    public void VlanTag_ThatTheKernelTookOutOfTheBytes_IsRefused(EtherType protocol)
    {
        using PacketSocket inside = Socket(_vm);
        inside.Send(PacketBuilder.Ethernet(_vm.Mac, _other.Mac, new VlanTag(protocol, 5)).IPv4(_vm.V4, _other.V4).Udp(1, 2).Payload(64).ToArray());
        Until(() => _lab.A.Count(_vm.PortId, Verdict.UnsupportedFrameType).Packets == 1);
    }

    [Fact]
    public void Frame_TruncatedAtEveryLength_IsMalformed()
    {
        using PacketSocket inside = Socket(_vm);
        using PacketSocket outside = Socket(_other);
        ulong sent = 0;
        foreach (byte[] frame in (byte[][])[
            PacketBuilder.Ethernet(_vm.Mac, _other.Mac).IPv4(_vm.V4, _other.V4).Udp(1, 2).ToArray(),
            PacketBuilder.Ethernet(_vm.Mac, _other.Mac).IPv6(_vm.V6, _other.V6).Udp(1, 2).ToArray(),
            PacketBuilder.Ethernet(_vm.Mac, _other.Mac).Arp(new ArpPacket(ArpOperation.Request, _vm.Mac, _vm.V4, default, _other.V4)).ToArray()])
        {
            for (int length = 15; length < frame.Length; length++, sent++)
            {
                inside.Send(frame.AsSpan(0, length));
            }
        }

        Until(() => _lab.A.Count(_vm.PortId, Verdict.Malformed).Packets == sent);
    }

    [Fact]
    public void HostsOwnStack_SendsIntoAPort_NothingArrives()
    {
        using PacketSocket inside = Socket(_vm);
        using PacketSocket host = PacketSocket.Open(_lab.A.Namespace, _vm.Port, new PacketSocketOptions { IgnoreOutgoing = true });
        using PacketSocket sender = Socket(_other);
        byte[] forged = PacketBuilder.Ethernet(_other.Mac, _vm.Mac).IPv4(_other.V4, _vm.V4).Udp(1, 666).Payload(64).ToArray();
        byte[] honest = PacketBuilder.Ethernet(_other.Mac, _vm.Mac).IPv4(_other.V4, _vm.V4).Udp(1, 777).Payload(64).ToArray();
        Assert.Equal(SocketError.NoBufferSpaceAvailable, Assert.Throws<SocketException>(() => host.Send(forged)).SocketErrorCode); // dropped at egress
        Until(() => _lab.A.Count(_vm.PortId, Verdict.HostStackFrame).Packets >= 1);
        sender.Send(honest);
        byte[] first = ReceiveUdp(inside);
        Assert.Equal(honest, first);
    }

    [Fact]
    public void EchoOfTheGateway_ReachesTheGuest()
    {
        using PacketSocket inside = Socket(_vm);
        inside.Send(PacketBuilder.Ethernet(_vm.Mac, DeviceHost.GatewayMac).IPv4(_vm.V4, _lab.Near.Address4(1)).Icmp(IcmpV4Type.EchoRequest, 0, 7).Payload(32).ToArray());
        byte[] expected = PacketBuilder.Ethernet(DeviceHost.GatewayMac, _vm.Mac).IPv4(_lab.Near.Address4(1), _vm.V4).Icmp(IcmpV4Type.EchoReply, 0, 7).Payload(32).ToArray();
        Assert.Equal(expected, Receive(inside, frame => frame.AsSpan().SequenceEqual(expected)));
    }

    public void Dispose() => _lab.Dispose();

    private static PacketSocket Socket(DeviceAdapter adapter)
    {
        using Rtnetlink inside = Rtnetlink.Of(adapter.Vm);
        return PacketSocket.Open(adapter.Vm, inside.GetLink(adapter.Interface).Index, new PacketSocketOptions { IgnoreOutgoing = true });
    }

    private static byte[] ReceiveUdp(PacketSocket socket) => Receive(socket, frame => frame.Length > 23 && frame[12] == 8 && frame[13] == 0 && frame[23] == 17);

    private static byte[] Receive(PacketSocket socket, Func<byte[], bool> wanted)
    {
        while (socket.Receive(s_deadline) is { } frame)
        {
            if (wanted(frame))
            {
                return frame;
            }
        }

        throw new InvalidOperationException("Nothing arrived.");
    }

    private static void Until(Func<bool> condition) =>
        Assert.True(SpinWait.SpinUntil(condition, s_deadline), "It did not come to that.");
}

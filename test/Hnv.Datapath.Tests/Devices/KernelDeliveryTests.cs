using System.Net;
using System.Net.Sockets;
using Hnv.Datapath.Reading;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>
/// Frames arrive whole at every kind of port, whatever the kernel: here on the one that runs, and in a guest on the oldest one that is supported
/// (OldestKernelTests). They share one lab, for a guest without hardware help takes its time to verify the programs.
/// </summary>
public sealed class KernelDeliveryTests(KernelDeliveryTests.Cloud cloud) : IClassFixture<KernelDeliveryTests.Cloud>
{
    private const int Blocks = 8;
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    /// <summary>Families of the customers' addresses and kinds of the port that frames come to.</summary>
    public static TheoryData<AddressFamily, string> Deliveries { get; } = new MatrixTheoryData<AddressFamily, string>(
        [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6], ["veth", "tap"]);

    [Theory]
    [MemberData(nameof(Deliveries))]
    public async Task Tcp_BothWaysBetweenHosts_ArrivesInSuperPackets(AddressFamily family, string kind)
    {
        (DeviceAdapter far, DeviceAdapter near) = (cloud.Far, cloud.Near(kind));
        VerdictCounter before = cloud.Lab.A.Count(far.PortId, Verdict.Encapsulated);
        cloud.Relay.ForgetLargest();
        await TransferAsync(far, near, family);
        VerdictCounter after = cloud.Lab.A.Count(far.PortId, Verdict.Encapsulated);
        Assert.True((after.Bytes - before.Bytes) / (after.Packets - before.Packets) > 3000, $"sent: {before}, then {after}");
        if (kind == "tap")
        {
            Assert.True(cloud.Relay.LargestToVm > 3000, $"the largest frame to the VM has {cloud.Relay.LargestToVm} bytes");
        }

        await TransferAsync(near, far, family);
    }

    [Theory]
    [MemberData(nameof(Deliveries))]
    public async Task Tcp_BetweenPortsOfOneHost_Arrives(AddressFamily family, string kind) => await TransferAsync(cloud.Beside, cloud.Near(kind), family);

    [Theory]
    [MemberData(nameof(Deliveries))]
    public void Frames_OfAnyLength_ArriveAsTheyWere(AddressFamily family, string kind)
    {
        (DeviceAdapter far, DeviceAdapter near) = (cloud.Far, cloud.Near(kind));
        foreach ((DeviceAdapter from, DeviceAdapter to) in (ReadOnlySpan<(DeviceAdapter, DeviceAdapter)>)[(far, near), (near, far), (cloud.Beside, near)])
        {
            using PacketSocket sender = Socket(from), receiver = Socket(to);
            foreach (int payload in (ReadOnlySpan<int>)[0, 1, 18, 1000, 1372])
            {
                Passes(sender, PacketBuilder.Ethernet(from.Mac, to.Mac).Ip(from.Address(family), to.Address(family)).Udp(4000, 5000).Payload(payload).ToArray(), receiver);
            }

            Passes(sender, Question(from, to, family), receiver);
        }
    }

    /// <summary>Datagrams that leave the guest in one piece (UDP_SEGMENT): a device that cannot cut them leaves it to the kernel.</summary>
    [Theory]
    [MemberData(nameof(Deliveries))]
    public async Task DatagramsInOnePiece_BetweenHosts_ArriveAsSent(AddressFamily family, string kind)
    {
        const int size = 1000, count = 20, udp = 17, segment = 103; // IPPROTO_UDP, UDP_SEGMENT
        (DeviceAdapter far, DeviceAdapter near) = (cloud.Far, cloud.Near(kind));
        using Socket sender = Datagrams(far, family), receiver = Datagrams(near, family);
        sender.SetRawSocketOption(udp, segment, BitConverter.GetBytes(size));
        byte[] sent = new byte[size * count];
        Random.Shared.NextBytes(sent);
        await sender.SendToAsync(sent, receiver.LocalEndPoint!, TestContext.Current.CancellationToken);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(s_deadline);
        byte[] received = new byte[size * count + 1];
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(size, await receiver.ReceiveAsync(received.AsMemory(i * size), deadline.Token));
        }

        Assert.Equal(sent, received[..^1]);
    }

    private static async Task TransferAsync(DeviceAdapter from, DeviceAdapter to, AddressFamily family) =>
        await TcpTransfer.RunAsync(from.Vm, from.Address(family), to.Vm, to.Address(family), Blocks, s_deadline);

    /// <summary>Who keeps a neighbour asks it now and then, directly.</summary>
    private static byte[] Question(DeviceAdapter from, DeviceAdapter to, AddressFamily family)
    {
        PacketBuilder begun = PacketBuilder.Ethernet(from.Mac, to.Mac);
        return family == AddressFamily.InterNetwork
            ? begun.Arp(new ArpPacket(ArpOperation.Request, from.Mac, from.V4, default, to.V4)).ToArray()
            : begun.IPv6(from.V6, to.V6, header => header with { HopLimit = 255 })
                .NeighborSolicitation(to.V6, NeighborOptions.LinkLayerAddress(NeighborOptionType.SourceLinkLayerAddress, from.Mac)).ToArray();
    }

    private static void Passes(PacketSocket from, byte[] frame, PacketSocket to)
    {
        from.Send(frame);
        while (to.Receive(s_deadline) is { } arrived)
        {
            if (arrived.AsSpan().SequenceEqual(frame))
            {
                return;
            }
        }

        Assert.Fail($"The frame of {frame.Length} bytes did not arrive as it was.");
    }

    private static PacketSocket Socket(DeviceAdapter adapter)
    {
        using Rtnetlink inside = Rtnetlink.Of(adapter.Vm);
        return PacketSocket.Open(adapter.Vm, inside.GetLink(adapter.Interface).Index, new PacketSocketOptions { IgnoreOutgoing = true });
    }

    private static Socket Datagrams(DeviceAdapter adapter, AddressFamily family) => adapter.Vm.Run(() =>
    {
        var socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(adapter.Address(family), 0));
        return socket;
    });

    /// <summary>A VM at a host, and at the other one a VM behind a tap and two at veths.</summary>
    public sealed class Cloud : IDisposable
    {
        private readonly DeviceAdapter _veth, _tap;

        public Cloud()
        {
            Lab = new DeviceLab();
            try
            {
                Far = Lab.AddVethVm(Lab.A, Lab.Near, 5);
                Beside = Lab.AddVethVm(Lab.B, Lab.Near, 6);
                _veth = Lab.AddVethVm(Lab.B, Lab.Near, 7);
                (_tap, Relay) = Lab.AddTapVm(Lab.B, Lab.Near, 8);
            }
            catch
            {
                Lab.Dispose();
                throw;
            }
        }

        internal DeviceLab Lab { get; }

        internal DeviceAdapter Far { get; }

        internal DeviceAdapter Beside { get; }

        internal TapRelay Relay { get; }

        internal DeviceAdapter Near(string kind) => kind == "tap" ? _tap : _veth;

        public void Dispose() => Lab.Dispose();
    }
}

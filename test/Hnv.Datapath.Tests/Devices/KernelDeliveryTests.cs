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
[Collection(Collection)]
public sealed class KernelDeliveryTests(KernelDeliveryTests.Cloud cloud)
{
    /// <summary>Classes that share the lab.</summary>
    public const string Collection = "Delivery on any kernel";

    private const int Blocks = 8, MostTransfers = 5;
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    /// <summary>Forms on the wire, families of the customers' addresses and kinds of the port that frames come to.</summary>
    public static TheoryData<string, AddressFamily, string> Deliveries { get; } = new MatrixTheoryData<string, AddressFamily, string>(
        [.. Cloud.Forms.Keys], [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6], ["veth", "tap"]);

    /// <summary>The same on one host, where there is no form.</summary>
    public static TheoryData<AddressFamily, string> LocalDeliveries { get; } = new MatrixTheoryData<AddressFamily, string>(
        [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6], ["veth", "tap"]);

    [Theory]
    [MemberData(nameof(Deliveries))]
    public async Task Tcp_BothWaysBetweenHosts_ArrivesInSuperPackets(string form, AddressFamily family, string kind)
    {
        (DeviceAdapter far, DeviceAdapter near) = (cloud[form].Far, cloud[form].Near(kind));
        cloud[form].Relay.ForgetLargest();
        VerdictCounter before, after;
        int transfers = 0;

        // A busy machine's TCP now and then hands over a segment at a time; frames that are cut are so in every transfer.
        do
        {
            before = cloud.Lab.A.Count(far.PortId, Verdict.Encapsulated);
            await TransferAsync(far, near, family);
            after = cloud.Lab.A.Count(far.PortId, Verdict.Encapsulated);
        }
        while ((after.Bytes - before.Bytes) / (after.Packets - before.Packets) <= 3000 && ++transfers < MostTransfers);
        Assert.True((after.Bytes - before.Bytes) / (after.Packets - before.Packets) > 3000, $"sent: {before}, then {after}");
        if (kind == "tap")
        {
            Assert.True(cloud[form].Relay.LargestToVm > 3000, $"the largest frame to the VM has {cloud[form].Relay.LargestToVm} bytes");
        }

        await TransferAsync(near, far, family);
    }

    [Theory]
    [MemberData(nameof(LocalDeliveries))]
    public async Task Tcp_BetweenPortsOfOneHost_Arrives(AddressFamily family, string kind) => await TransferAsync(cloud["nvgre4"].Beside, cloud["nvgre4"].Near(kind), family);

    [Theory]
    [MemberData(nameof(Deliveries))]
    public void Frames_OfAnyLength_ArriveAsTheyWere(string form, AddressFamily family, string kind)
    {
        (DeviceAdapter far, DeviceAdapter near) = (cloud[form].Far, cloud[form].Near(kind));
        foreach ((DeviceAdapter from, DeviceAdapter to) in (ReadOnlySpan<(DeviceAdapter, DeviceAdapter)>)[(far, near), (near, far), (cloud[form].Beside, near)])
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
    public async Task DatagramsInOnePiece_BetweenHosts_ArriveAsSent(string form, AddressFamily family, string kind)
    {
        const int size = 1000, count = 20, udp = 17, segment = 103; // IPPROTO_UDP, UDP_SEGMENT
        (DeviceAdapter far, DeviceAdapter near) = (cloud[form].Far, cloud[form].Near(kind));
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

    internal static async Task TransferAsync(DeviceAdapter from, DeviceAdapter to, AddressFamily family) =>
        await TcpTransfer.RunAsync(from.Vm, from.Address(family), to.Vm, to.Address(family), Blocks, s_deadline);

    /// <summary>Who keeps a neighbour asks it now and then, directly.</summary>
    internal static byte[] Question(DeviceAdapter from, DeviceAdapter to, AddressFamily family)
    {
        PacketBuilder begun = PacketBuilder.Ethernet(from.Mac, to.Mac);
        return family == AddressFamily.InterNetwork
            ? begun.Arp(new ArpPacket(ArpOperation.Request, from.Mac, from.V4, default, to.V4)).ToArray()
            : begun.IPv6(from.V6, to.V6, header => header with { HopLimit = 255 })
                .NeighborSolicitation(to.V6, NeighborOptions.LinkLayerAddress(NeighborOptionType.SourceLinkLayerAddress, from.Mac)).ToArray();
    }

    internal static void Passes(PacketSocket from, byte[] frame, PacketSocket to)
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

    internal static PacketSocket Socket(DeviceAdapter adapter)
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

    /// <summary>Two hosts, and in each form a subnet with VMs.</summary>
    public sealed class Cloud : IDisposable
    {
        private readonly Dictionary<string, Site> _sites = new(StringComparer.Ordinal);

        public Cloud()
        {
            Lab = new DeviceLab();
            try
            {
                foreach ((string name, EncapsulationForm form) in Forms)
                {
                    _sites[name] = new Site(Lab, form == Lab.Near.Form ? Lab.Near : Lab.AddSubnet(form));
                }
            }
            catch
            {
                Lab.Dispose();
                throw;
            }
        }

        internal static IReadOnlyDictionary<string, EncapsulationForm> Forms { get; } = EncapsulationForm.All.ToDictionary(
            static f => f.Encapsulation.ToString().ToLowerInvariant() + (f.Family == AddressFamily.InterNetworkV6 ? "6" : "4"), StringComparer.Ordinal);

        internal DeviceLab Lab { get; }

        internal Site this[string form] => _sites[form];

        public void Dispose() => Lab.Dispose();
    }

    /// <summary>A VM at a host, and at the other one a VM behind a tap and two at veths.</summary>
    internal sealed class Site
    {
        private readonly DeviceAdapter _veth, _tap;

        public Site(DeviceLab lab, DeviceSubnet subnet)
        {
            Far = lab.AddVethVm(lab.A, subnet, 5);
            Beside = lab.AddVethVm(lab.B, subnet, 6);
            _veth = lab.AddVethVm(lab.B, subnet, 7);
            (_tap, Relay) = lab.AddTapVm(lab.B, subnet, 8);
        }

        public DeviceAdapter Far { get; }

        public DeviceAdapter Beside { get; }

        public TapRelay Relay { get; }

        public DeviceAdapter Near(string kind) => kind == "tap" ? _tap : _veth;
    }
}

[CollectionDefinition(KernelDeliveryTests.Collection)]
public sealed class KernelDeliveryCollection : ICollectionFixture<KernelDeliveryTests.Cloud>;

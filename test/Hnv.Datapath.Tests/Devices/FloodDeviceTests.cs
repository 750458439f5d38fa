using System.Net;
using System.Net.Sockets;
using Hnv.Datapath.Layouts;
using Hnv.Linux.Netlink;
using Hnv.Linux.Packets;
using Hnv.Model.Addressing;
using Hnv.Wire;

namespace Hnv.Datapath.Tests.Devices;

/// <summary>Flooded frames over real devices: everybody in the subnet gets one copy, and nobody else any.</summary>
public sealed class FloodDeviceTests
{
    private const int Frames = 40;

    public static TheoryData<string> Kinds => ["IPv4 broadcast", "IPv4 multicast", "IPv6 multicast", "ARP announcement", "router solicitation", "DHCP discover"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Frame_ToAGroup_ReachesEachMemberOnceAndNobodyElse(string kind)
    {
        using var lab = new FloodLab();
        PacketSocket sender = lab.Inside(lab.Sender);
        PacketSocket[] members = [lab.Inside(lab.Neighbour), lab.Inside(lab.Tap), lab.Inside(lab.Remote)];
        PacketSocket stranger = lab.Inside(lab.Stranger), fabric = lab.AtUplink(lab.Lab.A);
        byte[][] frames = [.. Enumerable.Range(0, Frames).Select(number => Make(kind, lab.Sender, number))];
        foreach (byte[] frame in frames)
        {
            sender.Send(frame);
        }

        foreach (PacketSocket member in members)
        {
            Assert.Equal(Enumerable.Range(0, Frames), FloodLab.Numbers(member, Frames - 1).Order());
        }

        Assert.Empty(Arrived(sender));
        Assert.Empty(Arrived(stranger));
        Assert.DoesNotContain(Arrived(fabric), frame => lab.Lab.B.Pa.Equals(new IPAddress(frame.AsSpan(26, 4)))); // B does not send back what it got
        AssertFlooded(lab, Frames);
    }

    [Theory]
    [InlineData("IPv4 multicast")]
    [InlineData("IPv6 multicast")]
    [InlineData("ARP announcement")]
    public void Frame_ToAGroup_ArrivesAsItWasSent(string kind)
    {
        using var lab = new FloodLab(strangers: 2);
        byte[] frame = Make(kind, lab.Sender, 7);
        PacketSocket[] members = [lab.Inside(lab.Neighbour), lab.Inside(lab.Tap), lab.Inside(lab.Remote)];
        lab.Inside(lab.Sender).Send(frame);
        foreach (PacketSocket member in members)
        {
            Assert.Equal(frame, Arrived(member, wait: true).Single());
        }
    }

    /// <summary>Copies are made in batches of 16; the ring of a veth whose other end merges packets (GRO) has 256 places.</summary>
    [Theory]
    [InlineData(1, true, 20)]
    [InlineData(15, false, 20)]
    [InlineData(16, true, 20)]
    [InlineData(499, false, 20)]
    [InlineData(499, true, 20)]
    public void RemoteCopies_OfManyHosts_NoneIsLostNorTwice(int strangers, bool merging, int frames)
    {
        using var lab = new FloodLab(strangers);
        using (Ethtool ethtool = Ethtool.Of(lab.Lab.B.Namespace))
        {
            ethtool.SetFeatures("up0", new Dictionary<string, bool>(StringComparer.Ordinal) { ["rx-gro"] = merging });
        }

        using (Ethtool ethtool = Ethtool.Of(lab.Lab.A.Namespace))
        {
            ethtool.SetFeatures("up0", new Dictionary<string, bool>(StringComparer.Ordinal) { ["tx-tcp-segmentation"] = !merging, ["tx-gre-segmentation"] = !merging });
        }

        PacketSocket sender = lab.Inside(lab.Sender), fabric = lab.AtUplink(lab.Lab.B);
        List<(IPAddress, int)> copies = [];
        List<IPAddress> hosts = [lab.Lab.B.Pa, .. lab.Strangers];
        for (int number = 0; number < frames; number++)
        {
            sender.Send(Make(number % 2 == 0 ? "IPv4 broadcast" : "ARP announcement", lab.Sender, number));
            for (int i = 0; i < hosts.Count; i++)
            {
                copies.Add(Copy(fabric));
            }
        }

        Assert.Empty(Arrived(fabric));
        Assert.Equal(
            (from number in Enumerable.Range(0, frames) from host in hosts select $"{number} {host}").Order(StringComparer.Ordinal),
            copies.Select(copy => $"{copy.Item2} {copy.Item1}").Order(StringComparer.Ordinal));
        AssertFlooded(lab, frames);
    }

    /// <summary>Copies of all frames meet in the kernel's backlog, which has room for 1000. B takes them all, as if it were all those hosts.</summary>
    [Theory]
    [InlineData(20)]
    [InlineData(200)]
    public void RemoteCopies_OfManyFramesAtOnce_NoneIsLost(int frames)
    {
        using var lab = new FloodLab(strangers: 49);
        lab.Flood(lab.Lab.A, null, [lab.Sender, lab.Neighbour, lab.Tap], [.. Enumerable.Repeat<IPAddress[]>([lab.Lab.B.Pa, .. lab.Strangers], 10).SelectMany(hosts => hosts)]);
        foreach (IPAddress stranger in lab.Strangers)
        {
            lab.Lab.B.Dataplane.LocalPas.Set(stranger, new LocalPaEntry((uint)lab.Lab.B.Uplink));
        }

        lab.Flood(lab.Lab.B, null, [], [lab.Lab.A.Pa]);
        foreach (DeviceAdapter vm in (DeviceAdapter[])[lab.Sender, lab.Neighbour, lab.Tap])
        {
            vm.Vm.Run(() => Sysctl.Write("net/ipv6/conf/all/disable_ipv6", 1)); // the guests' own solicitations would be flooded, too
        }

        ulong before = Received();
        PacketSocket sender = lab.Inside(lab.Sender);
        byte[][] burst = [.. Enumerable.Range(0, frames).Select(number => Make("IPv4 broadcast", lab.Sender, number))];
        foreach (byte[] frame in burst)
        {
            sender.Send(frame);
        }

        SpinWait.SpinUntil(() => Received() - before >= 500 * (ulong)frames, TimeSpan.FromSeconds(10));
        AssertFlooded(lab, frames);
        Assert.Equal(500 * (ulong)frames, Received() - before);

        ulong Received() => lab.Lab.B.Count(0, Verdict.Flooded).Packets;
    }

    [Theory]
    [InlineData("IPv4 broadcast")]
    [InlineData("IPv6 multicast")]
    [InlineData("ARP announcement")]
    public void ProviderGroup_GetsOneCopy(string kind)
    {
        var group = IPAddress.Parse("239.129.2.3");
        using var lab = new FloodLab(strangers: 3, group);
        PacketSocket sender = lab.Inside(lab.Sender), fabric = lab.AtUplink(lab.Lab.B), remote = lab.Inside(lab.Remote), neighbour = lab.Inside(lab.Neighbour);
        byte[] frame = Make(kind, lab.Sender, 1);
        sender.Send(frame);
        Assert.Equal(frame, Arrived(remote, wait: true).Single());
        Assert.Equal(frame, Arrived(neighbour, wait: true).Single());
        byte[] onWire = Arrived(fabric, wait: true).Single();
        Assert.Equal([0x01, 0x00, 0x5e, 0x01, 0x02, 0x03], onWire[..6]); // the low 23 bits of the group
        Assert.Equal(lab.Lab.A.Route.GetLink("up0").Mac!.GetAddressBytes(), onWire[6..12]);
        Assert.Equal(group, new IPAddress(onWire.AsSpan(30, 4)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SuperPacket_ToAGroup_ReachesTheMembersInItsDatagrams(bool v6)
    {
        const int Datagram = 1000, Count = 8;
        using var lab = new FloodLab(strangers: 1);
        IPAddress group = IPAddress.Parse(v6 ? "ff02::4242" : "239.1.1.1");
        using Socket neighbour = Listener(lab.Neighbour, group), remote = Listener(lab.Remote, group);
        using Socket sender = lab.Sender.Vm.Run(() =>
        {
            var socket = new Socket(group.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(lab.Sender.Address(v6), 0));
            socket.SetRawSocketOption(17, 103, BitConverter.GetBytes(Datagram)); // SOL_UDP, UDP_SEGMENT
            socket.SetSocketOption(v6 ? SocketOptionLevel.IPv6 : SocketOptionLevel.IP, SocketOptionName.MulticastInterface, v6 ? InterfaceOf(lab.Sender) : IPAddress.HostToNetworkOrder(InterfaceOf(lab.Sender)));
            return socket;
        });
        byte[] sent = new byte[Datagram * Count];
        Random.Shared.NextBytes(sent);
        lab.Sender.Vm.Run(() => sender.SendTo(sent, new IPEndPoint(group, 4242)));

        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        foreach (Socket socket in (Socket[])[neighbour, remote])
        {
            byte[] received = new byte[sent.Length + Datagram];
            int length = 0;
            for (int i = 0; i < Count; i++)
            {
                length += await socket.ReceiveAsync(received.AsMemory(length), deadline.Token);
            }

            Assert.Equal(Convert.ToHexString(sent), Convert.ToHexString(received.AsSpan(0, length)));
        }

        Assert.True(lab.Lab.A.Count(lab.Sender.PortId, Verdict.Flooded).Bytes > Datagram * Count);
        Assert.True(lab.Lab.A.Count(lab.Sender.PortId, Verdict.Flooded).Packets < Count); // it stayed whole; the guest's own solicitations flood, too
    }

    /// <summary>At least so many, for guests solicit routers and report groups of their own accord.</summary>
    private static void AssertFlooded(FloodLab lab, int frames)
    {
        Assert.True(lab.Lab.A.Count(lab.Sender.PortId, Verdict.Flooded).Packets >= (ulong)frames);
        foreach (DeviceHost host in (DeviceHost[])[lab.Lab.A, lab.Lab.B])
        {
            Assert.Equal(0UL, host.Count(0, Verdict.FloodCopyLost).Packets);
        }

        Assert.Equal(0UL, lab.Lab.A.Count(lab.Sender.PortId, Verdict.FloodCopyLost).Packets);
    }

    private static Socket Listener(DeviceAdapter adapter, IPAddress group) => adapter.Vm.Run(() =>
    {
        var socket = new Socket(group.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        bool v6 = group.AddressFamily == AddressFamily.InterNetworkV6;
        socket.Bind(new IPEndPoint(v6 ? IPAddress.IPv6Any : IPAddress.Any, 4242));
        if (v6)
        {
            socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(group, InterfaceOf(adapter)));
        }
        else
        {
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(group, adapter.V4));
        }

        return socket;
    });

    private static int InterfaceOf(DeviceAdapter adapter)
    {
        using Rtnetlink inside = Rtnetlink.Of(adapter.Vm);
        return inside.GetLink(adapter.Interface).Index;
    }

    /// <summary>Destination and number of the next copy on the wire.</summary>
    private static (IPAddress Host, int Number) Copy(PacketSocket fabric)
    {
        while (fabric.Receive(TimeSpan.FromSeconds(10)) is { } frame)
        {
            if (FloodLab.NumberOf(frame) is { } number)
            {
                return (new IPAddress(frame.AsSpan(30, 4)), number);
            }
        }

        throw new InvalidOperationException("A copy did not arrive.");
    }

    /// <summary>The test's frames that are there.</summary>
    private static List<byte[]> Arrived(PacketSocket socket, bool wait = false)
    {
        var frames = new List<byte[]>();
        while (socket.Receive(wait && frames.Count == 0 ? TimeSpan.FromSeconds(10) : TimeSpan.FromMilliseconds(50)) is { } frame)
        {
            if (FloodLab.NumberOf(frame) is not null)
            {
                frames.Add(frame);
            }
        }

        return frames;
    }

    private static byte[] Make(string kind, DeviceAdapter from, int number)
    {
        byte[] payload = FloodLab.Payload(number);
        MacAddress all = FloodLab.Broadcast;
        return kind switch
        {
            "IPv4 broadcast" => PacketBuilder.Ethernet(from.Mac, all).IPv4(from.V4, from.Subnet.Address4(255)).Udp(9, 9).Payload(payload).ToArray(),
            "IPv4 multicast" => PacketBuilder.Ethernet(from.Mac, MacAddress.Parse("01:00:5e:00:00:fb")).IPv4(from.V4, IPAddress.Parse("224.0.0.251")).Udp(5353, 5353).Payload(payload).ToArray(),
            "IPv6 multicast" => PacketBuilder.Ethernet(from.Mac, MacAddress.Parse("33:33:00:00:00:fb")).IPv6(from.V6, IPAddress.Parse("ff02::fb")).Udp(5353, 5353).Payload(payload).ToArray(),
            "ARP announcement" => PacketBuilder.Ethernet(from.Mac, all).Arp(new ArpPacket(ArpOperation.Request, from.Mac, from.V4, default, from.V4)).Payload(payload).ToArray(),
            "router solicitation" => PacketBuilder.Ethernet(from.Mac, MacAddress.Parse("33:33:00:00:00:02"))
                .IPv6(IpAddresses.LinkLocal(from.Mac), IPAddress.Parse("ff02::2"), h => h with { HopLimit = 255 }).Icmp(IcmpV6Type.RouterSolicitation).Payload(payload).ToArray(),
            _ => PacketBuilder.Ethernet(from.Mac, all).IPv4(IPAddress.Any, IPAddress.Broadcast).Udp(68, 67).Payload(payload).ToArray(),
        };
    }
}

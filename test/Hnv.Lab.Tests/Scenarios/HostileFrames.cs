using System.Buffers.Binary;
using System.Net;
using Hnv.Datapath;
using Hnv.Model.Addressing;
using Hnv.Wire;
using static Hnv.Lab.Tests.Scenarios.IsolationLab;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>What a hostile VM sends, with the verdict that each frame must get.</summary>
internal static class HostileFrames
{
    private static readonly MacAddress s_gateway = WellKnownMacs.DistributedGateway;
    private static readonly MacAddress s_broadcast = new(0xffff_ffff_ffff);
    private static readonly MacAddress s_allNodesMac = MacAddress.Parse("33:33:00:00:00:01");
    private static readonly IPAddress s_allNodes = IPAddress.Parse("ff02::1");
    private static readonly IPAddress s_ownLinkLocal = IPAddress.Parse("fe80::406:ff:fe00:66");

    public sealed record Frame(byte[] Bytes, Verdict Verdict);

    /// <summary>All kinds of frames, by what they try.</summary>
    public static IReadOnlyDictionary<string, Func<IEnumerable<Frame>>> All { get; } = new Dictionary<string, Func<IEnumerable<Frame>>>(StringComparer.Ordinal)
    {
        ["source address of a neighbour, of the gateway"] = () => To(Verdict.SourceCaMacMismatch,
            Udp(EvilMac, Mac1, Two4, One4), Udp(EvilMac, Mac2, One4, Two4), Udp(EvilMac, Mac2, Gateway4, Two4),
            Udp(EvilMac, Mac1, Two6, One6), Udp(EvilMac, Mac2, One6, Two6), Udp(EvilMac, Mac2, Gateway6, Two6)),
        ["source address of a neighbour, with its MAC, of the gateway with its MAC"] = () => To(Verdict.SourceRecordMissing,
            Udp(Mac2, Mac1, Two4, One4), Udp(Mac1, Mac2, One4, Two4), Udp(s_gateway, Mac2, Gateway4, Two4),
            Udp(Mac2, Mac1, Two6, One6), Udp(Mac1, Mac2, One6, Two6), Udp(s_gateway, Mac2, Gateway6, Two6)),
        ["source address of nobody, of other tenants, of hosts"] = () => To(Verdict.SourceRecordMissing,
            [.. from source in new[] { "10.0.0.200", "8.8.8.8", Red9.ToString(), Green2.ToString(), Pa1.ToString(), Pa2.ToString(), "127.0.0.1", "0.0.0.0", "2001:db8:1::200", "2001:db8:9::9", "::1", "::" }
                let address = IPAddress.Parse(source)
                from mac in new[] { Mac1, Mac2 }
                select Udp(EvilMac, mac, address, SameFamily(address, mac == Mac1 ? One4 : Two4, mac == Mac1 ? One6 : Two6))]),
        ["source MAC of others"] = () => To(Verdict.SourceCaMacMismatch,
            [.. from mac in new[] { Mac1, Mac2, Red9Mac, s_gateway, new MacAddress(0) } from target in new[] { One4, Two4, One6, Two6 } select Udp(mac, Mac2, Own(target), target)]),
        ["group address as source MAC or as unicast destination"] = () => To(Verdict.Malformed,
            Udp(s_broadcast, Mac1, Evil4, One4), Udp(s_allNodesMac, Mac2, Evil6, Two6),
            Udp(EvilMac, Mac1, Evil4, IPAddress.Parse("224.0.0.1")), Udp(EvilMac, Mac2, Evil4, IPAddress.Broadcast), Udp(EvilMac, Mac2, Evil6, s_allNodes)),
        ["ARP that claims the address of another"] = () => To(Verdict.SourceCaMacMismatch,
            [.. from claimed in new[] { One4, Two4, Gateway4 }
                from to in new[] { s_broadcast, Mac1, Mac2 }
                from operation in new[] { ArpOperation.Request, ArpOperation.Reply }
                from target in new[] { claimed, to == Mac2 ? Two4 : One4 }
                select Arp(EvilMac, to, operation, EvilMac, claimed, to, target)]),
        ["ARP whose sender MAC is another's"] = () => To(Verdict.SourceCaMacMismatch,
            [.. from to in new[] { s_broadcast, Mac1, Mac2 }
                from operation in new[] { ArpOperation.Request, ArpOperation.Reply }
                from sender in new[] { Mac1, Mac2, s_gateway }
                select Arp(EvilMac, to, operation, sender, Evil4, to, One4)]),
        ["ARP in another's name and with its MAC"] = () => To(Verdict.SourceRecordMissing,
            Arp(Mac2, Mac1, ArpOperation.Reply, Mac2, Two4, Mac1, One4), Arp(Mac1, Mac2, ArpOperation.Reply, Mac1, One4, Mac2, Two4),
            Arp(s_gateway, Mac2, ArpOperation.Reply, s_gateway, Gateway4, Mac2, Two4), Arp(Mac1, s_broadcast, ArpOperation.Request, Mac1, One4, default, One4)),
        ["neighbour advertisement for the address of another"] = () => To(Verdict.SourceCaMacMismatch,
            [.. from claimed in new[] { One6, Two6, Gateway6 }
                from source in new[] { Evil6, s_ownLinkLocal }
                from to in new[] { (s_allNodesMac, s_allNodes), (Mac1, One6), (Mac2, Two6) }
                select Advertisement(source, to.Item1, to.Item2, claimed, EvilMac)]),
        ["neighbour discovery with the link-layer address of another"] = () => To(Verdict.SourceCaMacMismatch,
        [
            .. from option in new[] { Mac1, Mac2, s_gateway }
               from to in new[] { (s_allNodesMac, s_allNodes), (Mac1, One6), (Mac2, Two6) }
               select Advertisement(Evil6, to.Item1, to.Item2, Evil6, option),
            .. from option in new[] { Mac1, Mac2, s_gateway }
               from to in new[] { (Mac1, One6), (Mac2, Two6) }
               select Solicitation(Evil6, to.Item1, to.Item2, option),
        ]),
        ["neighbour discovery from another's link-local address"] = () => To(Verdict.SourceRecordMissing,
            Advertisement(IPAddress.Parse("fe80::406:ff:fe00:5"), Mac2, Two6, IPAddress.Parse("fe80::406:ff:fe00:5"), EvilMac),
            Advertisement(IPAddress.Parse("fe80::1"), Mac2, Two6, IPAddress.Parse("fe80::1"), EvilMac)),
        ["NVGRE of its own to provider addresses"] = () =>
            from pa in new[] { Pa1, Pa2 }
            from vsid in new[] { Blue, Red, Green }
            from source in new[] { (Evil4, Verdict.VirtualRouteMissing), (Pa1, Verdict.SourceRecordMissing), (Pa2, Verdict.SourceRecordMissing) }
            select new Frame(
                PacketBuilder.Ethernet(EvilMac, s_gateway).IPv4(source.Item1, pa).Nvgre(vsid).Frame(Udp(Mac1, Mac2, One4, Two4)).ToArray(), source.Item2),
        ["to the other tenants' addresses and MACs"] = () =>
        [
            .. To(Verdict.VirtualRouteMissing, Udp(EvilMac, s_gateway, Evil4, Red9), Udp(EvilMac, s_gateway, Evil4, Green2)),
            .. To(Verdict.DestinationMacMismatch, Udp(EvilMac, Red9Mac, Evil4, Red9), Udp(EvilMac, GreenMac, Evil4, Green2), Udp(EvilMac, GreenMac, Evil4, One4)),
            .. To(Verdict.DestinationMacMismatch, Arp(EvilMac, Red9Mac, ArpOperation.Request, EvilMac, Evil4, Red9Mac, Red9)),
            .. To(Verdict.AddressResolutionFailed, Arp(EvilMac, s_broadcast, ArpOperation.Request, EvilMac, Evil4, default, Red9)),
        ],
        ["VLAN tags, single, double, priority, service"] = () => To(Verdict.UnsupportedFrameType,
            [.. from destination in new[] { (Mac1, One4), (Mac2, Two4), (Mac1, One6), (Mac2, Two6) }
                from tags in new VlanTag[][]
                {
                    [new(EtherType.Vlan, 100)], [new(EtherType.Vlan, 0)], [new(EtherType.Vlan, 0x6fff)], [new(EtherType.ServiceVlan, 100)],
                    [new(EtherType.ServiceVlan, 100), new(EtherType.Vlan, 5)], [new(EtherType.Vlan, 100), new(EtherType.Vlan, 5)],
                }
                select Tagged(tags, Udp(EvilMac, destination.Item1, Own(destination.Item2), destination.Item2))]),
        ["other EtherTypes"] = () => To(Verdict.UnsupportedFrameType,
            [.. from type in OtherTypes from mac in new[] { Mac1, Mac2, s_broadcast }
                select PacketBuilder.Ethernet(EvilMac, mac, type: (EtherType)type).Payload(46).ToArray()]),
        ["headers truncated at every length"] = () => To(Verdict.Malformed,
        [
            .. Cuts(Udp(EvilMac, Mac1, Evil4, One4)), .. Cuts(Udp(EvilMac, Mac2, Evil6, Two6)),
            .. Cuts(Arp(EvilMac, Mac1, ArpOperation.Request, EvilMac, Evil4, default, One4)), .. Cuts(Advertisement(Evil6, Mac2, Two6, Evil6, EvilMac)),
        ]),
        ["neighbour discovery cut short, its length telling the truth"] = () => To(Verdict.Malformed,
            [.. from length in Enumerable.Range(0, 24)
                select Patched(Advertisement(Evil6, Mac2, Two6, Evil6, EvilMac)[..(54 + length)], 18, (ushort)length)]),
        ["IPv4 headers that contradict themselves"] = () => To(Verdict.Malformed,
            [.. from first in new byte[] { 0x05, 0x40, 0x41, 0x44, 0x55, 0x65, 0xf5 } select Patched(Udp(EvilMac, Mac1, Evil4, One4), 14, [first]),
             .. from length in new ushort[] { 1, 19, 500, 0xffff } select Patched(Udp(EvilMac, Mac2, Evil4, Two4), 16, length),
             Patched(Udp(EvilMac, Mac1, Evil4, One4), 14, [0x4f])]),
        ["neighbour advertisements hidden behind extension headers"] = () => To(Verdict.Malformed,
            [.. from protocol in new[] { IpProtocol.HopByHopOptions, IpProtocol.IPv6DestinationOptions, IpProtocol.IPv6Routing }
                from repeat in new[] { 1, 2, 6, 7, 20 }
                select Hidden(protocol, repeat), Fragmented()]),
        ["IPv6 that cannot be"] = () => To(Verdict.Malformed,
            Udp(EvilMac, Mac1, Evil6, IPAddress.Parse("::ffff:10.0.0.5")), Udp(EvilMac, Mac1, IPAddress.Parse("::ffff:10.0.0.66"), One6),
            Patched(Udp(EvilMac, Mac2, Evil6, Two6), 14, [0x45]), Patched(Udp(EvilMac, Mac2, Evil6, Two6), 14, [0x00]),
            Patched(Advertisement(Evil6, Mac2, Two6, Evil6, EvilMac), 21, [254]),
            Patched(Udp(EvilMac, Mac2, Evil6, Two6), 18, (ushort)9000)),
        ["fragments with the source address of another"] = () => To(Verdict.SourceCaMacMismatch,
            [.. from offset in new ushort[] { 0, 1, 64, 0x1fff }
                from more in new[] { IPv4Flags.MoreFragments, IPv4Flags.None }
                where offset > 0 || more == IPv4Flags.MoreFragments
                select PacketBuilder.Ethernet(EvilMac, Mac2).IPv4(One4, Two4, h => h with { FragmentOffset = offset, Flags = more, Protocol = IpProtocol.Udp }).Payload(16).ToArray(),
             .. from offset in new ushort[] { 0, 1, 100 }
                select PacketBuilder.Ethernet(EvilMac, Mac2).IPv6(One6, Two6).IPv6Fragment(new IPv6FragmentHeader(offset, true, 7)).Payload(16).ToArray()]),
    };

    /// <summary>LLC (spanning tree), MPLS, PPPoE, EAPOL, LLDP, a bridged frame, the loopback protocol, MACsec, and nonsense.</summary>
    public static IReadOnlyList<ushort> OtherTypes { get; } = [0x0026, 0x8847, 0x8863, 0x888e, 0x88cc, 0x6558, 0x9000, 0x88e5, 0x0801, 0xffff];

    /// <summary>A UDP datagram to a port that the targets hold open and never answer from.</summary>
    public static byte[] Udp(MacAddress from, MacAddress to, IPAddress source, IPAddress destination, byte[]? content = null) =>
        PacketBuilder.Ethernet(from, to).Ip(source, destination).Udp(SinkPort, SinkPort).Payload(content ?? "hostile frame"u8.ToArray()).ToArray();


    /// <summary>The UDP port.</summary>
    public const ushort SinkPort = 7777;

    private static IEnumerable<Frame> To(Verdict verdict, params IEnumerable<byte[]> frames) => frames.Select(f => new Frame(f, verdict));

    private static IPAddress Own(IPAddress destination) => SameFamily(destination, Evil4, Evil6);

    private static IPAddress SameFamily(IPAddress like, IPAddress v4, IPAddress v6) => like.AddressFamily == v4.AddressFamily ? v4 : v6;

    private static byte[] Arp(MacAddress from, MacAddress to, ArpOperation operation, MacAddress sender, IPAddress claimed, MacAddress target, IPAddress asked) =>
        PacketBuilder.Ethernet(from, to).Arp(new ArpPacket(operation, sender, claimed, target, asked)).ToArray();

    private static byte[] Advertisement(IPAddress source, MacAddress to, IPAddress destination, IPAddress claimed, MacAddress option) =>
        PacketBuilder.Ethernet(EvilMac, to).IPv6(source, destination, h => h with { HopLimit = 255 })
            .NeighborAdvertisement(claimed, NeighborAdvertisementFlags.Override | NeighborAdvertisementFlags.Solicited,
                NeighborOptions.LinkLayerAddress(NeighborOptionType.TargetLinkLayerAddress, option)).ToArray();

    private static byte[] Solicitation(IPAddress source, MacAddress to, IPAddress destination, MacAddress option) =>
        PacketBuilder.Ethernet(EvilMac, to).IPv6(source, destination, h => h with { HopLimit = 255 })
            .NeighborSolicitation(destination, NeighborOptions.LinkLayerAddress(NeighborOptionType.SourceLinkLayerAddress, option)).ToArray();

    private static byte[] Tagged(VlanTag[] tags, byte[] frame)
    {
        IEnumerable<byte> bytes = tags.SelectMany(t => new[] { (byte)((int)t.Protocol >> 8), (byte)t.Protocol, (byte)(t.Control >> 8), (byte)t.Control });
        return [.. frame[..12], .. bytes, .. frame[12..]];
    }

    /// <summary>Every beginning of a frame that is an Ethernet header at least, which is what a device takes.</summary>
    private static IEnumerable<byte[]> Cuts(byte[] frame) => Enumerable.Range(EthernetHeader.UntaggedLength, frame.Length - EthernetHeader.UntaggedLength).Select(length => frame[..length]);

    private static byte[] Patched(byte[] frame, int offset, params byte[] bytes)
    {
        bytes.CopyTo(frame, offset);
        return frame;
    }

    private static byte[] Patched(byte[] frame, int offset, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(offset), value);
        return frame;
    }

    private static byte[] Hidden(IpProtocol protocol, int repeat)
    {
        PacketBuilder packet = PacketBuilder.Ethernet(EvilMac, Mac2).IPv6(Evil6, Two6, h => h with { HopLimit = 255 });
        for (int i = 0; i < repeat; i++)
        {
            packet = packet.IPv6Extension(protocol, new byte[6]);
        }

        return packet.NeighborAdvertisement(One6, NeighborAdvertisementFlags.Override,
            NeighborOptions.LinkLayerAddress(NeighborOptionType.TargetLinkLayerAddress, EvilMac)).ToArray();
    }

    private static byte[] Fragmented() => PacketBuilder.Ethernet(EvilMac, Mac2).IPv6(Evil6, Two6, h => h with { HopLimit = 255 })
        .IPv6Fragment(new IPv6FragmentHeader(0, true, 9))
        .NeighborAdvertisement(One6, NeighborAdvertisementFlags.Override, NeighborOptions.LinkLayerAddress(NeighborOptionType.TargetLinkLayerAddress, EvilMac)).ToArray();
}

using System.Net;
using Hnv.Datapath;
using Hnv.Model.Addressing;
using Hnv.Wire;
using static Hnv.Lab.Tests.Scenarios.HostileFrames;
using static Hnv.Lab.Tests.Scenarios.IsolationLab;

namespace Hnv.Lab.Tests.Scenarios;

/// <summary>What a hostile machine on the provider network sends to host h1 in the name of h2, with the verdict that each frame must get.</summary>
internal static class HostileFabricFrames
{
    /// <summary>What h2 may bring: a datagram from b2 to b1.</summary>
    public static byte[] Allowed(bool v6) => v6 ? Udp(Mac2, Mac1, Two6, One6) : Udp(Mac2, Mac1, Two4, One4);

    /// <summary>A frame in NVGRE to h1.</summary>
    public static byte[] Wrapped(MacAddress uplink2, MacAddress uplink1, IPAddress from, uint vsid, byte[] inner) =>
        PacketBuilder.Ethernet(uplink2, uplink1).IPv4(from, Pa1, h => h with { Flags = IPv4Flags.DontFragment }).Nvgre(vsid).Frame(inner).ToArray();

    /// <param name="v6">The tenants' family.</param>
    public static IEnumerable<Frame> All(bool v6, MacAddress up2, MacAddress up1)
    {
        (IPAddress one, IPAddress two, IPAddress evil) = v6 ? (One6, Two6, Evil6) : (One4, Two4, Evil4);
        byte[] Wrapped(IPAddress from, uint vsid, byte[] inner) => HostileFabricFrames.Wrapped(up2, up1, from, vsid, inner);
        byte[] allowed = Allowed(v6);
        byte[] whole = Wrapped(Pa2, Blue, allowed);
        byte[] Changed(int offset, params byte[] bytes)
        {
            byte[] copy = [.. whole];
            bytes.CopyTo(copy, offset);
            return copy;
        }

        return
        [
            .. from peer in new[] { "192.168.4.99", "192.168.4.1", "8.8.8.8", "10.0.0.7" } from vsid in new[] { Blue, Red, 9999u }
               select new Frame(Wrapped(IPAddress.Parse(peer), vsid, allowed), Verdict.UnknownPeer),
            .. from vsid in new[] { Green, 0u, 1u, 9999u, 0xffffffu } select new Frame(Wrapped(Pa2, vsid, allowed), Verdict.PolicyMissing),
            // The sender lives on the receiving host, not at the peer.
            new(Wrapped(Pa2, Blue, Udp(EvilMac, Mac1, evil, one)), Verdict.SourceCaPaMismatch),
            new(Wrapped(Pa2, Red, Udp(Mac1, Mac1, one, one)), Verdict.SourceCaPaMismatch),
            new(Wrapped(Pa2, Blue, Udp(EvilMac, Mac1, two, one)), Verdict.SourceCaMacMismatch),
            new(Wrapped(Pa2, Blue, Udp(Mac2, Mac1, v6 ? IPAddress.Parse("2001:db8:5::5") : IPAddress.Parse("9.9.9.9"), one)), Verdict.SourceRecordMissing),
            new(Wrapped(Pa2, Blue, PacketBuilder.Ethernet(EvilMac, Mac1).Arp(new ArpPacket(ArpOperation.Reply, EvilMac, Two4, Mac1, One4)).ToArray()), Verdict.SourceCaPaMismatch),
            new(Wrapped(Pa2, Blue, PacketBuilder.Ethernet(MacAddress.Parse("06:06:00:00:00:99"), Mac1).Arp(new ArpPacket(ArpOperation.Reply, EvilMac, Two4, Mac1, One4)).ToArray()), Verdict.SourceRecordMissing),
            // The destination is another tenant's, or lives where the frame came from.
            new(Wrapped(Pa2, Blue, Udp(Mac2, Red9Mac, two, v6 ? one : Red9)), v6 ? Verdict.DestinationMacMismatch : Verdict.DestinationCaPaMismatch),
            new(Wrapped(Pa2, Blue, Udp(Mac2, Mac2, two, two)), Verdict.DestinationCaPaMismatch),
            new(Wrapped(Pa2, Blue, Udp(Mac2, new MacAddress(0xffff_ffff_ffff), two, one)), Verdict.FloodingDisabled),
            new(Wrapped(Pa2, Blue, [.. allowed[..12], 0x81, 0x00, 0x00, 0x64, .. allowed[12..]]), Verdict.InnerVlanTag),
            new(Wrapped(Pa2, Blue, [.. allowed[..12], 0x88, 0xa8, 0x00, 0x64, .. allowed[12..]]), Verdict.InnerVlanTag),
            .. from type in OtherTypes
               select new Frame(Wrapped(Pa2, Blue, PacketBuilder.Ethernet(Mac2, Mac1, type: (EtherType)type).Payload(46).ToArray()), Verdict.UnsupportedFrameType),
            // GRE flags other than K, a wrong IP checksum, a fragment.
            .. from flags in new byte[] { 0x00, 0x80, 0xa0, 0x30, 0x28, 0x60 } select new Frame(Changed(34, flags), Verdict.Malformed),
            new(Changed(35, 0x01), Verdict.Malformed),
            new(Changed(24, 0xde, 0xad), Verdict.Malformed),
            new(PacketBuilder.Ethernet(up2, up1).IPv4(Pa2, Pa1, h => h with { Flags = IPv4Flags.MoreFragments }).Nvgre(Blue).Frame(allowed).ToArray(), Verdict.Fragmented),
            new(PacketBuilder.Ethernet(up2, up1).IPv4(Pa2, Pa1, h => h with { FragmentOffset = 5, Protocol = IpProtocol.Gre }).Payload(64).ToArray(), Verdict.Fragmented),
            // Cut anywhere behind the outer IP header; before, the packet is not known for ours.
            .. from length in Enumerable.Range(34, whole.Length - 34) select new Frame(whole[..length], Verdict.Malformed),
            // Cut inside, the outer length telling the truth.
            .. from length in Enumerable.Range(0, allowed.Length) select new Frame(Wrapped(Pa2, Blue, allowed[..length]), Verdict.Malformed),
        ];
    }
}

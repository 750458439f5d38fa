using System.Collections.Frozen;

namespace Hnv.Datapath;

/// <summary>Texts of the verdicts, word for word those of bpf/include/verdicts.h.</summary>
public static class Verdicts
{
    private static readonly FrozenDictionary<Verdict, (bool Drop, string Text)> s_all = new Dictionary<Verdict, (bool, string)>
    {
        [Verdict.None] = (false, "no decision yet"),
        [Verdict.NotOurs] = (false, "left to the host: not encapsulated traffic for us"),
        [Verdict.DeliveredLocal] = (false, "delivered to a port of this host without the wire"),
        [Verdict.Encapsulated] = (false, "encapsulated and handed to the uplink"),
        [Verdict.Decapsulated] = (false, "decapsulated and delivered to a port"),
        [Verdict.Hairpinned] = (false, "sent on to the host where the destination lives now"),
        [Verdict.AddressResolutionAnswered] = (false, "ARP or ND request answered from policy"),
        [Verdict.GatewayEchoAnswered] = (false, "echo request to the distributed gateway answered"),
        [Verdict.Learned] = (false, "announcement (link-local DAD) or answer to the gateway's question, consumed after learning"),
        [Verdict.Flooded] = (false, "copied to the members of the subnet"),
        [Verdict.AddressProbed] = (false, "claim for an address that another holds: its holder is asked"),
        [Verdict.ConfigurationAnswered] = (false, "DHCP or router solicitation answered from policy"),
        [Verdict.MoveAnnounced] = (false, "announcement of an adapter that moved, consumed"),
        [Verdict.RedirectTaken] = (false, "REDIRECT of the host that an adapter left, believed"),
        [Verdict.UnreachableHeard] = (false, "UNREACHABLE of a host that has no policy for the virtual subnet"),
        [Verdict.MtuExceeded] = (true, "larger than the path to the destination; fragmentation needed / packet too big was sent"),
        [Verdict.TtlExpired] = (true, "TTL or hop limit expired while forwarding; time exceeded was sent"),
        [Verdict.VirtualRouteMissing] = (true, "no customer route covers the destination; unreachable was sent"),
        [Verdict.DestinationRecordMissing] = (true, "no lookup record for the next-hop customer address; unreachable was sent"),
        [Verdict.GatewayServiceMissing] = (true, "addressed to the distributed gateway, which only answers echo; port unreachable was sent"),
        [Verdict.PortUnbound] = (true, "the port is not bound to a virtual subnet (yet or any more)"),
        [Verdict.UnsupportedFrameType] = (true, "VLAN tag, or an EtherType other than IPv4, IPv6 and ARP"),
        [Verdict.Malformed] = (true, "truncated or contradictory headers"),
        [Verdict.SourceRecordMissing] = (true, "the source address has no usable record at this port"),
        [Verdict.SourceCaMacMismatch] = (true, "the source address has a record, with another MAC"),
        [Verdict.SourceCaPaMismatch] = (true, "the source address does not live at the provider address it came from"),
        [Verdict.DestinationCaPaMismatch] = (true, "the destination does not live on this host, nor anywhere it could be sent on to"),
        [Verdict.DestinationMacMismatch] = (true, "the destination MAC is neither the gateway's nor the destination's"),
        [Verdict.UnknownPeer] = (true, "encapsulated frame from a provider address that policy does not name"),
        [Verdict.PolicyMissing] = (true, "encapsulated frame for a virtual subnet that is not present here"),
        [Verdict.InnerVlanTag] = (true, "encapsulated frame with an inner 802.1Q tag (RFC 7637 forbids it)"),
        [Verdict.EcnCongestionLost] = (true, "outer CE on an inner packet that is not ECN capable (RFC 6040)"),
        [Verdict.FloodingDisabled] = (true, "broadcast or multicast in a subnet that does not flood"),
        [Verdict.AddressResolutionFailed] = (true, "ARP or ND for an address without a record"),
        [Verdict.LinkLocalLimit] = (true, "more link-local addresses than a port may have, or one that another port holds"),
        [Verdict.ProviderRouteMissing] = (true, "no uplink or next hop leads to the provider address"),
        [Verdict.TunnelStateUnsupported] = (true, "the frame carries tunnel offload state that cannot be encapsulated again"),
        [Verdict.HostStackFrame] = (true, "the host's own stack tried to send into a port"),
        [Verdict.ErrorRateLimited] = (true, "dropped, and the ICMP error was withheld by the port's rate limit"),
        [Verdict.RecordUnusable] = (true, "the destination's record is marked unusable"),
        [Verdict.Fragmented] = (true, "fragment of an encapsulated packet: such packets are never fragmented by a conforming sender"),
        [Verdict.DynamicAddressThrottled] = (true, "more addresses than the port may learn"),
        [Verdict.StormLimitExceeded] = (true, "more broadcast and multicast than the port's storm limit"),
        [Verdict.GuardedService] = (true, "DHCP server or router message from a port that is guarded against it"),
        [Verdict.FloodCopyLost] = (true, "a copy of a flooded frame that a queue had no room for"),
        [Verdict.RedirectRefused] = (true, "REDIRECT or UNREACHABLE that policy does not bear out"),
        [Verdict.EncapsulationMismatch] = (true, "encapsulated in another form than that of the VM network"),
        [Verdict.Internal] = (true, "a kernel helper failed"),
    }.ToFrozenDictionary();

    /// <summary>All of them, by number.</summary>
    public static IReadOnlyList<Verdict> All { get; } = [.. s_all.Keys.Order()];

    /// <summary>Whether the frame ended here. A number this build does not know (of newer programs) counts as none.</summary>
    public static bool IsDrop(this Verdict verdict) => s_all.TryGetValue(verdict, out (bool Drop, string Text) entry) && entry.Drop;

    /// <summary>One sentence for people, lower case, without full stop.</summary>
    public static string Text(this Verdict verdict) => s_all.TryGetValue(verdict, out (bool Drop, string Text) entry) ? entry.Text : $"verdict {(uint)verdict}, unknown to this version";

    /// <summary>The name that commands, metrics and pages use, e.g. <c>SourceRecordMissing</c>.</summary>
    public static string Name(this Verdict verdict) => Enum.GetName(verdict) ?? $"Verdict{(uint)verdict}";
}

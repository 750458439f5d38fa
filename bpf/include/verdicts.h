/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_VERDICTS_H
#define HNV_VERDICTS_H

/*
 * What the data plane decided for a frame, and why: the one enumeration behind counters, commands, pages and docs.
 * Drop names follow the failure and drop reasons of Windows' Microsoft-Windows-Wnv events where one exists.
 * src/Hnv.Datapath/Verdict.cs mirrors this list; a test compares both. Append only: numbers are pinned in maps.
 *
 *      X(name, number, drop, text)
 */
#define HNV_VERDICTS(X)                                                                                                        \
	X(None, 0, 0, "no decision yet")                                                                                       \
	/* the frame went on */                                                                                                \
	X(NotOurs, 1, 0, "left to the host: not encapsulated traffic for us")                                                  \
	X(DeliveredLocal, 2, 0, "delivered to a port of this host without the wire")                                           \
	X(Encapsulated, 3, 0, "encapsulated and handed to the uplink")                                                         \
	X(Decapsulated, 4, 0, "decapsulated and delivered to a port")                                                          \
	X(Hairpinned, 5, 0, "sent on to the host where the destination lives now")                                             \
	X(AddressResolutionAnswered, 6, 0, "ARP or ND request answered from policy")                                           \
	X(GatewayEchoAnswered, 7, 0, "echo request to the distributed gateway answered")                                       \
	X(Learned, 8, 0, "announcement (link-local DAD) or answer to the gateway's question, consumed after learning") \
	X(Flooded, 9, 0, "copied to the members of the subnet")                                                                \
	X(AddressProbed, 10, 0, "claim for an address that another holds: its holder is asked")                                \
	X(ConfigurationAnswered, 11, 0, "DHCP or router solicitation answered from policy")                                    \
	X(MoveAnnounced, 12, 0, "announcement of an adapter that moved, consumed")                                              \
	X(RedirectTaken, 13, 0, "REDIRECT of the host that an adapter left, believed")                                         \
	X(UnreachableHeard, 14, 0, "UNREACHABLE of a host that has no policy for the virtual subnet")                          \
	/* the frame was dropped, and its sender was told by ICMP */                                                           \
	X(MtuExceeded, 16, 1, "larger than the path to the destination; fragmentation needed / packet too big was sent")      \
	X(TtlExpired, 17, 1, "TTL or hop limit expired while forwarding; time exceeded was sent")                              \
	X(VirtualRouteMissing, 18, 1, "no customer route covers the destination; unreachable was sent")                        \
	X(DestinationRecordMissing, 19, 1, "no lookup record for the next-hop customer address; unreachable was sent")         \
	X(GatewayServiceMissing, 20, 1, "addressed to the distributed gateway, which only answers echo; port unreachable was sent")     \
	/* the frame was dropped in silence */                                                                                 \
	X(PortUnbound, 32, 1, "the port is not bound to a virtual subnet (yet or any more)")                                   \
	X(UnsupportedFrameType, 33, 1, "VLAN tag, or an EtherType other than IPv4, IPv6 and ARP")                              \
	X(Malformed, 34, 1, "truncated or contradictory headers")                                                              \
	X(SourceRecordMissing, 35, 1, "the source address has no usable record at this port")                                  \
	X(SourceCaMacMismatch, 36, 1, "the source address has a record, with another MAC")                                     \
	X(SourceCaPaMismatch, 37, 1, "the source address does not live at the provider address it came from")                  \
	X(DestinationCaPaMismatch, 38, 1, "the destination does not live on this host, nor anywhere it could be sent on to")   \
	X(DestinationMacMismatch, 39, 1, "the destination MAC is neither the gateway's nor the destination's")                 \
	X(UnknownPeer, 40, 1, "encapsulated frame from a provider address that policy does not name")                          \
	X(PolicyMissing, 41, 1, "encapsulated frame for a virtual subnet that is not present here")                            \
	X(InnerVlanTag, 42, 1, "encapsulated frame with an inner 802.1Q tag (RFC 7637 forbids it)")                            \
	X(EcnCongestionLost, 43, 1, "outer CE on an inner packet that is not ECN capable (RFC 6040)")                          \
	X(FloodingDisabled, 44, 1, "broadcast or multicast in a subnet that does not flood")                                   \
	X(AddressResolutionFailed, 45, 1, "ARP or ND for an address without a record")                                         \
	X(LinkLocalLimit, 46, 1, "more link-local addresses than a port may have, or one that another port holds")             \
	X(ProviderRouteMissing, 47, 1, "no uplink or next hop leads to the provider address")                                  \
	X(TunnelStateUnsupported, 48, 1, "the frame carries tunnel offload state that cannot be encapsulated again")           \
	X(HostStackFrame, 49, 1, "the host's own stack tried to send into a port")                                             \
	X(ErrorRateLimited, 50, 1, "dropped, and the ICMP error was withheld by the port's rate limit")                        \
	X(RecordUnusable, 51, 1, "the destination's record is marked unusable")                                                \
	X(Fragmented, 52, 1, "fragment of an encapsulated packet: such packets are never fragmented by a conforming sender")   \
	X(DynamicAddressThrottled, 53, 1, "more addresses than the port may learn")                                            \
	X(StormLimitExceeded, 54, 1, "more broadcast and multicast than the port's storm limit")                               \
	X(GuardedService, 55, 1, "DHCP server or router message from a port that is guarded against it")                       \
	X(FloodCopyLost, 56, 1, "a copy of a flooded frame that a queue had no room for")                                      \
	X(RedirectRefused, 57, 1, "REDIRECT or UNREACHABLE that policy does not bear out")                                     \
	X(EncapsulationMismatch, 58, 1, "encapsulated in another form than that of the VM network")                            \
	X(Internal, 63, 1, "a kernel helper failed")

#define HNV_VERDICT_MAX 64

enum hnv_verdict {
#define X(name, number, drop, text) HNV_##name = (number),
	HNV_VERDICTS(X)
#undef X
};

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef HNV_LAYOUTS_H
#define HNV_LAYOUTS_H

/*
 * Keys and values of the maps: plain structs without implicit padding, shared with src/Hnv.Datapath/Layouts.
 * Addresses and identifiers in keys are in network byte order. An address is always 16 bytes; IPv4 is ::ffff:a.b.c.d.
 * Padding bytes are named and must be zero. Sizes are asserted here and in C#.
 * A changed layout gets a new HNV_LAYOUT number, hence new pin names, and a copy-over.
 */
#define HNV_LAYOUT 2

#define HNV_SIZE(type, size) _Static_assert(sizeof(type) == (size), #type " must be " #size " bytes")

struct hnv_addr {
	__u8 bytes[16];
} __attribute__((aligned(4))); /* words can be compared: a third of the instructions of bytes */

/* ports: interface index on this host -> what is bound there. */
struct hnv_port {
	__be32 vsid;
	__be32 rd;      /* host-local number of the routing domain */
	__u32 port_id;  /* host-local number of the port, key of its counters; never 0 */
	__u16 flags;    /* HNV_PORT_* */
	__u8 mac[6];
	__u16 learn_limit;  /* customer addresses that it may hold by learning; 0: it learns none */
	__u8 learn_sources; /* 1 << HNV_SOURCE_*: what counts as proof */
	__u8 encapsulation; /* HNV_ENCAP_*, of its VM network */
	__u32 storm_limit;  /* frames that flood, per second; 0: no limit */
};
HNV_SIZE(struct hnv_port, 28);

#define HNV_PORT_PEER 0x1      /* veth whose other end is in a VM's namespace: bpf_redirect_peer works */
#define HNV_PORT_NORMALISE 0x2 /* tap or other device: decapsulated super-packets must lose their tunnel state first */
#define HNV_PORT_DHCP_GUARD 0x4   /* no DHCP or DHCPv6 server answers from this port */
#define HNV_PORT_PREPARED 0x10    /* the port of an adapter that moves here: its first frame makes the move take effect */
#define HNV_PORT_ROUTER_GUARD 0x8 /* no router advertisement and no redirect from this port */

/* How a customer address was learned. */
#define HNV_SOURCE_ARP 1
#define HNV_SOURCE_ND 2
#define HNV_SOURCE_SLAAC 3  /* duplicate address detection */
#define HNV_SOURCE_DHCP 4
#define HNV_SOURCE_DHCPV6 5
#define HNV_SOURCE_PEER 6       /* announced by a member on another host */
#define HNV_SOURCE_CONTROLLER 7 /* spread by the controller */

/* subnets: vsid -> virtual subnet present on this host. */
struct hnv_subnet {
	__be32 rd;
	__u8 gateway_mac[6];
	__u8 encapsulation; /* HNV_ENCAP_* */
	__u8 flags;         /* HNV_SUBNET_* */
	struct hnv_addr gateway4; /* zero when the subnet has no prefix of the family */
	struct hnv_addr gateway6;
	struct hnv_addr group;    /* provider multicast group that floods go to; zero: a copy for each member's host */
	__u32 local_members;      /* of members: slots from 0 */
	__u32 remote_members;     /* of members: slots from HNV_MEMBER_REMOTE */
	__u32 epoch;              /* of what is learned from now on */
};
HNV_SIZE(struct hnv_subnet, 72);

#define HNV_SUBNET_LEARNS 0x1
#define HNV_SUBNET_FLOODS 0x2

/* members: (vsid, slot) -> who gets a copy of what floods: ports of this host, and provider addresses of others. */
struct hnv_member_key {
	__be32 vsid;
	__u32 slot;
};
HNV_SIZE(struct hnv_member_key, 8);

#define HNV_MEMBER_REMOTE 0x80000000U

struct hnv_member {
	struct hnv_addr pa; /* zero when local */
	__u32 ifindex;      /* 0 when remote */
	__u32 flags;        /* HNV_MEMBER_* */
};
HNV_SIZE(struct hnv_member, 24);

#define HNV_MEMBER_LEARNS 0x1 /* has, or its host has, a port whose addresses are learned: only such are asked for unknown ones */

#define HNV_ENCAP_NVGRE 0
#define HNV_ENCAP_VXLAN 1

/* routes: longest-prefix-match trie, (routing domain, prefix) -> virtual subnet and next hop. */
struct hnv_route_key {
	__u32 prefix_length; /* 32 + 96 + n for an IPv4 /n, 32 + n for an IPv6 /n */
	__be32 rd;
	struct hnv_addr prefix;
};
HNV_SIZE(struct hnv_route_key, 24);

struct hnv_route {
	__be32 vsid;              /* where the next hop, or with an on-link route the destination, lives */
	__u32 flags;              /* HNV_ROUTE_* */
	struct hnv_addr next_hop; /* zero: on-link */
};
HNV_SIZE(struct hnv_route, 24);

/* records (written by the agent only) and learned (written by these programs): (vsid, customer address) -> who and where. */
struct hnv_record_key {
	__be32 vsid;
	struct hnv_addr ca;
};
HNV_SIZE(struct hnv_record_key, 20);

struct hnv_record {
	__u8 mac[6];
	__u8 type;          /* HNV_RECORD_* */
	__u8 flags;         /* HNV_RECORD_FLAG_* */
	struct hnv_addr pa; /* provider address of its host; zero when local */
	__u32 ifindex;      /* the port when local; 0 when remote */
};
HNV_SIZE(struct hnv_record, 28);

#define HNV_RECORD_STATIC 0
#define HNV_RECORD_DYNAMIC 1
#define HNV_RECORD_GATEWAY_WILDCARD 2
#define HNV_RECORD_L2ONLY 3
#define HNV_RECORD_DISTRIBUTED_GATEWAY 4 /* the subnet's own gateway address, answered here */

#define HNV_RECORD_FLAG_UNUSABLE 0x1
#define HNV_RECORD_FLAG_UNSYNCHRONIZED 0x2
#define HNV_RECORD_FLAG_MOVING 0x4 /* its adapter is about to change its host: `moves` says where to */

/*
 * moves: (vsid, MAC) -> an adapter that is about to change its host. Written by the agent only. Its records lead to where it is until
 * it was heard where it goes to (activations).
 */
struct hnv_move {
	struct hnv_record to; /* what its records become then; without a place: this host, and the port has no interface yet */
	struct hnv_addr from; /* provider address of the host it leaves; zero: this one */
};
HNV_SIZE(struct hnv_move, 44);

/* activations (written by these programs): (vsid, MAC) -> the move took effect; if it is the one to that address. */
struct hnv_activation {
	struct hnv_addr pa; /* of the host it moved to; zero: this one */
	__u64 since_ns;     /* CLOCK_BOOTTIME */
};
HNV_SIZE(struct hnv_activation, 24);

/* macs: (vsid, MAC) -> where that adapter is; resolves link-local IPv6 and everything keyed by MAC. */
struct hnv_mac_key {
	__be32 vsid;
	__u8 mac[6];
	__u8 zero[2];
};
HNV_SIZE(struct hnv_mac_key, 12);

struct hnv_location {
	struct hnv_addr pa; /* zero when local */
	__u32 ifindex;      /* 0 when remote */
};
HNV_SIZE(struct hnv_location, 20);

/*
 * learned: as records, with what is needed to decide between two who want an address. A holder that does not answer until
 * deadline_ns has lost it to the challenger: whoever looks at the entry then acts on it (lib/learn.h).
 */
struct hnv_learned {
	struct hnv_record record; /* the holder */
	__u32 port_id;            /* the holder's port when local */
	__u64 seen_ns;            /* CLOCK_BOOTTIME of the last proof */
	__u32 epoch;              /* version: the higher (epoch, counter) wins */
	__u32 counter;
	__u8 source;              /* HNV_SOURCE_* */
	__u8 zero;
	__u8 challenger_mac[6];
	struct hnv_addr challenger_pa; /* zero when local */
	__u32 challenger_ifindex;
	__u32 challenger_port_id;
	__u64 deadline_ns;             /* CLOCK_BOOTTIME, even; 0: nobody challenges; odd: since then a CPU is ending the challenge; HNV_DEADLINE_VOID */
};
HNV_SIZE(struct hnv_learned, 88);

/* deadline_ns of a challenge whose end could not be written: nobody challenges, and challenger_* means nothing. */
#define HNV_DEADLINE_VOID 1ULL

/*
 * peer_learned: provider address -> how many entries of `learned` its announcements made, beyond those that the controller confirmed; and
 * tokens for new ones and for events. The programs count up, the agent's audit counts anew.
 */
struct hnv_peer_learned {
	__u64 last_ns; /* CLOCK_BOOTTIME */
	__u32 tokens;
	__u32 learned;
};
HNV_SIZE(struct hnv_peer_learned, 16);

/*
 * Entries that one host may have that only its own word vouches for: all addresses of 4096 ports with 16 each, though the controller confirms an
 * honest host's within a second. 13 MB of memory.
 */
#define HNV_LEARNED_OF_PEER_MAX 65536

/* virtual_macs: (vsid, VRRP router's MAC) -> where it was announced last. */
struct hnv_virtual_mac {
	struct hnv_location at;
	__u32 port_id;
	__u64 seen_ns;
};
HNV_SIZE(struct hnv_virtual_mac, 32);

/* events (ring buffer): what the programs learned and decided; names after the Wnv events 1020 to 1022 of Windows. */
struct hnv_event {
	__u64 ns; /* CLOCK_BOOTTIME */
	__u32 kind; /* HNV_EVENT_* */
	__u32 port_id;
	__be32 vsid;
	struct hnv_addr ca;
	__u8 mac[6];
	__u8 source;
	__u8 zero;
	struct hnv_addr pa; /* of the holder, or challenger; zero when local */
	__u32 zero2;
};
HNV_SIZE(struct hnv_event, 64);

#define HNV_EVENT_ADDED 1
#define HNV_EVENT_DELETED 2       /* released by its holder */
#define HNV_EVENT_PRE_MOVEMENT 3  /* a challenge began */
#define HNV_EVENT_POST_MOVEMENT 4 /* it was lost: the address moved */
#define HNV_EVENT_MARKED_USABLE 5 /* the holder answered, or came back: the challenge is over */
#define HNV_EVENT_THROTTLED 6
#define HNV_EVENT_NEAR_THRESHOLD 7
#define HNV_EVENT_ACTIVATED 8   /* a moving adapter was heard at its new place, `pa`; about the MAC, no address */
#define HNV_EVENT_UNREACHABLE 9 /* the host at `pa` has no policy for the subnet; about the MAC that was sent to */

/* claims: what a port claimed of the link-local addresses, slot by slot; keeps its number within the limit. */
struct hnv_claim_key {
	__u32 ifindex;
	__u32 slot;
};
HNV_SIZE(struct hnv_claim_key, 8);

struct hnv_claim {
	__be32 vsid;
	__u32 port_id;
	struct hnv_addr address;
};
HNV_SIZE(struct hnv_claim, 24);

/* local_pas: provider address of this host. */
struct hnv_local_pa {
	__u32 uplink; /* interface index that holds it */
};
HNV_SIZE(struct hnv_local_pa, 4);

/* peers: provider address of another host or third-party endpoint that policy names. */
struct hnv_peer {
	struct hnv_addr local; /* our address to send from; zero: no way known */
	__u32 uplink;          /* interface index to send through; the kernel resolves the next hop */
	__u32 mtu;             /* of the uplink or route: largest outer IP packet, bytes */
	__u32 flags;           /* HNV_PEER_* */
};
HNV_SIZE(struct hnv_peer, 28);

#define HNV_PEER_FLOWID_ZERO 0x1 /* the peer compares the whole GRE key */

/* path_mtus: what ICMP from the underlay said about a peer; written by these programs, expires. */
struct hnv_path_mtu {
	__u32 mtu;
	__u32 zero;
	__u64 expires_ns; /* bpf_ktime_get_boot_ns */
};
HNV_SIZE(struct hnv_path_mtu, 16);

/* counters (per CPU): (port, verdict) -> how many; of the uplinks, number 0, uplink_counters: verdict -> how many. */
struct hnv_counter_key {
	__u32 port_id;
	__u32 verdict;
};
HNV_SIZE(struct hnv_counter_key, 8);

struct hnv_counter {
	__u64 packets;
	__u64 bytes;
};
HNV_SIZE(struct hnv_counter, 16);

/*
 * traffic (per CPU): port_id -> what was sent into it. What came from it has a verdict for each frame, and is the sum of its counters but
 * for HNV_HostStackFrame.
 */
struct hnv_traffic {
	__u64 to_vm_packets;
	__u64 to_vm_bytes;
};
HNV_SIZE(struct hnv_traffic, 16);

/* icmp_limits: port_id -> token bucket of ICMP errors, and of questions (port_ask). */
struct hnv_bucket {
	__u64 last_ns;
	__u64 tokens;
};
HNV_SIZE(struct hnv_bucket, 16);

/*
 * What the responder (lib/dhcp4.h, dhcp6.h, router_advertisement.h) hands out. The agent builds the options as they stand in the
 * messages, the same for every VM of a subnet, with zeros behind `length`; the programs put in what is one VM's own.
 */
#define HNV_OPTIONS 512 /* as much as bpf_csum_diff sums up at once */

/* leases: port_id -> the addresses that policy gives the VM. */
struct hnv_lease {
	struct hnv_addr address4; /* zero: none */
	struct hnv_addr address6;
};
HNV_SIZE(struct hnv_lease, 32);

/* dhcp4: vsid -> RFC 2131. */
struct hnv_dhcp4 {
	__be32 server;              /* server identifier, the subnet's gateway address */
	__u32 lease_seconds;
	__u16 length;               /* of the options, a multiple of 4 (filled up by pad options) */
	__u16 short_length;         /* of those for clients that take 576 bytes; whole options, a multiple of 4 */
	__u8 options[HNV_OPTIONS];
};
HNV_SIZE(struct hnv_dhcp4, 524);

/* dhcp6: vsid -> RFC 8415. */
struct hnv_dhcp6 {
	__u32 preferred_seconds;
	__u32 valid_seconds;
	__u16 length;
	__u16 zero;
	__u8 options[HNV_OPTIONS];  /* the first is the server identifier, a DUID-UUID */
};
HNV_SIZE(struct hnv_dhcp6, 524);

/* router_advertisements: vsid -> RFC 4861, 4.2. */
struct hnv_router_advertisement {
	__u32 revision;             /* another one when the message is another */
	__u16 length;               /* a multiple of 8 */
	__u16 zero;
	__u8 message[HNV_OPTIONS];  /* from the ICMPv6 header on, with checksum 0 */
};
HNV_SIZE(struct hnv_router_advertisement, 520);

/* advertised: port_id -> the last router advertisement that its VM got. */
struct hnv_advertised {
	__u64 ns;                   /* CLOCK_BOOTTIME */
	__u32 revision;
	__u32 zero;
};
HNV_SIZE(struct hnv_advertised, 16);

/* config: one entry, index 0. */
struct hnv_config {
	__u32 layout;          /* HNV_LAYOUT */
	__u32 normaliser_in;   /* where decapsulated frames for taps are sent; 0: none */
	__u32 normaliser_out;  /* where they come back clean */
	__u16 flags;           /* HNV_CONFIG_* */
	__be16 vxlan_port;     /* UDP port of VXLAN; 0: no VM network here is in VXLAN, such packets are the host's */
};
HNV_SIZE(struct hnv_config, 16);

#define HNV_CONFIG_UNWRAP 0x1 /* the normaliser takes frames wrapped in IPv6, at its ingress */
#define HNV_CONFIG_VXLAN_SHARED 0x2 /* another tunnel of this host has vxlan_port, too */

/*
 * decision (per CPU, one entry): what a program decided for the last frame on this CPU. Tests and trace pin a CPU and read it;
 * BPF_PROG_RUN itself returns no redirect target.
 */
struct hnv_decision {
	__u32 verdict;
	__u32 ifindex;              /* interface the frame was sent to; 0: none */
	__be32 source_vsid;
	__be32 destination_vsid;
	__be32 rd;
	__u32 flags;
	struct hnv_addr next_hop;   /* customer address whose record decided */
	struct hnv_record record;   /* that record */
	struct hnv_addr pa;         /* provider address sent to; zero: local */
	__u32 gre_key;              /* VSID and FlowID as on the wire, network byte order; of VXLAN, VNI and zero */
};
HNV_SIZE(struct hnv_decision, 88);

/* Marks on an skb. The guard at a port's egress lets only HNV_MARK_DELIVER pass. */
#define HNV_MARK_DELIVER 0x484e5601   /* "HNV": sent by the data plane into a port */
#define HNV_MARK_ENCAPSULATED 0x484e5602 /* encapsulated non-IP frame that re-enters at the uplink to be routed */
#define HNV_MARK_ANNOUNCE 0x484e5605  /* copy of a moved VM's first frame that becomes the RARP to the host it left */
#define HNV_MARK_REDIRECT 0x484e5606  /* copy of a frame that was sent on: becomes the REDIRECT to its sender */
#define HNV_MARK_ADVERTISE 0x484e5604 /* copy of a VM's frame that becomes a router advertisement for it */
#define HNV_MARK_TRACE 0x484e5603     /* BPF_PROG_RUN of a trace: no clone, no learning, no counter */
#define HNV_MARK_LISTED 0x484e5608    /* copy of a VM's VRRP advertisement that becomes the announcement of an address in it; which, in the low bits */
#define HNV_MARK_ON_BEHALF 0x484e5607 /* the announcement that such a copy became: as if the VM had sent it */
#define HNV_LISTED_ADDRESS 0x7
/*
 * A flooded frame that enters again at the uplink to be copied: in the mark's low bits the remote member who is next, and whether only
 * members that learn get copies. A frame from a wire has no mark, and never our own source address.
 */
#define HNV_MARK_FLOODING 0x48500000
#define HNV_MARK_FLOODING_MASK 0xfff00000
#define HNV_FLOODING_LEARNERS 0x00080000
#define HNV_FLOODING_OTHERS 0x00040000 /* members of the other family were passed over */
#define HNV_FLOODING_TURNED 0x00020000 /* it was turned to the other family, for those */
#define HNV_FLOODING_SLOT 0x0001ffff

#endif

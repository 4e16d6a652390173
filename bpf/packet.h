/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What the stages know of the packet, and what they answer. */
#ifndef GINNEL_BPF_PACKET_H
#define GINNEL_BPF_PACKET_H

#include <stddef.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/maps.h"
#include "bpf/packet_pointers.h"

/* A stage answers NEXT, a verdict of tc (above 0), or the reason of a drop, negated. */
#define NEXT 0
#define DROP(reason) (-(int)GINNEL_DROP_##reason)

#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_RST 4
#define TCP_PSH 8
#define TCP_ACK 16
#define TCP_URG 32
#define TCP_MOST_OPTIONS 40 /* bytes */

/* RFC 792; the kernel's own header drags in libc's. */
#define ICMP_UNREACHABLE 3
#define ICMP_SOURCE_QUENCH 4
#define ICMP_REDIRECT_ROUTE 5
#define ICMP_ROUTER_ADVERTISEMENT 9
#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETER_PROBLEM 12
struct icmp_echo {
  __u8 type, code;
  __be16 check, identifier, sequence;
};

/* What is no packet of a flow, and has a stage of its own. */
enum special {
  ORDINARY,
  SPECIAL_ND,    /* neighbour discovery */
  SPECIAL_ERROR, /* an ICMP error, which is of the flow that it quotes */
  SPECIAL_FIRST, /* the first fragment of a datagram, which has its ports */
  SPECIAL_LATER, /* one of the others */
};

struct packet {
  struct ginnel_flow_key key;
  const struct ginnel_port* port; /* where it came in */
  const struct ginnel_link* link; /* that it would open a flow through */
  struct ginnel_flow* flow;       /* once known */
  __u32 l4;                       /* offset of the transport header */
  __u32 size;                     /* of the IP packet, or the largest that is cut from it */
  __u32 now_s;                    /* CLOCK_MONOTONIC_COARSE, as of flows */
  __u16 ethertype;                /* network order */
  __u8 tcp_flags;
  __u8 hops;    /* TTL or hop limit */
  __u8 special; /* enum special */
};

/* Where a transport header may begin, at most: an IPv6 header and 256 bytes of extension headers. */
#define L4_MOST (ETH_HLEN + 40 + 256)

static __always_inline const struct ginnel_port* find_port_of(__u32 ifindex) {
  const struct ginnel_port* port = bpf_map_lookup_elem(&port_slots, &ifindex);
  return port && ginnel_port_is_there(port) ? port : bpf_map_lookup_elem(&ports, &ifindex);
}

/* Packet headers lie 2 bytes off a multiple of 4, hence the half words. */
static __always_inline int same_mac(const void* a, const void* b) {
  const __u16 *x = a, *y = b;
  return x[0] == y[0] && x[1] == y[1] && x[2] == y[2];
}

static __always_inline void copy_mac(void* to, const volatile void* from) {
  const volatile __u16* f = from;
  __u16* t = to;
  for (int i = 0; i < 3; i++) t[i] = f[i];
}

static __always_inline struct ginnel_address mapped(__be32 ipv4) {
  struct ginnel_address address = {{0, 0, bpf_htonl(0xffff), ipv4}};
  return address;
}

static __always_inline int is_mapped(const struct ginnel_address* a) {
  return a->word[0] == 0 && a->word[1] == 0 && a->word[2] == bpf_htonl(0xffff);
}

static __always_inline int same_address(const struct ginnel_address* a, const struct ginnel_address* b) {
  return a->word[3] == b->word[3] && a->word[2] == b->word[2] && a->word[1] == b->word[1] && a->word[0] == b->word[0];
}

static __always_inline int is_zero(const struct ginnel_address* a) {
  return (a->word[0] | a->word[1] | a->word[2] | a->word[3]) == 0;
}

/* fe80::/10: of the device's own network, never routed. */
static __always_inline int is_link_local(const struct ginnel_address* a) {
  return (a->word[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000);
}

/* Of the bytes as they are: what the frame carries, whatever its flow becomes. */
static __always_inline int is_ipv6(const struct __sk_buff* skb) { return skb->protocol == bpf_htons(ETH_P_IPV6); }

/* Opens a TCP connection: SYN and none of the flags that end or answer one. */
static __always_inline int is_open(__u8 tcp_flags) {
  return (tcp_flags & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST)) == TCP_SYN;
}

/* A number of which the compiler knows nothing any more. */
static __always_inline __u32 opaque(__u32 number) {
  asm volatile("" : "+r"(number));
  return number;
}

/* least <= *length <= most, so that the verifier of Linux 6.1 knows it too: by two comparisons, of which the compiler
 * would make one with a difference; and not with 0, from which that verifier learns nothing. */
static __always_inline int in_range(__u32* length, __u32 least, __u32 most) {
  *length = opaque(*length);
  if (*length < least) return 0;
  *length = opaque(*length);
  return *length <= most;
}

/* Silent for so long that it is over, as far as this one of its entries says. The daemon's clock may be behind the
 * program's by a tick of the latter. */
static __always_inline int is_idle_at(const struct ginnel_flow* flow, __u8 protocol, __u32 now) {
  return (__s32)(now - flow->last_seen_s) > (__s32)ginnel_flow_idle_limit_s(protocol, flow);
}

static __always_inline __u32 now_s(void) { return bpf_ktime_get_coarse_ns() / 1000000000ull; }

/* Internet checksums, RFC 1071: sums of one's complement, folded to 16 bits. */
static __always_inline __u32 csum_fold32(__u64 sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffffffff) + (sum >> 32);
  return sum;
}

static __always_inline __u16 csum_fold16(__u32 sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

/* What is added to a sum when the word `from` becomes `to`. */
static __always_inline __u64 csum_change(__u32 from, __u32 to) { return (__u64)(__u32)~from + to; }

/* The sum of an address. ::ffff:0:0 adds 0xffff, which is nothing in one's complement: so sums and differences over 128
 * bits are right for an IPv4 packet too, and for one that becomes another family's. */
static __always_inline __u64 csum_address(const struct ginnel_address* a) {
  return (__u64)a->word[0] + a->word[1] + a->word[2] + a->word[3];
}

#endif

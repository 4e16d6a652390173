/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Fragments of datagrams and of ICMP. The first one has the ports: it is judged like a whole datagram, and remembered
 * if it passes, so that those after it are of the same flow. No later one can write over the ports, as it begins 8
 * bytes or more behind the UDP header's start. */
#ifndef GINNEL_BPF_FRAGMENT_H
#define GINNEL_BPF_FRAGMENT_H

#include "bpf/hash.h"
#include "bpf/ipv6.h"
#include "bpf/packet.h"

/* A port has so many places, and a datagram one of them by its hash, where the newest stays: so no port takes room from
 * others, but for the ports that send fragments and are more than there is room for. */
#define FRAGMENT_PLACES 64u
#define FRAGMENT_PORTS 512
#define FRAGMENT_LIFE_S 30 /* as long as Linux waits for the rest of an IPv4 datagram */
#define IPV6_FRAGMENT_HEADER 8u

struct fragment_place {
  __u32 ifindex, place;
};

struct datagram {
  struct ginnel_address source, destination;
  __be32 id; /* of IPv4 in its first two bytes */
  __u32 protocol;
  __be16 source_port, destination_port;
  __u8 icmp_type, icmp_code;
  __u8 unsummed; /* UDP over IPv4, without a checksum */
  __u8 reserved;
  __be32 out_id; /* in place of `id`, where addresses are translated: those of several senders then meet */
  __u32 seen_s;
};

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, FRAGMENT_PLACES* FRAGMENT_PORTS);
  __type(key, struct fragment_place);
  __type(value, struct datagram);
} datagrams SEC(".maps");

struct fragment_scratch {
  struct datagram datagram;
  __u32 offset, more; /* bytes; whether others come after it */
  __u32 id_at;        /* where the packet has `id`, of IPv4 2 bytes, else 4 */
};

GINNEL_SCRATCH(fragment_scratch, struct fragment_scratch, scratch_fragment)

/* The IP header's or the fragment header's part, of a fragment with so many bytes of the datagram: NEXT or the negated
 * reason of a drop. */
__attribute__((noinline)) int begin_fragment(__u32 protocol, __u32 offset, __u32 more, __u32 length) {
  struct fragment_scratch* s = scratch_fragment();
  if (protocol == IPPROTO_TCP) return DROP(TCP_FRAGMENT);
  if (!s || (protocol != IPPROTO_UDP && !ginnel_is_icmp(protocol))) return DROP(FRAGMENT);
  if (!length || (more && length % 8) || offset + length > 0xffff) return DROP(MALFORMED);
  s->offset = offset;
  s->more = more;
  return NEXT;
}

static __always_inline int begin_fragment_ipv4(const struct iphdr* ip, __u32 length) {
  const __u16 where = bpf_ntohs(ip->frag_off);
  struct fragment_scratch* s = scratch_fragment();
  if (!s) return DROP(FRAGMENT);
  s->datagram.id = ip->id;
  s->id_at = ETH_HLEN + offsetof(struct iphdr, id);
  return begin_fragment(ip->protocol, (where & 0x1fff) * 8u, where & 0x2000, length);
}

static __always_inline int begin_fragment_ipv6(const struct ipv6_walk* walk, __u32 length) {
  struct fragment_scratch* s = scratch_fragment();
  if (!s) return DROP(FRAGMENT);
  s->datagram.id = walk->id;
  s->id_at = walk->id_at;
  return begin_fragment(walk->next, walk->offset, walk->more, length);
}

static __always_inline struct fragment_place place_of_datagram(const struct __sk_buff* skb,
                                                               const struct datagram* datagram) {
  const __u32 named = sizeof datagram->source + sizeof datagram->destination + sizeof datagram->id;
  struct fragment_place place = {.ifindex = skb->ifindex,
                                 .place = hash_again(hash_words(datagram, named)) % FRAGMENT_PLACES};
  return place;
}

static __always_inline int begin_datagram(struct __sk_buff* skb, const struct packet* p, struct datagram* d) {
  __be16 check = 0;
  if (p->key.protocol == IPPROTO_UDP && bpf_skb_load_bytes(skb, p->l4 + 6, &check, sizeof check))
    return DROP(MALFORMED);
  d->source_port = p->key.source_port;
  d->destination_port = p->key.destination_port;
  d->icmp_type = p->key.icmp_type;
  d->icmp_code = p->key.icmp_code;
  d->unsummed = p->key.protocol == IPPROTO_UDP && !check;
  d->out_id = bpf_get_prandom_u32(); /* which no other sender can foresee */
  d->seen_s = now_s();
  return NEXT;
}

/* Of a first fragment that may go on: so one that is dropped takes nobody's place. */
__attribute__((noinline)) int remember_datagram(struct __sk_buff* skb) {
  const struct fragment_scratch* s = scratch_fragment();
  if (!s) return 0;
  const struct fragment_place place = place_of_datagram(skb, &s->datagram);
  bpf_map_update_elem(&datagrams, &place, &s->datagram, BPF_ANY);
  return 0;
}

static __always_inline int recall_datagram(struct __sk_buff* skb, struct packet* p, struct datagram* d) {
  const struct fragment_place place = place_of_datagram(skb, d);
  const struct datagram* known = bpf_map_lookup_elem(&datagrams, &place);
  if (!known || known->id != d->id || known->protocol != d->protocol || now_s() - known->seen_s > FRAGMENT_LIFE_S ||
      !same_address(&known->source, &d->source) || !same_address(&known->destination, &d->destination))
    return DROP(FRAGMENT_UNKNOWN);
  *d = *known;
  p->key.source_port = d->source_port;
  p->key.destination_port = d->destination_port;
  p->key.icmp_type = d->icmp_type;
  p->key.icmp_code = d->icmp_code;
  return NEXT;
}

/* Of a port that may send it; after this it is like any packet of its flow, but that a later one opens none. */
static __always_inline int stage_fragment(struct __sk_buff* skb, struct packet* p) {
  struct fragment_scratch* s = scratch_fragment();
  if (!s) return DROP(FRAGMENT);
  if (skb->gso_size) return DROP(MALFORMED); /* cut up twice? */
  struct datagram* d = &s->datagram;
  d->source = p->key.source;
  d->destination = p->key.destination;
  d->protocol = p->key.protocol;
  d->reserved = 0;
  return p->special == SPECIAL_FIRST ? begin_datagram(skb, p, d) : recall_datagram(skb, p, d);
}

#endif

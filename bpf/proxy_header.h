/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The PROXY v2 header and the segment that carries it.
 *
 * Format: haproxy's proxy-protocol.txt section 2.2. Fields, their order and the length of 100 bytes are those of AWS's
 * network load balancers (aws/elastic-load-balancing-tools, Compatibility_AwsNetworkLoadBalancerTest): the addresses,
 * CRC32C, for a client behind an endpoint its id, and a NOOP that fills up. */
#ifndef GINNEL_BPF_PROXY_HEADER_H
#define GINNEL_BPF_PROXY_HEADER_H

#include "bpf/ip_header.h"
#include "bpf/packet.h"
#include "bpf/tcp_options.h"

#define PROXY_TLV_CRC32C 0x03
#define PROXY_TLV_NOOP 0x04
#define PROXY_TLV_AWS 0xea
#define PROXY_AWS_ENDPOINT 0x01
#define PROXY_ENDPOINT_ID 22 /* characters of "vpce-0123456789abcdef0" */

struct proxy_header {
  __u8 signature[12];
  __u8 version_command, family_protocol;
  __be16 length;
  /* Addresses and ports, 12 bytes of IPv4 or 36 of IPv6; then the elements, each with its type, two bytes of length,
   * and a value: the CRC, the endpoint's id where there is one, and what fills up. */
  __u8 rest[84];
};
_Static_assert(sizeof(struct proxy_header) == GINNEL_PROXY_HEADER, "length of the header");
#define PROXY_TCP4 0x11
#define PROXY_TCP6 0x21
struct proxy_addresses4 {
  __be32 source, destination;
  __be16 source_port, destination_port;
};
struct proxy_addresses6 {
  struct ginnel_address source, destination;
  __be16 source_port, destination_port;
};

struct header_segment {
  struct proxy_header header;
  __u8 options[TCP_MOST_OPTIONS];
};

GINNEL_SCRATCH(header_scratch, struct header_segment, scratch_header)

/* The remainders of four bits by the polynomial of Castagnoli, bits reversed (RFC 3720 appendix B.4). */
static const __u32 crc32c_of_nibble[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
                                           0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                           0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};

struct crc_state {
  const struct proxy_header* header;
  __u32 crc;
};

static int crc_of_byte(__u32 index, void* context) {
  struct crc_state* state = context;
  if (index >= sizeof *state->header) return 1;
  __u32 crc = state->crc ^ ((const __u8*)state->header)[index];
  crc = crc >> 4 ^ crc32c_of_nibble[crc & 15];
  state->crc = crc >> 4 ^ crc32c_of_nibble[crc & 15];
  return 0;
}

/* Over the whole header, its own field being zero. */
static __always_inline __u32 crc32c(const struct proxy_header* header) {
  struct crc_state state = {header, ~0u};
  bpf_loop(sizeof *header, crc_of_byte, &state, 0);
  return ~state.crc;
}

/* Type and length of an element; gives where its value begins. */
static __always_inline __u8* begin_element(__u8* at, __u8 type, __u8 length) {
  at[0] = type;
  at[1] = 0;
  at[2] = length;
  return at + 3;
}

static __always_inline void fill_elements(struct proxy_header* header, __u8* at, const struct ginnel_proxy* proxy) {
  __u8 *end = header->rest + sizeof header->rest, *crc_at = begin_element(at, PROXY_TLV_CRC32C, 4);
  at = crc_at + 4;
  if (proxy->endpoint[0]) {
    at = begin_element(at, PROXY_TLV_AWS, 1 + PROXY_ENDPOINT_ID);
    *at++ = PROXY_AWS_ENDPOINT;
    for (int i = 0; i < PROXY_ENDPOINT_ID; i++) *at++ = proxy->endpoint[i];
  }
  begin_element(at, PROXY_TLV_NOOP, end - at - 3);
  const __u32 crc = crc32c(header);
  for (int i = 0; i < 4; i++) crc_at[i] = crc >> (24 - 8 * i);
}

/* Of the client's own family, whatever the target's is. */
static __always_inline void fill_header(struct proxy_header* header, const struct ginnel_flow_key* key,
                                        const struct ginnel_proxy* proxy) {
  const struct proxy_header fixed = {.signature = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'},
                                     .version_command = 0x21,
                                     .length = bpf_htons(sizeof fixed - 16)};
  *header = fixed;
  if (is_mapped(&key->source)) {
    struct proxy_addresses4* to = (void*)header->rest;
    header->family_protocol = PROXY_TCP4;
    to->source = key->source.word[3];
    to->destination = key->destination.word[3];
    to->source_port = key->source_port;
    to->destination_port = key->destination_port;
    fill_elements(header, (__u8*)(to + 1), proxy);
  } else {
    struct proxy_addresses6* to = (void*)header->rest;
    header->family_protocol = PROXY_TCP6;
    to->source = key->source;
    to->destination = key->destination;
    to->source_port = key->source_port;
    to->destination_port = key->destination_port;
    fill_elements(header, (__u8*)(to + 1), proxy);
  }
}

/* The length in the IP header, and in the pseudo header's part of TCP's sum: all that a device finishes which is to
 * make the sum itself (CHECKSUM_PARTIAL). Cuts or grows the packet. Invalidates packet pointers. */
__attribute__((noinline)) int resize_segment(struct __sk_buff* skb, __u32 l4, __u32 length) {
  const __u32 before = transport_length(skb, l4);
  if (bpf_skb_change_tail(skb, l4 + length, 0)) return -1;
  write_length(skb, l4, length);
  const __u32 lengths = csum_fold32(csum_change(bpf_htonl(before), bpf_htonl(length)));
  bpf_l4_csum_replace(skb, l4 + 16, 0, lengths, BPF_F_PSEUDO_HDR);
  return 0;
}

/* The checksum of a segment whose data have become others, or none: as a finished sum, from all its bytes, those of the
 * header from the scratch. No effect on CHECKSUM_PARTIAL; see write_reset. Addresses are still the client's. */
__attribute__((noinline)) int renew_sum(struct __sk_buff* skb, __u32 l4, __u32 has_header) {
  struct tcphdr tcp;
  const struct decision* d = scratch_decision();
  struct header_segment* made = scratch_header();
  if (!d || !made || bpf_skb_load_bytes(skb, l4, &tcp, sizeof tcp)) return -1;
  const __u32 tcp_header = tcp.doff * 4u;
  __u32 more = (tcp_header - sizeof tcp) & 0x3c;
  const __u32 length = tcp_header + (has_header ? sizeof made->header : 0);
  const __u16 check = tcp.check;
  tcp.check = 0;
  __s64 sum = csum_fold32(csum_address(&d->key.source) + csum_address(&d->key.destination) +
                          bpf_htonl(IPPROTO_TCP << 16 | length));
  sum = bpf_csum_diff(0, 0, (__be32*)&tcp, sizeof tcp, sum);
  if (in_range(&more, 4, sizeof made->options)) {
    if (bpf_skb_load_bytes(skb, l4 + sizeof tcp, made->options, more)) return -1;
    sum = bpf_csum_diff(0, 0, (__be32*)made->options, more, sum);
  }
  if (has_header) sum = bpf_csum_diff(0, 0, (__be32*)&made->header, sizeof made->header, sum);
  bpf_l4_csum_replace(skb, l4 + 16, (__u16)~check, csum_fold16(csum_fold32((__u32)sum)), 2);
  return 0;
}

/* Makes of the client's segment, whose key is in the scratch, the one that carries the header: its options and its
 * numbers stay but for the sequence number, its data go. 0 or less than 0. Invalidates packet pointers. */
__attribute__((noinline)) int write_header(struct __sk_buff* skb, __u32 l4) {
  struct tcphdr tcp;
  const struct decision* d = scratch_decision();
  struct header_segment* made = scratch_header();
  if (!d || !made || l4 > L4_MOST) return -1;
  struct ginnel_proxy* proxy = bpf_map_lookup_elem(&proxies, &d->key);
  if (!proxy || bpf_skb_load_bytes(skb, l4, &tcp, sizeof tcp)) return -1;
  const __u32 tcp_header = tcp.doff * 4u;
  if (resize_segment(skb, l4, tcp_header + sizeof made->header)) return -1;
  if (bpf_skb_load_bytes(skb, l4 + 16, &tcp.check, sizeof tcp.check)) return -1; /* with the new length's part */

  fill_header(&made->header, &d->key, proxy);
  tcp.seq = bpf_htonl(proxy->first - sizeof made->header);
  tcp.fin = tcp.urg = 0;
  tcp.psh = tcp.ack = 1;
  tcp.urg_ptr = 0;
  bpf_skb_store_bytes(skb, l4, &tcp, sizeof tcp, 0);
  bpf_skb_store_bytes(skb, l4 + tcp_header, &made->header, sizeof made->header, 0);
  if (renew_sum(skb, l4, 1)) return -1;
  proxy->sent_ms = bpf_ktime_get_ns() / 1000000;
  proxy->flags |= GINNEL_PROXY_SENT;
  return 0;
}

#endif

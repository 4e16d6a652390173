// The helpers that touch the packet. Sums follow include/net/checksum.h to the bit, so that the bytes agree.
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/pkt_cls.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "base/unique_fd.h"
#include "machine.h"
#include "native.h"

namespace ginnel::packet_test::native {
namespace {

Packet& packet_of(__sk_buff* skb) { return *reinterpret_cast<Packet*>(skb); }
const Packet& packet_of(const __sk_buff* skb) { return *reinterpret_cast<const Packet*>(skb); }

constexpr uint32_t kLongest = 0xffff;  // of an offset that a helper takes

uint32_t csum_add(uint32_t a, uint32_t b) {
  const uint32_t sum = a + b;
  return sum + (sum < b ? 1 : 0);
}

uint16_t csum_fold(uint32_t sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

uint16_t unfolded(uint16_t check) { return static_cast<uint16_t>(~check); }

uint16_t replaced(uint16_t check, uint32_t from, uint32_t to) {
  return csum_fold(csum_add(csum_add(unfolded(check), ~from), to));
}

// csum_replace2: only 16 bits of carry.
uint16_t replaced_half(uint16_t check, uint16_t from, uint16_t to) {
  const auto add = [](uint16_t a, uint16_t b) {
    const auto sum = static_cast<uint16_t>(a + b);
    return static_cast<uint16_t>(sum + (sum < b ? 1 : 0));
  };
  return unfolded(add(add(unfolded(check), unfolded(from)), to));
}

uint16_t replaced_by_difference(uint16_t check, uint32_t difference) {
  return csum_fold(csum_add(difference, ~static_cast<uint32_t>(check)));
}

// The kernel makes whatever it writes to linear, and may move it by that.
bool make_writable(Packet& packet, uint64_t end) {
  if (end > packet.size()) return false;
  packet.set(packet.all(), std::max<size_t>(packet.linear_size, end));
  return true;
}

uint64_t partial(const uint8_t* at, uint32_t size, bool negated) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i + 4 <= size; i += 4) {
    uint32_t word = 0;
    std::memcpy(&word, at + i, sizeof word);
    sum += negated ? ~word : word;
  }
  return sum;
}

}  // namespace
}  // namespace ginnel::packet_test::native

using namespace ginnel::packet_test::native;  // NOLINT

void* native_data(const __sk_buff* skb) { return packet_of(skb).linear.get(); }
void* native_data_end(const __sk_buff* skb) { return packet_of(skb).linear.get() + packet_of(skb).linear_size; }

long native_load_bytes(const __sk_buff* skb, __u32 offset, void* to, __u32 length) {
  const Packet& packet = packet_of(skb);
  if (uint64_t{offset} + length > packet.size()) {
    std::memset(to, 0, length);
    return -EFAULT;
  }
  const Bytes all = packet.all();
  std::copy_n(all.begin() + offset, length, static_cast<uint8_t*>(to));
  return 0;
}

long native_store_bytes(__sk_buff* skb, __u32 offset, const void* from, __u32 length, __u64 flags) {
  if ((flags & ~uint64_t{BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH}) != 0) return -EINVAL;
  if (!make_writable(packet_of(skb), uint64_t{offset} + length)) return -EFAULT;
  std::memcpy(packet_of(skb).linear.get() + offset, from, length);
  return 0;
}

long native_pull(__sk_buff* skb, __u32 length) {
  Packet& packet = packet_of(skb);
  return make_writable(packet, length != 0 ? length : packet.linear_size) ? 0 : -ENOMEM;
}

long native_change_tail(__sk_buff* skb, __u32 length, __u64 flags) {
  Packet& packet = packet_of(skb);
  if (flags != 0 || length < ETH_HLEN || length > kLongest) return -EINVAL;
  Bytes all = packet.all();
  const size_t linear = length > all.size() ? length : packet.linear_size;
  all.resize(length);
  packet.set(all, linear);
  packet.context.gso_size = 0;
  return 0;
}

// IPv4's header becomes IPv6's room or the other way round; what is in it, and the ethertype, the program writes.
long native_change_proto(__sk_buff* skb, __be16 protocol, __u64 flags) {
  Packet& packet = packet_of(skb);
  const uint16_t to = ntohs(protocol), from = ntohs(static_cast<uint16_t>(packet.context.protocol));
  constexpr std::ptrdiff_t kMore = 20;
  if (flags != 0) return -EINVAL;
  Bytes all = packet.all();
  if (from == ETH_P_IP && to == ETH_P_IPV6) {
    all.insert(all.begin() + ETH_HLEN, kMore, 0);
    packet.set(all, packet.linear_size + kMore);
  } else if (from == ETH_P_IPV6 && to == ETH_P_IP) {
    if (all.size() < ETH_HLEN + kMore) return -ENOMEM;
    all.erase(all.begin() + ETH_HLEN, all.begin() + ETH_HLEN + kMore);
    packet.set(all, std::max<size_t>(packet.linear_size, ETH_HLEN + kMore) - kMore);
  } else {
    return -ENOTSUP;
  }
  packet.context.protocol = protocol;
  return 0;
}

// Room behind the IP header, or less of what is there; by the mode that the program uses.
long native_adjust_room(__sk_buff* skb, __s32 difference, __u32 mode, __u64 flags) {
  Packet& packet = packet_of(skb);
  if ((mode != BPF_ADJ_ROOM_NET && mode != BPF_ADJ_ROOM_MAC) || flags != 0) return -EINVAL;
  const std::ptrdiff_t header = packet.context.protocol == htons(ETH_P_IPV6) ? 40 : 20;
  const std::ptrdiff_t at = ETH_HLEN + (mode == BPF_ADJ_ROOM_NET ? header : 0);
  Bytes all = packet.all();
  if (static_cast<std::ptrdiff_t>(all.size()) < at - std::min(difference, 0)) return -ENOTSUP;
  if (difference > 0) {
    all.insert(all.begin() + at, static_cast<size_t>(difference), 0);
  } else {
    all.erase(all.begin() + at, all.begin() + at - difference);
  }
  packet.set(all, std::min(all.size(), std::max<size_t>(packet.linear_size, static_cast<size_t>(at))));
  return 0;
}

long native_change_type(__sk_buff* skb, __u32 type) {
  if (type > PACKET_OTHERHOST) return -EINVAL;
  skb->pkt_type = type;
  return 0;
}

long native_l3_replace(__sk_buff* skb, __u32 offset, __u64 from, __u64 to, __u64 flags) {
  if (offset > kLongest || offset % 2 != 0) return -EFAULT;
  if (!make_writable(packet_of(skb), uint64_t{offset} + 2)) return -EFAULT;
  uint16_t check = 0;
  uint8_t* at = packet_of(skb).linear.get() + offset;
  std::memcpy(&check, at, 2);
  switch (flags) {
    case 0:
      if (from != 0) return -EINVAL;
      check = replaced_by_difference(check, static_cast<uint32_t>(to));
      break;
    case 2:
      check = replaced_half(check, static_cast<uint16_t>(from), static_cast<uint16_t>(to));
      break;
    case 4:
      check = replaced(check, static_cast<uint32_t>(from), static_cast<uint32_t>(to));
      break;
    default:
      return -EINVAL;
  }
  std::memcpy(at, &check, 2);
  return 0;
}

// The packets of the tests hold finished sums (CHECKSUM_NONE), so that BPF_F_PSEUDO_HDR changes nothing.
long native_l4_replace(__sk_buff* skb, __u32 offset, __u64 from, __u64 to, __u64 flags) {
  const uint64_t size = flags & BPF_F_HDR_FIELD_MASK;
  const bool zero_is_none = (flags & BPF_F_MARK_MANGLED_0) != 0, always = (flags & BPF_F_MARK_ENFORCE) != 0;
  if ((flags & ~uint64_t{BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE | BPF_F_PSEUDO_HDR | BPF_F_HDR_FIELD_MASK}) != 0)
    return -EINVAL;
  if (offset > kLongest || offset % 2 != 0) return -EFAULT;
  if (!make_writable(packet_of(skb), uint64_t{offset} + 2)) return -EFAULT;
  uint16_t check = 0;
  uint8_t* at = packet_of(skb).linear.get() + offset;
  std::memcpy(&check, at, 2);
  if (zero_is_none && !always && check == 0) return 0;
  if (size == 0 && from == 0) {
    check = replaced_by_difference(check, static_cast<uint32_t>(to));
  } else if (size == 2 || size == 4) {
    check = replaced(check, static_cast<uint32_t>(from), static_cast<uint32_t>(to));
  } else {
    return -EINVAL;
  }
  if (zero_is_none && check == 0) check = 0xffff;
  std::memcpy(at, &check, 2);
  return 0;
}

__s64 native_csum_diff(const __be32* from, __u32 from_size, const __be32* to, __u32 to_size, __u32 seed) {
  if (from_size % 4 != 0 || to_size % 4 != 0 || from_size + to_size > 512) return -EINVAL;
  uint64_t sum = seed;
  sum += partial(reinterpret_cast<const uint8_t*>(from), from_size, true);
  sum += partial(reinterpret_cast<const uint8_t*>(to), to_size, false);
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffffffff) + (sum >> 32);
  return static_cast<__s64>(sum);
}

__s64 native_csum_update(__sk_buff*, __u32) { return -ENOTSUP; }  // only of CHECKSUM_COMPLETE

long native_redirect(__u32 ifindex, __u64 flags) {
  if ((flags & ~uint64_t{BPF_F_INGRESS}) != 0) return TC_ACT_SHOT;
  redirection() = {ifindex, false};
  return TC_ACT_REDIRECT;
}

long native_redirect_peer(__u32 ifindex, __u64 flags) {
  if (flags != 0) return TC_ACT_SHOT;
  redirection() = {ifindex, true};
  return TC_ACT_REDIRECT;
}

long native_clone_redirect(__sk_buff* skb, __u32 ifindex, __u64 flags) {
  if ((flags & BPF_F_INGRESS) != 0) return 0;
  const ginnel::UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(ifindex);
  const Bytes all = packet_of(skb).all();
  if (!fd || ::sendto(fd.get(), all.data(), all.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to) < 0)
    return -EINVAL;
  return 0;
}

long native_loop(__u32 count, void* function, void* context, __u64 flags) {
  if (flags != 0) return -EINVAL;
  if (count > (1u << 23)) return -E2BIG;
  const auto call = reinterpret_cast<int (*)(__u32, void*)>(function);
  for (__u32 i = 0; i < count; i++) {
    if (call(i, context) != 0) return i + 1;
  }
  return count;
}

__u64 native_ktime(int exact) {
  timespec now{};
  clock_gettime(exact != 0 ? CLOCK_MONOTONIC : CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<__u64>(now.tv_sec) * 1000000000u + static_cast<__u64>(now.tv_nsec);
}

__u32 native_random(void) {
  static __u32 state = 1;
  state = state * 1664525u + 1013904223u;
  return state;
}

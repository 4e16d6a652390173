#include "dataplane/counts.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "dataplane/abi_values.h"

namespace ginnel::dataplane {
namespace {

LinkCountKey key_of(const ginnel_link_count_key& key) {
  return {key.vpc, key.link, key.balancer, from_abi(key.address)};
}

DropsByReason drops_of(const ginnel_drop_count& count) {
  DropsByReason out;
  for (uint32_t reason = 1; reason < GINNEL_DROP_COUNT; ++reason) {
    if (count.packets[reason] != 0) out.emplace(drop_reason_name(reason), count.packets[reason]);
  }
  return out;
}

bool is_active(uint8_t protocol, const ginnel_flow& flow) {
  return protocol != GINNEL_TCP || ginnel_flow_closed(flow.state) == 0;
}

struct HashOfKey {
  size_t operator()(const ginnel_link_count_key& key) const {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(&key), sizeof key});
  }
};
struct SameKey {
  bool operator()(const ginnel_link_count_key& a, const ginnel_link_count_key& b) const {
    return std::memcmp(&a, &b, sizeof a) == 0;
  }
};

// One reading.
class Reading {
 public:
  explicit Reading(const Tables& tables) : tables_(tables) {}

  // The totals before the flows: a flow that ends in between is missing, not counted twice.
  Result<Counts> read() {
    GINNEL_CHECKED(read_totals());
    GINNEL_CHECKED(read_drops());
    GINNEL_CHECKED(tables_.flows.for_each([&](const auto& key, const auto& flow) { add(key, flow); }));
    Counts out;
    GINNEL_CHECKED(tables_.ports.for_each([&](__u32 ifindex, const ginnel_port& port) {
      const std::string id(port.interface_id, strnlen(port.interface_id, sizeof port.interface_id));
      out.ports.emplace(id, std::move(ports_[ifindex]));
    }));
    for (auto& [key, link] : links_) out.links.emplace(key_of(key), std::move(link));
    return out;
  }

 private:
  Status read_totals() {
    GINNEL_CHECKED(tables_.port_counts.for_each([&](__u32 ifindex, const ginnel_port_count& count) {
      PortCounts& port = ports_[ifindex];
      port.sent_packets = count.sent_packets;
      port.sent_bytes = count.sent_bytes;
      port.received_packets = count.received_packets;
      port.received_bytes = count.received_bytes;
      port.opened = count.opened;
      port.accepted = count.accepted;
      port.sent_resets = count.sent_resets;
      port.received_resets = count.received_resets;
      port.tracked = count.tracked;
    }));
    return tables_.link_counts.for_each([&](const ginnel_link_count_key& key, const ginnel_link_count& count) {
      LinkCounts& link = links_[key];
      link.forward_packets = count.forward_packets;
      link.forward_bytes = count.forward_bytes;
      link.reverse_packets = count.reverse_packets;
      link.reverse_bytes = count.reverse_bytes;
      link.opened = count.opened;
      link.forward_resets = count.forward_resets;
      link.reverse_resets = count.reverse_resets;
    });
  }

  Status read_drops() {
    GINNEL_CHECKED(tables_.port_drops.for_each(
        [&](__u32 ifindex, const ginnel_drop_count& count) { ports_[ifindex].drops = drops_of(count); }));
    return tables_.link_drops.for_each(
        [&](const ginnel_link_count_key& key, const ginnel_drop_count& count) { links_[key].drops = drops_of(count); });
  }

  void add(const ginnel_flow_key& key, const ginnel_flow& flow) {
    const bool reverse = (flow.flags & GINNEL_FLOW_REVERSE) != 0;
    const uint64_t active = !reverse && is_active(key.protocol, flow) ? 1 : 0;
    PortCounts& from = ports_[flow.iif];
    from.sent_packets += flow.packets;
    from.sent_bytes += flow.bytes;
    from.active += active;
    PortCounts& to = ports_[flow.oif];
    to.received_packets += flow.packets;
    to.received_bytes += flow.bytes;
    if (flow.iif != flow.oif) to.active += active;
    if (flow.link == 0) return;
    LinkCounts& link = links_[ginnel_link_of(&key, &flow)];
    (reverse ? link.reverse_packets : link.forward_packets) += flow.packets;
    (reverse ? link.reverse_bytes : link.forward_bytes) += flow.bytes;
    link.active += active;
  }

  const Tables& tables_;
  std::unordered_map<uint32_t, PortCounts> ports_;
  std::unordered_map<ginnel_link_count_key, LinkCounts, HashOfKey, SameKey> links_;
};

void raise(uint64_t& now, uint64_t before) { now = std::max(now, before); }

// What only grows has not become less.
void raise(PortCounts& now, const PortCounts& before) {
  raise(now.sent_packets, before.sent_packets);
  raise(now.sent_bytes, before.sent_bytes);
  raise(now.received_packets, before.received_packets);
  raise(now.received_bytes, before.received_bytes);
}

void raise(LinkCounts& now, const LinkCounts& before) {
  raise(now.forward_packets, before.forward_packets);
  raise(now.forward_bytes, before.forward_bytes);
  raise(now.reverse_packets, before.reverse_packets);
  raise(now.reverse_bytes, before.reverse_bytes);
}

template <typename Key, typename Value>
void raise_all(std::map<Key, Value>& now, const std::map<Key, Value>& before) {
  for (auto& [key, value] : now) {
    if (const auto found = before.find(key); found != before.end()) raise(value, found->second);
  }
}

// Rows of the four maps, by what they are about.
using LinkName = std::tuple<plan::VpcNumber, plan::LinkNumber, IpAddress>;
struct Rows {
  std::set<uint32_t> ports;
  std::map<LinkName, std::vector<ginnel_link_count_key>> links;  // the balancers of one link
};

Result<Rows> rows_of_counts(const Tables& tables) {
  Rows out;
  const auto port = [&](__u32 ifindex, const auto&) { out.ports.insert(ifindex); };
  const auto link = [&](const ginnel_link_count_key& key, const auto&) {
    out.links[{key.vpc, key.link, from_abi(key.address)}].push_back(key);
  };
  GINNEL_CHECKED(tables.port_counts.for_each(port));
  GINNEL_CHECKED(tables.port_drops.for_each(port));
  GINNEL_CHECKED(tables.link_counts.for_each(link));
  GINNEL_CHECKED(tables.link_drops.for_each(link));
  return out;
}

Result<size_t> erase_rows(Tables& tables, const Rows& rows) {
  size_t erased = 0;
  const auto erase = [&](auto& map, const auto& key) -> Status {
    GINNEL_TRY(const bool there, map.erase(key));
    erased += there ? 1 : 0;
    return {};
  };
  for (const uint32_t ifindex : rows.ports) {
    GINNEL_CHECKED(erase(tables.port_counts, ifindex));
    GINNEL_CHECKED(erase(tables.port_drops, ifindex));
  }
  for (const auto& [name, keys] : rows.links) {
    for (const auto& key : keys) {
      GINNEL_CHECKED(erase(tables.link_counts, key));
      GINNEL_CHECKED(erase(tables.link_drops, key));
    }
  }
  return erased;
}

}  // namespace

std::string drop_reason_name(uint32_t reason) {
  static constexpr const char* kNames[] = {"none",
#define GINNEL_DROP_NAME(name, text) #name,
                                           GINNEL_DROP_REASONS(GINNEL_DROP_NAME)
#undef GINNEL_DROP_NAME
  };
  std::string out = reason < GINNEL_DROP_COUNT ? kNames[reason] : "none";
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

LinkCounts& LinkCounts::operator+=(const LinkCounts& other) {
  forward_packets += other.forward_packets;
  forward_bytes += other.forward_bytes;
  reverse_packets += other.reverse_packets;
  reverse_bytes += other.reverse_bytes;
  opened += other.opened;
  forward_resets += other.forward_resets;
  reverse_resets += other.reverse_resets;
  active += other.active;
  for (const auto& [reason, packets] : other.drops) drops[reason] += packets;
  return *this;
}

Result<Counts> CountReader::read(const Tables& tables) {
  const std::lock_guard lock(mutex_);
  GINNEL_TRY(Counts now, Reading(tables).read());
  raise_all(now.ports, last_.ports);
  raise_all(now.links, last_.links);
  last_ = now;
  return now;
}

Result<size_t> collect_counts(Tables& tables) {
  GINNEL_TRY(Rows rows, rows_of_counts(tables));
  GINNEL_CHECKED(tables.ports.for_each([&](__u32 ifindex, const ginnel_port&) { rows.ports.erase(ifindex); }));
  std::set<LinkName> links;
  GINNEL_CHECKED(tables.links.for_each([&](const ginnel_link_key& key, const ginnel_link& link) {
    links.emplace(key.vpc, link.number, from_abi(key.address));
  }));
  std::erase_if(rows.links, [&](const auto& each) { return links.contains(each.first); });
  if (rows.ports.empty() && rows.links.empty()) return 0U;
  // What still has flows is needed for their end.
  GINNEL_CHECKED(tables.flows.for_each([&](const ginnel_flow_key& key, const ginnel_flow& flow) {
    rows.ports.erase(flow.iif);
    rows.ports.erase(flow.oif);
    const ginnel_link_count_key of = ginnel_link_of(&key, &flow);
    if (of.link != 0) rows.links.erase({of.vpc, of.link, from_abi(of.address)});
  }));
  return erase_rows(tables, rows);
}

}  // namespace ginnel::dataplane

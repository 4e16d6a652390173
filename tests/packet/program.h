// The real packet program in the kernel, and its maps.
#pragma once

#include <bpf/bpf.h>

#include <cerrno>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "frame.h"
#include "ginnel.skel.h"

namespace ginnel::packet_test {

struct Outcome {
  int verdict = 0;  // TC_ACT_*
  std::vector<uint8_t> bytes;
};

// A map of the kernel with the types of its keys and values. Throws std::system_error.
template <typename Key, typename Value>
class Map {
 public:
  explicit Map(const bpf_map* map) : map_(map) {}

  void put(const Key& key, const Value& value) {
    if (bpf_map_update_elem(fd(), &key, &value, BPF_ANY) != 0) fail("update");
  }
  void remove(const Key& key) {
    if (bpf_map_delete_elem(fd(), &key) != 0) fail("delete from");
  }
  void clear() {
    for (Key key{}; bpf_map_get_next_key(fd(), nullptr, &key) == 0;) remove(key);
  }
  [[nodiscard]] std::unique_ptr<Value> find(const Key& key) const {
    auto value = std::make_unique<Value>();
    return bpf_map_lookup_elem(fd(), &key, value.get()) == 0 ? std::move(value) : nullptr;
  }
  [[nodiscard]] std::vector<std::pair<Key, Value>> all() const {
    std::vector<std::pair<Key, Value>> entries;
    Key key{};
    for (const Key* before = nullptr; bpf_map_get_next_key(fd(), before, &key) == 0; before = &key) {
      if (const auto value = find(key)) entries.emplace_back(key, *value);
    }
    return entries;
  }

 private:
  [[nodiscard]] int fd() const { return bpf_map__fd(map_); }
  [[noreturn]] void fail(const char* what) const {
    throw std::system_error(errno, std::generic_category(), std::string(what) + " map " + bpf_map__name(map_));
  }
  const bpf_map* map_;
};

struct LoadOptions {
  uint32_t max_flows = 1024;
  bool redirect_peer = true;
  uint32_t max_proxies = 1024;
  uint32_t port_flows = 0;
};

class Program {
 public:
  // Throws std::runtime_error when the kernel refuses it.
  explicit Program(const LoadOptions& options = {});

  // As if the frame came in from the device, which must be in the thread's network namespace.
  Outcome run(uint32_t ifindex, const Frame& frame) const;
  // Ends the flows of these keys, at most GINNEL_END_KEYS, as the daemon does (abi/count.h); entries that are gone.
  uint32_t end(const std::vector<ginnel_flow_key>& keys, uint32_t flags, uint32_t now_s) const;
  // Mean time of one run in ns, over `repeat` runs of the same frame, which the first changes.
  [[nodiscard]] uint32_t time_ns(uint32_t ifindex, const Frame& frame, uint32_t repeat) const;
  // Packets by reason since the load, those that are not 0.
  [[nodiscard]] std::map<std::string, uint64_t> drops() const;
  // Empties all maps that a case fills. Drops are counted on.
  void clear() const;
  // At the device's ingress, by clsact.
  void attach(uint32_t ifindex) const;

  Map<uint32_t, ginnel_port> ports() const { return Map<uint32_t, ginnel_port>(object_->maps.ports); }
  Map<uint32_t, ginnel_port> port_slots() const { return Map<uint32_t, ginnel_port>(object_->maps.port_slots); }
  Map<ginnel_link_key, ginnel_link> links() const { return Map<ginnel_link_key, ginnel_link>(object_->maps.links); }
  Map<ginnel_route_key, uint32_t> routes() const { return Map<ginnel_route_key, uint32_t>(object_->maps.routes); }
  Map<ginnel_destination_key, ginnel_destination> destinations() const {
    return Map<ginnel_destination_key, ginnel_destination>(object_->maps.destinations);
  }
  Map<uint32_t, ginnel_policy> policies() const { return Map<uint32_t, ginnel_policy>(object_->maps.policies); }
  Map<uint32_t, ginnel_rule> rules() const { return Map<uint32_t, ginnel_rule>(object_->maps.rules); }
  Map<ginnel_member_key, uint32_t> members() const {
    return Map<ginnel_member_key, uint32_t>(object_->maps.group_members);
  }
  Map<uint32_t, ginnel_balancer> balancers() const { return Map<uint32_t, ginnel_balancer>(object_->maps.balancers); }
  Map<uint32_t, ginnel_target> targets() const { return Map<uint32_t, ginnel_target>(object_->maps.targets); }
  Map<uint32_t, uint32_t> tables() const { return Map<uint32_t, uint32_t>(object_->maps.tables); }
  Map<uint32_t, ginnel_settings> settings() const { return Map<uint32_t, ginnel_settings>(object_->maps.settings); }
  Map<uint32_t, uint64_t> port_errors() const { return Map<uint32_t, uint64_t>(object_->maps.port_errors); }
  Map<ginnel_flow_key, uint64_t> exhausted() const { return Map<ginnel_flow_key, uint64_t>(object_->maps.exhausted); }
  Map<uint32_t, ginnel_port_count> port_counts() const {
    return Map<uint32_t, ginnel_port_count>(object_->maps.port_counts);
  }
  Map<ginnel_link_count_key, ginnel_link_count> link_counts() const {
    return Map<ginnel_link_count_key, ginnel_link_count>(object_->maps.link_counts);
  }
  Map<uint32_t, ginnel_drop_count> port_drops() const {
    return Map<uint32_t, ginnel_drop_count>(object_->maps.port_drops);
  }
  Map<ginnel_link_count_key, ginnel_drop_count> link_drops() const {
    return Map<ginnel_link_count_key, ginnel_drop_count>(object_->maps.link_drops);
  }
  // The balancer's table becomes these numbers of targets.
  void put_table(uint32_t balancer, const std::vector<uint32_t>& places) const;
  Map<ginnel_flow_key, ginnel_proxy> proxies() const {
    return Map<ginnel_flow_key, ginnel_proxy>(object_->maps.proxies);
  }
  // The datagrams of which a first fragment has passed, as bytes: the program's own affair.
  [[nodiscard]] std::map<std::string, std::string> datagrams() const;
  Map<ginnel_flow_key, ginnel_flow> flows() const { return Map<ginnel_flow_key, ginnel_flow>(object_->maps.flows); }

 private:
  struct Destroy {
    void operator()(ginnel_bpf* object) const { ginnel_bpf__destroy(object); }
  };
  std::unique_ptr<ginnel_bpf, Destroy> object_;
};

inline constexpr MacAddress kRouterMac{{0x02, 0xfe, 0, 0, 0, 1}};

const char* drop_name(uint32_t reason);
ginnel_address to_abi(const IpAddress& address);

}  // namespace ginnel::packet_test

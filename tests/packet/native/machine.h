// What stands for the kernel while the program runs in the test itself: its maps, and the packet.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <map>
#include <memory>

#include "maps.h"

namespace ginnel::packet_test::native {

// A packet, of which only the first `linear` bytes may be read directly. These have memory of exactly their length and
// are moved whenever the kernel might move them, so that a sanitizer sees a pointer that is used too far or too long.
struct Packet {
  Packet(const uint8_t* bytes, size_t size, size_t first);
  [[nodiscard]] Bytes all() const;
  void set(const Bytes& bytes, size_t first);
  [[nodiscard]] size_t size() const { return linear_size + rest.size(); }

  __sk_buff context{};  // first: its address is the program's skb
  std::unique_ptr<uint8_t[]> linear;
  size_t linear_size = 0;
  Bytes rest;
};

// The maps of every program that is loaded: by the address of their definition, which the loaded ones share, so that
// one of them is active; and by a number that stands for a descriptor.
class Machine {
 public:
  static Machine& get();

  // Forgets what an owner at that address had before.
  void begin(const void* owner) { by_owner_[owner].clear(); }
  void add(const void* owner, const void* definition, const void* handle, const std::shared_ptr<MapOf>& map);
  void activate(const void* owner) { active_ = &by_owner_[owner]; }

  int number_of(const std::shared_ptr<MapOf>& map);
  [[nodiscard]] int number_of(const void* handle) const;
  [[nodiscard]] std::shared_ptr<MapOf> by_number(int number) const;
  [[nodiscard]] MapOf* by_address(const void* map) const;

 private:
  using Definitions = std::map<const void*, std::shared_ptr<MapOf>>;
  std::map<const void*, Definitions> by_owner_;
  const Definitions* active_ = nullptr;
  std::map<const void*, int> by_handle_;
  std::map<int, std::shared_ptr<MapOf>> by_number_;
  int next_ = 1 << 20;  // far from the descriptors of the process
};

struct Redirection {
  uint32_t ifindex = 0;
  bool peer = false;
};
// Where the last redirect of this run went.
Redirection& redirection();

}  // namespace ginnel::packet_test::native

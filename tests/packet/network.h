// A network namespace of the test's own, with devices whose far end is the test itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace ginnel::packet_test {

// Moves the calling thread into a new, empty namespace. Throws std::system_error.
void enter_own_network();

// A tap device of the thread's namespace, up; it goes with the object. What the kernel sends to it is read here, what
// is written here comes in from it. Frames are preceded by virtio_net_hdr, by which checksums and the cutting into
// segments can be left to the kernel.
class Tap {
 public:
  explicit Tap(const std::string& name);

  [[nodiscard]] uint32_t ifindex() const { return ifindex_; }
  // The next IPv4 or ARP frame that was sent to the device; none if there is none within the time.
  std::optional<std::vector<uint8_t>> read(std::chrono::milliseconds timeout);
  void write(const std::vector<uint8_t>& frame);
  // A TCP frame whose checksum field holds the sum of the pseudo header only; with a gso_size to be cut up.
  void write_unfinished(std::vector<uint8_t> frame, uint16_t gso_size);

 private:
  void write(const void* header, const std::vector<uint8_t>& frame);

  UniqueFd fd_;
  uint32_t ifindex_ = 0;
};

}  // namespace ginnel::packet_test

// The packet socket of one port: questions come in, answers go out. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ginnel::dhcp {

class PortSocket {
 public:
  // Non-blocking; takes frames to a DHCP server of either family and router solicitations only, as the kernel's filter
  // reads them (not fragments, no IPv6 extension headers).
  static Result<PortSocket> open(uint32_t ifindex);

  [[nodiscard]] int fd() const { return fd_.get(); }
  // The next frame; nothing where none waits, or where the device is gone.
  [[nodiscard]] std::optional<std::vector<uint8_t>> receive() const;
  [[nodiscard]] Status send(const std::vector<uint8_t>& frame) const;

 private:
  explicit PortSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace ginnel::dhcp

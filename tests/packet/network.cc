#include "network.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <system_error>

#include "frame.h"
#include "program.h"

namespace ginnel::packet_test {
namespace {

constexpr int kMtu = 65000;

// As in linux/virtio_net.h, which no C++ compiler takes.
struct VirtioHeader {
  uint8_t flags = 0, gso_type = 0;
  uint16_t header_length = 0, gso_size = 0, checksum_start = 0, checksum_offset = 0;
};
constexpr uint8_t kNeedsChecksum = 1, kGsoTcpV4 = 1, kGsoTcpV6 = 4;

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

// So that a device says nothing on its own. Where /proc/sys may not be written, read() skips what it says.
void silence_ipv6() {
  const UniqueFd file(open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC));
  if (file) (void)!::write(file.get(), "1", 1);
}

}  // namespace

void enter_own_network() {
  checked(unshare(CLONE_NEWNET), "unshare");
  silence_ipv6();
}

Tap::Tap(const std::string& name) : fd_(checked(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "open tun")) {
  ifreq request{};
  std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  checked(ioctl(fd_.get(), TUNSETIFF, &request), "TUNSETIFF");
  ifindex_ = if_nametoindex(name.c_str());

  const UniqueFd control(checked(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
  request.ifr_mtu = kMtu;
  checked(ioctl(control.get(), SIOCSIFMTU, &request), "SIOCSIFMTU");
  request.ifr_flags = IFF_UP;
  checked(ioctl(control.get(), SIOCSIFFLAGS, &request), "SIOCSIFFLAGS");
}

std::optional<std::vector<uint8_t>> Tap::read(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::vector<uint8_t> buffer(80 * 1024);
  while (true) {
    const ssize_t got = ::read(fd_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno != EAGAIN) throw std::system_error(errno, std::generic_category(), "read from tap");
    if (got > static_cast<ssize_t>(sizeof(VirtioHeader) + 14)) {
      std::vector<uint8_t> frame(buffer.begin() + sizeof(VirtioHeader), buffer.begin() + got);
      const bool ipv6 = frame[12] == 0x86 && frame[13] == 0xdd;
      if (!ipv6 || std::equal(kRouterMac.bytes.begin(), kRouterMac.bytes.end(), frame.begin() + 6)) return frame;
      continue;
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd wanted{fd_.get(), POLLIN, 0};
    if (left.count() <= 0 || poll(&wanted, 1, static_cast<int>(left.count())) == 0) return std::nullopt;
  }
}

void Tap::write(const void* header, const std::vector<uint8_t>& frame) {
  const iovec parts[] = {{const_cast<void*>(header), sizeof(VirtioHeader)},
                         {const_cast<uint8_t*>(frame.data()), frame.size()}};
  const ssize_t wrote = writev(fd_.get(), parts, 2);
  if (wrote < 0) throw std::system_error(errno, std::generic_category(), "write to tap");
}

void Tap::write(const std::vector<uint8_t>& frame) {
  const VirtioHeader header{};
  write(&header, frame);
}

void Tap::write_unfinished(std::vector<uint8_t> frame, uint16_t gso_size) {
  const bool ipv6 = frame[12] == 0x86;
  const size_t transport = ipv6 ? 54 : 14 + size_t{frame[14] & 15u} * 4, length = frame.size() - transport;
  const auto addresses = std::span(frame).subspan(ipv6 ? 22 : 26, ipv6 ? 32 : 8);
  const uint16_t pseudo = ones_sum(addresses, 6 + static_cast<uint32_t>(length));
  frame[transport + 16] = static_cast<uint8_t>(pseudo >> 8);
  frame[transport + 17] = static_cast<uint8_t>(pseudo);
  VirtioHeader header{};
  header.flags = kNeedsChecksum;
  header.checksum_start = static_cast<uint16_t>(transport);
  header.checksum_offset = 16;
  if (gso_size != 0) {
    header.gso_type = ipv6 ? kGsoTcpV6 : kGsoTcpV4;
    header.gso_size = gso_size;
    header.header_length = static_cast<uint16_t>(transport + size_t{frame[transport + 12] / 16u} * 4);
  }
  write(&header, frame);
}

}  // namespace ginnel::packet_test

#include "dhcp/port_socket.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>

namespace ginnel::dhcp {
namespace {

constexpr size_t kLargestFrame = 2048;  // of a question; longer ones are cut, and then malformed
constexpr uint16_t kServerPort = 67, kServerPort6 = 547;
constexpr uint8_t kRouterSolicitation = 133;

// packet(7), classic BPF. The jumps count instructions to skip; the last two drop and take.
constexpr std::array<sock_filter, 21> kFilter = {{
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, static_cast<unsigned>(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 17),                   // of another network; the numbers begin behind it
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),                          // 0: EtherType
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 8, 0),           // 1: to 10
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 14),            // 2
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),                          // 3: protocol
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 12),         // 4
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20),                          // 5: fragment offset
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 10, 0),             // 6
    BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),                         // 7: length of the IP header
    BPF_STMT(BPF_LD | BPF_H | BPF_IND, 16),                          // 8: destination port
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kServerPort, 8, 7),          // 9
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),                          // 10: next header
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 3, 0),       // 11: to 15
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 4),          // 12
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 56),                          // 13: destination port
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kServerPort6, 3, 2),         // 14
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),                          // 15: type
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kRouterSolicitation, 1, 0),  // 16
    BPF_STMT(BPF_RET | BPF_K, 0),                                    // 17: drop
    BPF_STMT(BPF_RET | BPF_K, kLargestFrame),                        // 18: take
}};

template <typename T>
Status set_option(int fd, int level, int name, const T& value, const std::string& what) {
  if (setsockopt(fd, level, name, &value, sizeof value) == 0) return {};
  return fail_errno("set option of packet socket", what);
}

}  // namespace

Result<PortSocket> PortSocket::open(uint32_t ifindex) {
  const std::string name = "device " + std::to_string(ifindex);
  // Without a protocol it takes nothing until it is bound: no frame comes past the filter.
  UniqueFd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("open packet socket", name);
  auto filter = kFilter;
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  GINNEL_CHECKED(set_option(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, program, name));
  GINNEL_CHECKED(set_option(fd.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, name));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);  // others see a frame only after the packet program
  address.sll_ifindex = static_cast<int>(ifindex);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("bind packet socket", name);
  }
  return PortSocket(std::move(fd));
}

std::optional<std::vector<uint8_t>> PortSocket::receive() const {
  std::vector<uint8_t> frame(kLargestFrame);
  ssize_t length = -1;
  do {
    length = recv(fd_.get(), frame.data(), frame.size(), MSG_DONTWAIT);
  } while (length < 0 && errno == EINTR);
  if (length < 0) return std::nullopt;
  frame.resize(static_cast<size_t>(length));
  return frame;
}

Status PortSocket::send(const std::vector<uint8_t>& frame) const {
  if (::send(fd_.get(), frame.data(), frame.size(), MSG_DONTWAIT) >= 0) return {};
  return fail_errno("send", "DHCP answer");
}

}  // namespace ginnel::dhcp

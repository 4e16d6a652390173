#include "cni/inside.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

#include "base/ip.h"
#include "base/unique_fd.h"

namespace ginnel::cni {
namespace {

constexpr size_t kRouteWords = 10;  // of a line of ipv6_route

std::string with_length(const IpAddress& address, int length) {
  return fmt::format("{}/{}", address.to_string(), length);
}

IpAddress from_kernel(const in6_addr& address) {
  IpAddress::Bytes bytes;
  std::memcpy(bytes.data(), &address, bytes.size());
  return IpAddress(bytes);
}

void add_address(const ifaddrs& each, Inside& out) {
  switch (each.ifa_addr->sa_family) {
    case AF_INET: {
      const auto* address = reinterpret_cast<const sockaddr_in*>(each.ifa_addr);
      const auto* mask = reinterpret_cast<const sockaddr_in*>(each.ifa_netmask);
      out.addresses.push_back(
          with_length(IpAddress::from_v4(ntohl(address->sin_addr.s_addr)), std::popcount(mask->sin_addr.s_addr)));
      break;
    }
    case AF_INET6: {
      const auto* address = reinterpret_cast<const sockaddr_in6*>(each.ifa_addr);
      const auto* mask = reinterpret_cast<const sockaddr_in6*>(each.ifa_netmask);
      int length = 0;
      for (const auto byte : mask->sin6_addr.s6_addr) length += std::popcount(byte);
      out.addresses.push_back(with_length(from_kernel(address->sin6_addr), length));
      break;
    }
    case AF_PACKET: {
      const auto* link = reinterpret_cast<const sockaddr_ll*>(each.ifa_addr);
      MacAddress mac;
      std::copy_n(static_cast<const unsigned char*>(link->sll_addr), mac.bytes.size(), mac.bytes.begin());
      out.mac = mac.to_string();
      out.up = (each.ifa_flags & IFF_UP) != 0;
      break;
    }
    default:
      break;
  }
}

// proc_net_route, as the kernel prints it: the device, then destination and gateway as words of the machine in hex.
void read_routes(const std::string& device, std::vector<std::string>& out) {
  std::ifstream file("/proc/thread-self/net/route");
  std::string line;
  std::getline(file, line);  // the headings
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string name, flags;
    uint32_t destination = 0, gateway = 0, skipped = 0, mask = 0;
    words >> name >> std::hex >> destination >> gateway >> flags;
    words >> skipped >> skipped >> skipped >> mask;
    if (words && name == device && destination == 0 && mask == 0) {
      out.push_back(IpAddress::from_v4(ntohl(gateway)).to_string());
    }
  }
}

// Destination, its length, source, its length, gateway, metric, two counters, flags, device.
void read_routes6(const std::string& device, std::vector<std::string>& out) {
  std::ifstream file("/proc/thread-self/net/ipv6_route");
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream stream(line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    if (words.size() != kRouteWords || words[9] != device || words[1] != "00" || words[4].size() != 32) continue;
    std::string text;
    for (size_t i = 0; i < 8; ++i) text += (i == 0 ? "" : ":") + words[4].substr(4 * i, 4);
    if (const auto gateway = IpAddress::parse(text)) out.push_back(gateway->to_string());
  }
}

Result<Inside> look(const std::string& netns, const std::string& device) {
  const UniqueFd file(open(netns.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno("open network namespace", netns);
  if (setns(file.get(), CLONE_NEWNET) != 0) return fail_errno("enter network namespace", netns);
  if (if_nametoindex(device.c_str()) == 0) return fail_errno("look for " + device + " in", netns);
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return fail_errno("read the addresses of", netns);
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
  Inside out;
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (device == each->ifa_name && each->ifa_addr != nullptr) add_address(*each, out);
  }
  read_routes(device, out.gateways);
  read_routes6(device, out.gateways);
  return out;
}

}  // namespace

// On a thread of its own, whose namespace goes with it.
Result<Inside> look_inside(const std::string& netns, const std::string& device) {
  Result<Inside> out;
  std::thread([&] { out = look(netns, device); }).join();
  return out;
}

}  // namespace ginnel::cni

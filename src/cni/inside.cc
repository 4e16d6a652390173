#include "cni/inside.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>

#include <bit>
#include <memory>
#include <thread>

#include "base/ip.h"
#include "base/unique_fd.h"

namespace ginnel::cni {
namespace {

Result<std::vector<std::string>> read_addresses(const std::string& netns, const std::string& device) {
  const UniqueFd file(open(netns.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno("open network namespace", netns);
  if (setns(file.get(), CLONE_NEWNET) != 0) return fail_errno("enter network namespace", netns);
  if (if_nametoindex(device.c_str()) == 0) return fail_errno("look for " + device + " in", netns);
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return fail_errno("read the addresses of", netns);
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
  std::vector<std::string> out;
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (device != each->ifa_name || each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
    const auto* address = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
    const auto* mask = reinterpret_cast<const sockaddr_in*>(each->ifa_netmask);
    out.push_back(fmt::format("{}/{}", IpAddress::from_v4(ntohl(address->sin_addr.s_addr)).to_string(),
                              std::popcount(mask->sin_addr.s_addr)));
  }
  return out;
}

}  // namespace

// On a thread of its own, whose namespace goes with it.
Result<std::vector<std::string>> addresses_inside(const std::string& netns, const std::string& device) {
  Result<std::vector<std::string>> out;
  std::thread([&] { out = read_addresses(netns, device); }).join();
  return out;
}

}  // namespace ginnel::cni

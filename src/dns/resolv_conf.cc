#include "dns/resolv_conf.h"

namespace ginnel::dns {

std::vector<SocketAddress> name_servers_of(std::string_view resolv_conf) {
  constexpr std::string_view kKeyword = "nameserver", kSpace = " \t\r";
  std::vector<SocketAddress> out;
  while (!resolv_conf.empty()) {
    const auto end = resolv_conf.find('\n');
    auto line = resolv_conf.substr(0, end);
    resolv_conf = end == std::string_view::npos ? "" : resolv_conf.substr(end + 1);
    if (!line.starts_with(kKeyword)) continue;
    line.remove_prefix(kKeyword.size());
    const auto start = line.find_first_not_of(kSpace);
    if (start == std::string_view::npos || start == 0) continue;
    line.remove_prefix(start);
    const auto address = IpAddress::parse(line.substr(0, line.find_first_of(kSpace)));
    if (address) out.push_back({*address, 53});
  }
  return out;
}

}  // namespace ginnel::dns

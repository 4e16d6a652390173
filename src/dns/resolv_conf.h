// The name servers that a resolv.conf(5) tells.
#pragma once

#include <string_view>
#include <vector>

#include "dns/socket_address.h"

namespace ginnel::dns {

// In order, port 53. Those with an interface ("fe80::1%eth0") are left out.
[[nodiscard]] std::vector<SocketAddress> name_servers_of(std::string_view resolv_conf);

}  // namespace ginnel::dns

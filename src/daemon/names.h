// What the numbers of VPCs and links stand for, so that who reads the maps of the packet program can name them.
#pragma once

#include <boost/json.hpp>
#include <vector>

#include "base/ip.h"
#include "model/snapshot.h"

namespace ginnel::daemon {

// {"vpcs": [{number, name}], "links": [{number, name}], "interfaces": [{name, vpc, addresses}]}. A link's name is its
// endpoint's id, "resolver", or "LOAD-BALANCER:PORT" of a listener.
[[nodiscard]] boost::json::object names_of(const model::Snapshot& snapshot);

// All addresses of an interface.
[[nodiscard]] std::vector<IpAddress> addresses_of(const model::NetworkInterface& interface);

}  // namespace ginnel::daemon

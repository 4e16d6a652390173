// The result of ADD, and what CHECK finds in one (CNI specification 1.0.0, section 5).
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "cni/inside.h"
#include "cni/request.h"

namespace ginnel::cni {

// What the daemon said of a port, as the result of the configuration's version; after what the plugins before this one
// made, where it is not the first of its list.
[[nodiscard]] boost::json::object result_of(const Request& request, const boost::json::object& port);

// What is not as `request.configuration.previous` has it: the port, or what stands in the namespace. Empty: nothing.
[[nodiscard]] std::string difference(const Request& request, const boost::json::object& port, const Inside& found);

// The text of a member, empty if there is none.
[[nodiscard]] std::string member(const boost::json::object& object, const char* name);

}  // namespace ginnel::cni

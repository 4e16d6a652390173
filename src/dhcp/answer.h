// From the frame of a question to the frame that answers it. Pure.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "dhcp/lease.h"
#include "dhcp/lease6.h"

namespace ginnel::dhcp {

// Empty where the question wants no answer, is for somebody else, or is not from the port's MAC; an Error where it is
// broken. A question is for this server if it goes to everybody (255.255.255.255, ff02::1:2, ff02::2) or to the router:
// what goes to another interface's port 67 is that one's.
[[nodiscard]] Result<std::optional<std::vector<uint8_t>>> answer_v4_frame(const Lease& lease,
                                                                          const MacAddress& router_mac,
                                                                          std::span<const uint8_t> frame);
[[nodiscard]] Result<std::optional<std::vector<uint8_t>>> answer_v6_frame(const Lease6& lease,
                                                                          std::span<const uint8_t> frame);

// The router advertisement that nobody asked for: to all of the link (RFC 4861, section 6.2.4).
[[nodiscard]] std::vector<uint8_t> unasked_advertisement(const Lease6& lease);

}  // namespace ginnel::dhcp

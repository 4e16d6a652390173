// Which flows are meant: what `ginnel flows` lists and `ginnel flows cut` ends.
//
// A filter is a list of conditions, all of which must hold; without any it means every flow. It judges one entry of the
// flow map and says the same of both entries of a flow. Plain values, free to copy between threads.
//
//   vpc=vpc-…        an end is in that VPC
//   endpoint=vpce-…  through that interface endpoint
//   link=N           through the links of that number, as `ginnel flows` shows it
//   interface=eni-…  that interface is an end, or an endpoint's or a load balancer's in between
//   protocol=tcp     tcp, udp, icmp, icmpv6 or a number
//   address=CIDR     an address of the packet inside the CIDR, as it comes in or as it goes out
//   port=N           likewise a port
//   state=STATE      of FlowState, or `open`: neither closed nor reset
//   older=SECONDS    opened longer ago; younger=SECONDS: not so long ago. A flow whose age is not known is neither
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "abi/flow.h"
#include "base/ip.h"
#include "base/result.h"
#include "planner/plan.h"

namespace ginnel::dataplane {

// TCP: `opening` until the opener's ACK after the target's answer, `closing` after one FIN, `closed` after both,
// `reset` after a RST. Other protocols are `opening` until the first answer, then `established`.
enum class FlowState : uint8_t { opening, established, closing, closed, reset };

// Since it was opened; nothing where that is not known: of flows that an older packet program opened.
[[nodiscard]] std::optional<uint32_t> age_of(const ginnel_flow& flow, uint32_t now_s);
[[nodiscard]] FlowState state_of(uint8_t protocol, const ginnel_flow& flow);
[[nodiscard]] const char* name_of(FlowState state);
// "tcp", "udp", "icmp", "icmpv6", else the number.
[[nodiscard]] std::string protocol_name(uint8_t protocol);
Result<uint8_t> parse_protocol(std::string_view text);

// An interface as flows know it: its addresses in its VPC.
struct FlowInterface {
  plan::VpcNumber vpc = 0;
  std::vector<IpAddress> addresses;
};

// Numbers of the names that a person gives. A name that is not known is an Error.
struct FlowNames {
  std::function<Result<plan::VpcNumber>(const std::string&)> vpc;
  std::function<Result<plan::LinkNumber>(const std::string&)> endpoint;
  std::function<Result<FlowInterface>(const std::string&)> interface;
};

struct FlowFilter {
  std::optional<plan::VpcNumber> vpc;
  std::optional<plan::LinkNumber> link;
  std::optional<FlowInterface> interface;
  std::optional<uint8_t> protocol;
  std::optional<Cidr> address;
  std::optional<uint16_t> port;
  std::optional<std::set<FlowState>> states;
  std::optional<uint32_t> older_s, younger_s;

  [[nodiscard]] bool empty() const;
  // Whether what it says of a flow changes with time alone.
  [[nodiscard]] bool has_age() const { return older_s || younger_s; }
  [[nodiscard]] bool matches(const ginnel_flow_key& key, const ginnel_flow& flow, uint32_t now_s) const;

 private:
  [[nodiscard]] bool has_right_age(const ginnel_flow& flow, uint32_t now_s) const;
};

using FlowConditions = std::vector<std::pair<std::string, std::string>>;  // name and value, as above

// Of words "NAME=VALUE", several to a text where blanks stand between them. An Error names the word that is none.
Result<FlowConditions> split_flow_conditions(const std::vector<std::string>& texts);

// An Error names the condition and its value: one that is not known, not well formed, or given twice.
Result<FlowFilter> parse_flow_filter(const FlowConditions& conditions, const FlowNames& names);

}  // namespace ginnel::dataplane

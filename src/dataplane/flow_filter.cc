#include "dataplane/flow_filter.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "dataplane/abi_values.h"

namespace ginnel::dataplane {
namespace {

constexpr std::pair<const char*, uint8_t> kProtocols[] = {
    {"tcp", GINNEL_TCP}, {"udp", GINNEL_UDP}, {"icmp", GINNEL_ICMP}, {"icmpv6", GINNEL_ICMPV6}};
constexpr std::pair<const char*, FlowState> kStates[] = {{"opening", FlowState::opening},
                                                         {"established", FlowState::established},
                                                         {"closing", FlowState::closing},
                                                         {"closed", FlowState::closed},
                                                         {"reset", FlowState::reset}};

template <typename Number>
Result<Number> parse_number(std::string_view text) {
  Number out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return fail("read", text, "is not such a number");
  return out;
}

Result<std::set<FlowState>> parse_states(std::string_view text) {
  if (text == "open") return std::set{FlowState::opening, FlowState::established, FlowState::closing};
  for (const auto& [name, state] : kStates) {
    if (text == name) return std::set{state};
  }
  return fail("read", text, "is none of opening, established, closing, closed, reset and open");
}

// "10.0.0.0/8", or an address alone.
Result<Cidr> parse_address(std::string_view text) {
  if (const auto address = IpAddress::parse(text)) return Cidr(*address, address->is_v4() ? 32 : 128);
  auto cidr = Cidr::parse(text);
  if (!cidr) return fail("read", text, "is neither an address nor a CIDR");
  return *cidr;
}

template <typename Value>
Status put(std::optional<Value>& out, Result<Value> value) {
  if (out) return fail("", "", "is given twice");
  GINNEL_TRY(out, std::move(value));
  return {};
}

Status take(FlowFilter& filter, const std::string& name, const std::string& value, const FlowNames& names) {
  if (name == "vpc") return put(filter.vpc, names.vpc(value));
  if (name == "endpoint") return put(filter.link, names.endpoint(value));
  if (name == "link") return put(filter.link, parse_number<plan::LinkNumber>(value));
  if (name == "interface") return put(filter.interface, names.interface(value));
  if (name == "protocol") return put(filter.protocol, parse_protocol(value));
  if (name == "address") return put(filter.address, parse_address(value));
  if (name == "port") return put(filter.port, parse_number<uint16_t>(value));
  if (name == "state") return put(filter.states, parse_states(value));
  if (name == "older") return put(filter.older_s, parse_number<uint32_t>(value));
  if (name == "younger") return put(filter.younger_s, parse_number<uint32_t>(value));
  return fail("", "", "there is no such condition");
}

bool has(const FlowInterface& interface, plan::VpcNumber vpc, const ginnel_address& address) {
  return interface.vpc == vpc && std::find(interface.addresses.begin(), interface.addresses.end(), from_abi(address)) !=
                                     interface.addresses.end();
}

}  // namespace

// The program's clock is a coarse one and may be ahead of `now_s` by a tick.
std::optional<uint32_t> age_of(const ginnel_flow& flow, uint32_t now_s) {
  const uint32_t opened_s = ginnel_flow_opened_s(&flow);
  if (opened_s == 0) return std::nullopt;
  return static_cast<uint32_t>(std::max(0, static_cast<int32_t>(now_s - opened_s)));
}

FlowState state_of(uint8_t protocol, const ginnel_flow& flow) {
  if (protocol != GINNEL_TCP) {
    return (flow.state & GINNEL_FLOW_ANSWERED) != 0 ? FlowState::established : FlowState::opening;
  }
  if ((flow.state & GINNEL_FLOW_RST) != 0) return FlowState::reset;
  if (ginnel_flow_closed(flow.state) != 0) return FlowState::closed;
  if ((flow.state & (GINNEL_FLOW_FIN_FORWARD | GINNEL_FLOW_FIN_REVERSE)) != 0) return FlowState::closing;
  return (flow.state & GINNEL_FLOW_ESTABLISHED) != 0 ? FlowState::established : FlowState::opening;
}

const char* name_of(FlowState state) {
  for (const auto& [name, each] : kStates) {
    if (each == state) return name;
  }
  return "?";
}

std::string protocol_name(uint8_t protocol) {
  for (const auto& [name, number] : kProtocols) {
    if (number == protocol) return name;
  }
  return std::to_string(protocol);
}

Result<uint8_t> parse_protocol(std::string_view text) {
  for (const auto& [name, number] : kProtocols) {
    if (text == name) return number;
  }
  const auto number = parse_number<uint8_t>(text);
  if (!number) return fail("read", text, "is neither tcp, udp, icmp, icmpv6 nor a number up to 255");
  return number;
}

bool FlowFilter::empty() const {
  return !vpc && !link && !interface && !protocol && !address && !port && !states && !has_age();
}

bool FlowFilter::has_right_age(const ginnel_flow& flow, uint32_t now_s) const {
  if (!has_age()) return true;
  const auto age_s = age_of(flow, now_s);
  return age_s && (!older_s || *age_s > *older_s) && (!younger_s || *age_s < *younger_s);
}

bool FlowFilter::matches(const ginnel_flow_key& key, const ginnel_flow& flow, uint32_t now_s) const {
  if (!has_right_age(flow, now_s)) return false;
  if (vpc && key.scope != *vpc && flow.out_scope != *vpc) return false;
  if (link && flow.link != *link) return false;
  if (protocol && key.protocol != *protocol) return false;
  if (states && !states->contains(state_of(key.protocol, flow))) return false;
  if (interface && !has(*interface, key.scope, key.source) && !has(*interface, key.scope, key.destination) &&
      !has(*interface, flow.out_scope, flow.source) && !has(*interface, flow.out_scope, flow.destination))
    return false;
  if (port) {
    const uint16_t wanted = htons(*port);
    if (key.source_port != wanted && key.destination_port != wanted && flow.source_port != wanted &&
        flow.destination_port != wanted)
      return false;
  }
  if (!address) return true;
  const ginnel_address* const all[] = {&key.source, &key.destination, &flow.source, &flow.destination};
  return std::any_of(std::begin(all), std::end(all),
                     [&](const ginnel_address* each) { return address->contains(from_abi(*each)); });
}

Result<FlowConditions> split_flow_conditions(const std::vector<std::string>& texts) {
  FlowConditions out;
  for (const auto& text : texts) {
    std::istringstream words(text);
    for (std::string word; words >> word;) {
      const size_t equals = word.find('=');
      if (equals == 0 || equals == std::string::npos || equals + 1 == word.size())
        return fail("read the condition", word, "it is not NAME=VALUE");
      out.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    }
  }
  return out;
}

Result<FlowFilter> parse_flow_filter(const FlowConditions& conditions, const FlowNames& names) {
  FlowFilter filter;
  for (const auto& [name, value] : conditions) {
    const auto status = take(filter, name, value, names);
    if (!status) return fail("read the condition", fmt::format("{}={}", name, value), status.error().cause);
  }
  return filter;
}

}  // namespace ginnel::dataplane

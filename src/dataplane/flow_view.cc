#include "dataplane/flow_view.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string_view>

#include "dataplane/abi_values.h"

namespace ginnel::dataplane {
namespace {

FlowEnd end_of(const ginnel_address& address, __be16 port) { return {from_abi(address), ntohs(port)}; }

// The program's clock is a coarse one and may be ahead of `now_s` by a tick.
uint32_t silent_s(const ginnel_flow& flow, uint32_t now_s) {
  return static_cast<uint32_t>(std::max(0, static_cast<int32_t>(now_s - flow.last_seen_s)));
}

}  // namespace

Flow flow_of(const ginnel_flow_key& key, const ginnel_flow& flow, const ginnel_flow* back, uint32_t now_s) {
  Flow out;
  out.id = std::hash<std::string_view>{}({reinterpret_cast<const char*>(&key), sizeof key});
  out.protocol = key.protocol;
  out.state = state_of(key.protocol, flow);
  out.cut = (flow.state & GINNEL_FLOW_CUT) != 0;
  out.vpc = key.scope;
  out.source = end_of(key.source, key.source_port);
  out.destination = end_of(key.destination, key.destination_port);
  if ((flow.flags & GINNEL_FLOW_TRANSLATE) != 0) {
    out.translated = Flow::Translated{flow.out_scope, end_of(flow.source, flow.source_port),
                                      end_of(flow.destination, flow.destination_port)};
  }
  out.link = flow.link;
  out.age_s = age_of(flow, now_s);
  out.idle_s = silent_s(flow, now_s);
  if (back != nullptr) out.idle_s = std::min(out.idle_s, silent_s(*back, now_s));
  out.idle_limit_s = ginnel_flow_idle_limit_s(key.protocol, &flow);
  out.packets_sent = flow.packets;
  out.bytes_sent = flow.bytes;
  if (back != nullptr) {
    out.packets_received = back->packets;
    out.bytes_received = back->bytes;
  }
  return out;
}

std::string text_of(const FlowEnd& end) {
  if (end.port == 0) return end.address.to_string();
  const std::string address = end.address.to_string();
  return end.address.is_v4() ? fmt::format("{}:{}", address, end.port) : fmt::format("[{}]:{}", address, end.port);
}

}  // namespace ginnel::dataplane

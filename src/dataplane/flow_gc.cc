#include "dataplane/flow_gc.h"

#include <arpa/inet.h>
#include <time.h>

#include <vector>

#include "dataplane/abi_values.h"

namespace ginnel::dataplane {
namespace {

bool is_idle(const ginnel_flow_key& key, const ginnel_flow& flow, uint32_t now_s) {
  // The program's clock is a coarse one and may be ahead of `now_s` by a tick.
  const auto silent_s = static_cast<int32_t>(now_s - flow.last_seen_s);
  return silent_s > static_cast<int32_t>(ginnel_flow_idle_limit_s(key.protocol, &flow));
}

bool touches(const Gone& gone, const ginnel_flow_key& key, const ginnel_flow& flow) {
  if (flow.link != 0 && gone.numbers.contains(flow.link)) return true;
  if (flow.target != 0 && gone.targets.contains(flow.target)) return true;
  if (!gone.links.empty()) {
    const auto link = link_of(key, flow);
    if (link && gone.links.contains(*link)) return true;
  }
  if (gone.ports.empty()) return false;
  return gone.ports.contains({key.scope, from_abi(key.source)}) ||
         gone.ports.contains({flow.out_scope, from_abi(flow.destination)});
}

}  // namespace

// The program looks again: a flow may have woken up since, and its other direction may be alive.
Result<CollectReport> collect_flows(const Map<ginnel_flow_key, ginnel_flow>& flows, FlowEnder& ender, uint32_t now_s) {
  CollectReport report;
  std::vector<ginnel_flow_key> idle;
  GINNEL_CHECKED(flows.for_each([&](const ginnel_flow_key& key, const ginnel_flow& flow) {
    ++report.entries;
    if (is_idle(key, flow, now_s)) idle.push_back(key);
  }));
  GINNEL_TRY(report.removed, ender.end_idle(idle, now_s));
  return report;
}

Result<size_t> collect_proxies(Map<ginnel_flow_key, ginnel_proxy>& proxies,
                               const Map<ginnel_flow_key, ginnel_flow>& flows, uint32_t now_s) {
  std::vector<ginnel_flow_key> old;
  GINNEL_CHECKED(proxies.for_each([&](const ginnel_flow_key& key, const ginnel_proxy& proxy) {
    if (ginnel_proxy_is_over(&proxy, nullptr, now_s) != 0) old.push_back(key);
  }));
  size_t removed = 0;
  for (const auto& key : old) {
    GINNEL_TRY(const auto proxy, proxies.get(key));
    GINNEL_TRY(const auto flow, flows.get(key));
    if (!proxy || ginnel_proxy_is_over(&*proxy, flow ? &*flow : nullptr, now_s) == 0) continue;
    GINNEL_TRY(const bool erased, proxies.erase(key));
    removed += static_cast<size_t>(erased);
  }
  return removed;
}

std::optional<FlowLink> link_of(const ginnel_flow_key& key, const ginnel_flow& flow) {
  if ((flow.flags & GINNEL_FLOW_TRANSLATE) == 0) return std::nullopt;
  if ((flow.flags & GINNEL_FLOW_REVERSE) != 0) {  // what the opener sees as the source
    return FlowLink{flow.out_scope, {from_abi(flow.source), ntohs(flow.source_port), key.protocol}, flow.link};
  }
  return FlowLink{key.scope, {from_abi(key.destination), ntohs(key.destination_port), key.protocol}, flow.link};
}

Result<MarkReport> cut_flows(const Map<ginnel_flow_key, ginnel_flow>& flows, FlowEnder& ender, const Gone& gone) {
  if (gone.empty()) return MarkReport{};
  const auto which = [&](const ginnel_flow_key& key, const ginnel_flow& flow) { return touches(gone, key, flow); };
  return mark_flows(flows, ender, which, Resetless::end);
}

uint32_t monotonic_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint32_t>(now.tv_sec);
}

}  // namespace ginnel::dataplane

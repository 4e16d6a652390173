#include "dataplane/running_flows.h"

#include <fmt/format.h>
#include <string.h>

#include <optional>

#include "abi/config.h"
#include "dataplane/abi_values.h"
#include "dataplane/flow_marks.h"
#include "dataplane/names.h"
#include "dataplane/nudge.h"
#include "dataplane/programs.h"
#include "dataplane/running.h"

namespace ginnel::dataplane {
namespace {

template <typename Key, typename Value>
Status bind_map(const RunningProgram& running, const char* name, Map<Key, Value>& out) {
  const auto found = running.maps.find(name);
  if (found == running.maps.end()) return fail("find map", name, "the running packet program does not hold it");
  GINNEL_TRY(out, (Map<Key, Value>::bind(found->second.get(), name)));
  return {};
}

Result<RunningProgram> find_program(const std::string& tag) {
  GINNEL_TRY(Netlink netlink, Netlink::open());
  GINNEL_TRY(const auto system, find_link(netlink, system_peer_name(tag)));
  if (system) {
    GINNEL_TRY(const auto attacher, make_attacher(AttachMode::automatic, system->index));
    GINNEL_TRY(auto running, find_running(netlink, *attacher, tag));
    if (running) return std::move(*running);
  }
  return fail("find", "the packet program of region " + tag, "none runs in this network namespace");
}

std::string text_in(const char* text, size_t size) { return {text, strnlen(text, size)}; }

}  // namespace

Result<RunningFlows> RunningFlows::open(const std::string& tag) {
  GINNEL_TRY(const RunningProgram running, find_program(tag));
  GINNEL_TRY(const uint32_t version, layout_version_of(running));
  if (version != GINNEL_LAYOUT_VERSION) {
    return fail("read", "the flows",
                fmt::format("the running packet program has layout version {}, this command {}: restart the daemon",
                            version, GINNEL_LAYOUT_VERSION));
  }
  RunningFlows out;
  GINNEL_CHECKED(bind_map(running, "flows", out.flows_));
  GINNEL_CHECKED(bind_map(running, "ports", out.ports_));
  GINNEL_CHECKED(bind_map(running, "links", out.links_));
  return out;
}

Status RunningFlows::read(const FlowFilter& filter, uint32_t now_s,
                          const std::function<Status(const Flow&)>& each) const {
  Status status;
  GINNEL_CHECKED(flows_.for_each([&](const ginnel_flow_key& key, const ginnel_flow& flow) {
    if (!status || (flow.flags & GINNEL_FLOW_REVERSE) != 0 || !filter.matches(key, flow)) return;
    const auto back = flows_.get(ginnel_flow_partner(&key, &flow));
    status = back ? each(flow_of(key, flow, *back ? &**back : nullptr, now_s)) : tl::unexpected(back.error());
  }));
  return status;
}

Result<size_t> RunningFlows::cut(const FlowFilter& filter) {
  GINNEL_TRY(const Nudger nudger, Nudger::open());
  const auto which = [&](const ginnel_flow_key& key, const ginnel_flow& flow) { return filter.matches(key, flow); };
  GINNEL_TRY(const auto report, mark_flows(flows_, which));
  GINNEL_CHECKED(nudger.nudge(flows_, report.tcp));
  return report.flows;
}

Result<KernelNames> RunningFlows::names() const {
  KernelNames out;
  GINNEL_CHECKED(ports_.for_each([&](__u32, const ginnel_port& row) {
    if ((row.flags & GINNEL_PORT_SYSTEM) != 0) return;
    FlowInterface interface {
      row.vpc, { from_abi(row.address) }
    };
    if (const auto address6 = optional_from_abi(row.address6)) interface.addresses.push_back(*address6);
    out.interfaces[text_in(row.interface_id, sizeof row.interface_id)] = std::move(interface);
  }));
  GINNEL_CHECKED(links_.for_each([&](const ginnel_link_key&, const ginnel_link& row) {
    if ((row.flags & GINNEL_LINK_ENDPOINT) != 0) out.endpoints[row.number] = text_in(row.owner, sizeof row.owner);
  }));
  return out;
}

}  // namespace ginnel::dataplane

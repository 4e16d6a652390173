#include "dataplane/running_flows.h"

#include <string.h>

#include "dataplane/abi_values.h"
#include "dataplane/flow_marks.h"
#include "dataplane/nudge.h"
#include "dataplane/programs.h"
#include "dataplane/running_tables.h"

namespace ginnel::dataplane {
namespace {

std::string text_in(const char* text, size_t size) { return {text, strnlen(text, size)}; }

}  // namespace

Result<RunningFlows> RunningFlows::open(const std::string& tag) {
  RunningFlows out;
  GINNEL_TRY(out.program_, running_program(tag));
  GINNEL_TRY(out.tables_, tables_of(out.program_));
  return out;
}

Status RunningFlows::read(const FlowFilter& filter, uint32_t now_s,
                          const std::function<Status(const Flow&)>& each) const {
  Status status;
  GINNEL_CHECKED(tables_.flows.for_each([&](const ginnel_flow_key& key, const ginnel_flow& flow) {
    if (!status || (flow.flags & GINNEL_FLOW_REVERSE) != 0 || !filter.matches(key, flow, now_s)) return;
    const auto back = tables_.flows.get(ginnel_flow_partner(&key, &flow));
    status = back ? each(flow_of(key, flow, *back ? &**back : nullptr, now_s)) : tl::unexpected(back.error());
  }));
  return status;
}

Result<size_t> RunningFlows::cut(const FlowFilter& filter, uint32_t now_s) {
  GINNEL_TRY(const Nudger nudger, Nudger::open());
  GINNEL_TRY(EndProgram end, EndProgram::load(program_));
  const auto which = [&](const ginnel_flow_key& key, const ginnel_flow& flow) {
    return filter.matches(key, flow, now_s);
  };
  GINNEL_TRY(const auto report, mark_flows(tables_.flows, end.ender(), which, Resetless::mark));
  GINNEL_CHECKED(nudger.nudge(tables_.flows, report.tcp));
  return report.flows;
}

Result<KernelNames> RunningFlows::names() const {
  KernelNames out;
  GINNEL_CHECKED(tables_.ports.for_each([&](__u32, const ginnel_port& row) {
    if ((row.flags & GINNEL_PORT_SYSTEM) != 0) return;
    FlowInterface interface {
      row.vpc, { from_abi(row.address) }
    };
    if (const auto address6 = optional_from_abi(row.address6)) interface.addresses.push_back(*address6);
    out.interfaces[text_in(row.interface_id, sizeof row.interface_id)] = std::move(interface);
  }));
  GINNEL_CHECKED(tables_.links.for_each([&](const ginnel_link_key&, const ginnel_link& row) {
    if ((row.flags & GINNEL_LINK_ENDPOINT) != 0) out.endpoints[row.number] = text_in(row.owner, sizeof row.owner);
  }));
  return out;
}

}  // namespace ginnel::dataplane

#include "cli/flow_text.h"

#include <fmt/format.h>

#include "dataplane/flow_filter.h"

namespace ginnel::cli {
namespace {

using dataplane::Flow;

std::string or_dash(std::string text) { return text.empty() ? "-" : text; }

boost::json::value or_null(const std::string& text) {
  return text.empty() ? boost::json::value() : boost::json::value(text);
}

std::string state_text(const Flow& flow) { return flow.cut ? "cut" : dataplane::name_of(flow.state); }

void put_ends(boost::json::object& out, const dataplane::FlowEnd& source, const dataplane::FlowEnd& destination) {
  out["source"] = source.address.to_string();
  out["source_port"] = source.port;
  out["destination"] = destination.address.to_string();
  out["destination_port"] = destination.port;
}

}  // namespace

Table::Row flow_header() {
  return {"PROTOCOL",   "STATE", "VPC", "INTERFACE", "SOURCE", "DESTINATION",
          "TRANSLATED", "LINK",  "AGE", "IDLE",      "SENT",   "RECEIVED"};
}

Table::Row flow_row(const Flow& flow, NameBook& names) {
  std::string translated;
  if (flow.translated)
    translated = fmt::format("{} → {}", text_of(flow.translated->source), text_of(flow.translated->destination));
  return {dataplane::protocol_name(flow.protocol),
          state_text(flow),
          names.vpc(flow.vpc),
          or_dash(names.interface(flow.vpc, flow.source.address)),
          text_of(flow.source),
          text_of(flow.destination),
          or_dash(translated),
          or_dash(names.link(flow.link)),
          flow.age_s ? fmt::format("{}s", *flow.age_s) : "-",
          fmt::format("{}s", flow.idle_s),
          fmt::format("{}/{}", flow.packets_sent, flow.bytes_sent),
          fmt::format("{}/{}", flow.packets_received, flow.bytes_received)};
}

boost::json::object flow_object(const Flow& flow, NameBook& names) {
  boost::json::object out;
  out["protocol"] = dataplane::protocol_name(flow.protocol);
  out["state"] = dataplane::name_of(flow.state);
  out["cut"] = flow.cut;
  out["vpc"] = names.vpc(flow.vpc);
  out["interface"] = or_null(names.interface(flow.vpc, flow.source.address));
  put_ends(out, flow.source, flow.destination);
  out["translated"] = nullptr;
  if (flow.translated) {
    boost::json::object translated;
    translated["vpc"] = names.vpc(flow.translated->vpc);
    translated["interface"] = or_null(names.interface(flow.translated->vpc, flow.translated->destination.address));
    put_ends(translated, flow.translated->source, flow.translated->destination);
    out["translated"] = std::move(translated);
  }
  out["link"] = or_null(names.link(flow.link));
  out["link_number"] = flow.link;
  out["age_s"] = flow.age_s ? boost::json::value(*flow.age_s) : boost::json::value();
  out["idle_s"] = flow.idle_s;
  out["idle_limit_s"] = flow.idle_limit_s;
  out["packets_sent"] = flow.packets_sent;
  out["bytes_sent"] = flow.bytes_sent;
  out["packets_received"] = flow.packets_received;
  out["bytes_received"] = flow.bytes_received;
  return out;
}

}  // namespace ginnel::cli

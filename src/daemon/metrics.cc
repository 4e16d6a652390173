#include "daemon/metrics.h"

#include <optional>
#include <vector>

#include "abi/drop_reason.h"
#include "base/version.h"
#include "daemon/exposition.h"
#include "daemon/names.h"
#include "planner/balancing.h"

namespace ginnel::daemon {
namespace {

using dataplane::LinkCounts;
using dataplane::PortCounts;
using Kind = Exposition::Kind;

// What one endpoint did in one subnet.
struct EndpointRow {
  const model::VpcEndpoint* endpoint = nullptr;
  std::string subnet, zone;
  LinkCounts counts;
};

uint64_t dropped(const LinkCounts& counts) {
  uint64_t out = 0;
  for (const auto& [reason, packets] : counts.drops) out += packets;
  return out;
}

uint64_t bytes_of(const LinkCounts& counts) { return counts.forward_bytes + counts.reverse_bytes; }

template <typename Counts>
struct Measure {
  const char* name;
  Kind kind;
  const char* help;
  uint64_t (*value)(const Counts&);
};

constexpr Measure<LinkCounts> kOfEndpoints[] = {
    {"privatelink_endpoints_active_connections", Kind::gauge,
     "Flows through the endpoint now; closed ones do not count.", [](const LinkCounts& c) { return c.active; }},
    {"privatelink_endpoints_bytes_processed_total", Kind::counter,
     "Bytes of frames that were delivered, in both directions together.", bytes_of},
    {"privatelink_endpoints_new_connections_total", Kind::counter, "Flows that were opened through the endpoint.",
     [](const LinkCounts& c) { return c.opened; }},
    {"privatelink_endpoints_packets_dropped_total", Kind::counter, "Packets that were dropped, in either direction.",
     dropped},
    {"privatelink_endpoints_rst_packets_received_total", Kind::counter,
     "TCP segments with RST that the service sent to the endpoint.",
     [](const LinkCounts& c) { return c.reverse_resets; }},
};

constexpr Measure<LinkCounts> kOfServices[] = {
    {"privatelink_services_active_connections", Kind::gauge, "Flows to the service now; closed ones do not count.",
     [](const LinkCounts& c) { return c.active; }},
    {"privatelink_services_bytes_processed_total", Kind::counter,
     "Bytes of frames that were delivered, in both directions together.", bytes_of},
    {"privatelink_services_new_connections_total", Kind::counter, "Flows that were opened to the service.",
     [](const LinkCounts& c) { return c.opened; }},
    {"privatelink_services_rst_packets_sent_total", Kind::counter,
     "TCP segments with RST that the service sent to endpoints.", [](const LinkCounts& c) { return c.reverse_resets; }},
};

constexpr Measure<PortCounts> kOfInterfaces[] = {
    {"ginnel_interface_sent_packets_total", Kind::counter, "Packets that came from the interface and were delivered.",
     [](const PortCounts& c) { return c.sent_packets; }},
    {"ginnel_interface_sent_bytes_total", Kind::counter, "Bytes of their frames.",
     [](const PortCounts& c) { return c.sent_bytes; }},
    {"ginnel_interface_received_packets_total", Kind::counter, "Packets that were delivered to the interface.",
     [](const PortCounts& c) { return c.received_packets; }},
    {"ginnel_interface_received_bytes_total", Kind::counter, "Bytes of their frames.",
     [](const PortCounts& c) { return c.received_bytes; }},
    {"ginnel_interface_opened_flows_total", Kind::counter, "Flows that the interface opened.",
     [](const PortCounts& c) { return c.opened; }},
    {"ginnel_interface_accepted_flows_total", Kind::counter, "Flows that were opened to the interface.",
     [](const PortCounts& c) { return c.accepted; }},
    {"ginnel_interface_sent_resets_total", Kind::counter, "TCP segments with RST from the interface.",
     [](const PortCounts& c) { return c.sent_resets; }},
    {"ginnel_interface_received_resets_total", Kind::counter, "TCP segments with RST to the interface.",
     [](const PortCounts& c) { return c.received_resets; }},
    {"ginnel_interface_active_flows", Kind::gauge, "Flows from and to the interface now; closed ones do not count.",
     [](const PortCounts& c) { return c.active; }},
    {"ginnel_interface_tracked_flows", Kind::gauge, "Flows from the interface that are in the table.",
     [](const PortCounts& c) { return c.tracked; }},
};

class Metrics {
 public:
  Metrics(const model::Snapshot& snapshot, const model::Region& region, const PathReading& reading)
      : snapshot_(snapshot), region_(region), reading_(reading) {
    for (const auto& [key, counts] : reading.counts.links) links_[{key.link, key.address}] += counts;
    for (const auto* endpoint : snapshot.table<model::VpcEndpoint>().all()) add_rows(*endpoint);
  }

  std::string text() {
    endpoints();
    services();
    interfaces();
    host();
    return out_.take();
  }

 private:
  void add_rows(const model::VpcEndpoint& endpoint) {
    for (const auto& id : endpoint.interfaces) {
      const auto* interface = snapshot_.find<model::NetworkInterface>(id);
      if (!interface) continue;
      EndpointRow row{&endpoint, interface->subnet, interface->zone, {}};
      for (const auto& address : addresses_of(*interface)) {
        const auto found = links_.find({endpoint.number, address});
        if (found != links_.end()) row.counts += found->second;
      }
      rows_.push_back(std::move(row));
    }
  }

  void endpoints() {
    const auto labels = [](const EndpointRow& row) {
      return Exposition::Labels{{"endpoint_type", row.endpoint->type},
                                {"service_name", row.endpoint->service_name},
                                {"vpc_endpoint_id", row.endpoint->id},
                                {"vpc_id", row.endpoint->vpc},
                                {"subnet_id", row.subnet}};
    };
    for (const auto& measure : kOfEndpoints) {
      out_.family(measure.name, measure.kind, measure.help);
      for (const auto& row : rows_) out_.sample(labels(row), measure.value(row.counts));
    }
    out_.family("ginnel_endpoint_dropped_packets_total", Kind::counter,
                "Packets of an endpoint that were dropped, by reason.");
    for (const auto& row : rows_) {
      for (const auto& [reason, packets] : row.counts.drops) {
        auto with_reason = labels(row);
        with_reason.emplace_back("reason", reason);
        out_.sample(with_reason, packets);
      }
    }
  }

  void services() {
    for (const auto& measure : kOfServices) {
      out_.family(measure.name, measure.kind, measure.help);
      for (const auto& row : rows_) {
        if (row.endpoint->service.empty()) continue;
        out_.sample({{"service_id", row.endpoint->service},
                     {"az", row.zone},
                     {"load_balancer_arn", row.endpoint->load_balancer},
                     {"vpc_endpoint_id", row.endpoint->id}},
                    measure.value(row.counts));
      }
    }
    std::map<std::string, uint64_t> connected;
    for (const auto* service : snapshot_.table<model::EndpointService>().all()) connected[service->id];
    for (const auto* endpoint : snapshot_.table<model::VpcEndpoint>().all()) {
      const auto found = connected.find(endpoint->service);
      if (found != connected.end() && endpoint->state == "available") ++found->second;
    }
    out_.family("privatelink_services_endpoints_count", Kind::gauge, "Available endpoints of the service.");
    for (const auto& [id, count] : connected) out_.sample({{"service_id", id}}, count);
  }

  Exposition::Labels labels_of(const std::string& interface_id) const {
    Exposition::Labels out{{"interface_id", interface_id}};
    if (const auto* interface = snapshot_.find<model::NetworkInterface>(interface_id)) {
      out.emplace_back("vpc_id", interface->vpc);
      out.emplace_back("subnet_id", interface->subnet);
      out.emplace_back("instance_id", interface->instance);
    }
    return out;
  }

  void interfaces() {
    for (const auto& measure : kOfInterfaces) {
      out_.family(measure.name, measure.kind, measure.help);
      for (const auto& [id, counts] : reading_.counts.ports) out_.sample(labels_of(id), measure.value(counts));
    }
    out_.family("ginnel_interface_dropped_packets_total", Kind::counter,
                "Packets from the interface that were dropped, by reason.");
    for (const auto& [id, counts] : reading_.counts.ports) {
      for (const auto& [reason, packets] : counts.drops) {
        auto labels = labels_of(id);
        labels.emplace_back("reason", reason);
        out_.sample(labels, packets);
      }
    }
  }

  void host() {
    out_.family("ginnel_packets_dropped_total", Kind::counter, "All packets that were dropped, by reason.");
    for (uint32_t reason = 1; reason < GINNEL_DROP_COUNT; ++reason) {
      const std::string name = dataplane::drop_reason_name(reason);
      const auto found = reading_.drops.find(name);
      out_.sample({{"reason", name}}, found == reading_.drops.end() ? 0 : found->second);
    }
    out_.family("ginnel_port_allocation_errors_total", Kind::counter,
                "New flows of a listener in a zone that found no free source port.");
    for (const auto* listener : snapshot_.table<model::Listener>().all()) port_errors(*listener);
    uint64_t flows = 0;
    for (const auto& [id, counts] : reading_.counts.ports) flows += counts.tracked;
    out_.family("ginnel_flows", Kind::gauge, "Flows in the table, closed ones that rest included.");
    out_.sample({}, flows);
    out_.family("ginnel_flows_limit", Kind::gauge, "Flows that the table has room for.");
    out_.sample({}, reading_.flow_limit);
    out_.family("ginnel_build_info", Kind::gauge, "Always 1; the version is in the label.");
    out_.sample({{"version", version()}, {"region", region_.name}}, 1);
  }

  void port_errors(const model::Listener& listener) {
    const auto* balancer = snapshot_.find<model::LoadBalancer>(listener.load_balancer);
    if (!balancer) return;
    for (const auto& node : balancer->nodes) {
      const auto found = reading_.port_errors.find(plan::balancer_number(region_, listener, node.zone));
      out_.sample({{"load_balancer_arn", listener.load_balancer}, {"listener_arn", listener.id}, {"az", node.zone}},
                  found == reading_.port_errors.end() ? 0 : found->second);
    }
  }

  const model::Snapshot& snapshot_;
  const model::Region& region_;
  const PathReading& reading_;
  std::map<std::pair<plan::LinkNumber, IpAddress>, LinkCounts> links_;
  std::vector<EndpointRow> rows_;
  Exposition out_;
};

}  // namespace

std::string metrics_text(const model::Snapshot& snapshot, const model::Region& region, const PathReading& reading) {
  return Metrics(snapshot, region, reading).text();
}

}  // namespace ginnel::daemon

#include "daemon/host_path.h"

#include <chrono>

#include "abi/limits.h"
#include "api/ec2/rules_in_force.h"
#include "daemon/periodic.h"
#include "daemon/relay_keeper.h"
#include "dataplane/dataplane.h"
#include "dataplane/place.h"
#include "dataplane/teardown.h"
#include "dhcp/server.h"
#include "dns/resolver.h"
#include "planner/planner.h"

namespace ginnel::daemon {
namespace {

namespace json = boost::json;

static_assert(api::kMaxRulesInForce <= GINNEL_MAX_RULES_PER_POLICY, "what is accepted can be carried out");

constexpr uint16_t kDnsPort = 53;
constexpr auto kHousekeepingEvery = std::chrono::seconds(5);

// A path below here may be another process's tomorrow.
constexpr std::string_view kProcesses = "/proc/";

class RealPath final : public HostPath {
 public:
  RealPath(const HostPathOptions& options, Log& log, std::unique_ptr<dataplane::Dataplane> dataplane,
           std::unique_ptr<dns::Resolver> resolver, std::unique_ptr<dhcp::Server> dhcp,
           std::unique_ptr<RelayKeeper> relay)
      : host_(options.host),
        log_(log),
        prober_(options.prober),
        dataplane_(std::move(dataplane)),
        resolver_(std::move(resolver)),
        dhcp_(std::move(dhcp)),
        relay_(std::move(relay)),
        housekeeper_(std::make_unique<Periodic>(kHousekeepingEvery, [this] { keep_house(); })) {}

  Status apply_path(const plan::VpcPlan& plan) override {
    GINNEL_TRY(const auto applied, dataplane_->apply(plan));
    log_.debug("{}: {} operations", plan.vpc_id, applied.operations);
    prober_.set_vpc(plan);
    serve_leases(plan);
    return {};
  }
  Status remove_path(plan::VpcNumber number) override {
    prober_.remove_vpc(number);
    dhcp_->remove_vpc(number);
    return dataplane_->remove(number);
  }

  void publish_names(const plan::VpcPlan& plan) override {
    if (const auto status = resolver_->set_vpc(plan); !status) {
      log_.error("the names of {} are not published: {}", plan.vpc_id, status.error().text());
    }
  }
  void withdraw_names(plan::VpcNumber number) override { resolver_->remove_vpc(number); }

  Status sweep(const std::set<plan::VpcNumber>& known) override { return dataplane_->sweep(known); }
  std::set<plan::VpcNumber> look_after() override {
    auto changed = dataplane_->look_after();
    if (!changed) log_.warning("ports are not looked after: {}", changed.error().text());
    return changed ? std::move(*changed) : std::set<plan::VpcNumber>();
  }
  plan::HostFacts facts() override { return dataplane_->facts(); }

  json::object status() const override {
    json::object out;
    out["attachment"] = dataplane_->attachment();
    out["adopted"] = dataplane_->adopted();
    out["system_address"] = host_.system_address.to_string();
    out["relay"] = relay_->status();
    const auto dhcp = dhcp_->counters();
    out["dhcp"] = json::object{{"answered", dhcp.answered},
                               {"ignored", dhcp.ignored},
                               {"malformed", dhcp.malformed},
                               {"limited", dhcp.limited}};
    return out;
  }

  json::object drops() const override {
    const auto drops = dataplane_->drops();
    if (!drops) return {{"error", drops.error().text()}};
    json::object out;
    for (const auto& [reason, packets] : *drops) out[reason] = packets;
    return out;
  }

  Result<PathReading> reading() const override {
    PathReading out;
    GINNEL_TRY(out.counts, dataplane_->counts());
    GINNEL_TRY(out.drops, dataplane_->drops());
    GINNEL_TRY(out.port_errors, dataplane_->port_errors());
    out.flow_limit = dataplane_->flow_limit();
    return out;
  }
  Result<model::PortAttachment> check_place(const model::PortAttachment& port) const override {
    GINNEL_TRY(const auto kind, plan::port_kind(port.kind));
    const dataplane::Place place{kind, port.netns, 0, port.device};
    model::PortAttachment out = port;
    GINNEL_TRY(out.netns_inode, dataplane::check_place(host_.tag, place));
    if (!port.netns.starts_with(kProcesses)) out.netns_inode = 0;
    return out;
  }
  std::map<std::string, std::string> problems() const override { return dataplane_->problems(); }

  Status teardown() override {
    housekeeper_.reset();
    resolver_.reset();
    dhcp_.reset();
    const auto stopped = relay_->stop();
    dataplane_.reset();
    GINNEL_CHECKED(dataplane::teardown(host_.tag));
    return stopped;
  }

 private:
  // Nobody configures what is behind a tap or a device: it asks.
  void serve_leases(const plan::VpcPlan& plan) {
    const auto devices = dataplane_->guest_devices();
    std::vector<dhcp::Port> ports;
    for (const auto& port : plan.ports) {
      const auto device = devices.find(port.interface_id);
      if (device != devices.end())
        ports.push_back(
            {port.interface_id, device->second, dhcp::lease_of(port), dhcp::lease6_of(port, dataplane::kRouterMac)});
    }
    dhcp_->set_vpc(plan.number, ports);
  }

  // Not in the applier's thread: a pass over a large flow table takes longer
  // than an endpoint may take to become available.
  void keep_house() {
    const auto report = dataplane_->collect(dataplane::monotonic_seconds());
    if (!report) log_.warning("expired flows are not collected: {}", report.error().text());
    relay_->check();
  }

  const plan::HostPlan& host_;
  Log& log_;
  health::Prober& prober_;
  std::unique_ptr<dataplane::Dataplane> dataplane_;
  std::unique_ptr<dns::Resolver> resolver_;
  std::unique_ptr<dhcp::Server> dhcp_;
  std::unique_ptr<RelayKeeper> relay_;
  std::unique_ptr<Periodic> housekeeper_;
};

class NoPath final : public HostPath {
 public:
  Status apply_path(const plan::VpcPlan&) override { return {}; }
  Status remove_path(plan::VpcNumber) override { return {}; }
  void publish_names(const plan::VpcPlan&) override {}
  void withdraw_names(plan::VpcNumber) override {}
  Status sweep(const std::set<plan::VpcNumber>&) override { return {}; }
  plan::HostFacts facts() override { return {}; }
  json::object status() const override { return {}; }
  json::object drops() const override { return {}; }
  Result<PathReading> reading() const override { return PathReading{}; }
  Result<model::PortAttachment> check_place(const model::PortAttachment& port) const override {
    return fail("attach to", port.device, "the daemon runs without a data plane");
  }
  std::map<std::string, std::string> problems() const override { return {}; }
  Status teardown() override { return {}; }
};

dns::Resolver::Options resolver_options(const HostPathOptions& options) {
  dns::Resolver::Options out;
  out.listen = {{options.host.system_address, kDnsPort}};
  out.recursion = recursion_options(options.config);
  return out;
}

}  // namespace

dns::Recursion::Options recursion_options(const config::Config& config) {
  dns::Recursion::Options out;
  if (config.upstream_resolvers.empty()) return out;
  out.upstreams.emplace();
  for (const auto& upstream : config.upstream_resolvers) out.upstreams->push_back({upstream.address, upstream.port});
  return out;
}

Result<std::unique_ptr<HostPath>> open_host_path(const HostPathOptions& options, Log& log) {
  dataplane::Options dataplane_options;
  dataplane_options.flow_entries = 2 * options.config.max_flows;
  dataplane_options.port_flows = options.config.max_flows_per_interface;
  dataplane_options.table_size = options.config.maglev_table_size;
  dataplane_options.big_tcp = options.config.big_tcp;
  GINNEL_TRY(auto dataplane, dataplane::Dataplane::open(options.host, dataplane_options, log));
  GINNEL_TRY(auto resolver, dns::Resolver::start(resolver_options(options), log));
  GINNEL_CHECKED(resolver->set_host(options.host));
  GINNEL_TRY(auto dhcp, dhcp::Server::start(dataplane::kRouterMac, log));
  const relay::Launch launch{options.executable, options.state.file("relay.sock"), options.state.file("relay.log"), {}};
  GINNEL_TRY(auto relay, RelayKeeper::open(launch, options.relayed, options.host.system_address, log));
  return std::unique_ptr<HostPath>(
      new RealPath(options, log, std::move(dataplane), std::move(resolver), std::move(dhcp), std::move(relay)));
}

std::unique_ptr<HostPath> no_host_path() { return std::make_unique<NoPath>(); }

}  // namespace ginnel::daemon

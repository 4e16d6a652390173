#include "dataplane/dataplane.h"

#include <sys/resource.h>

#include <algorithm>
#include <cctype>
#include <mutex>
#include <optional>
#include <set>

#include "dataplane/abi_values.h"
#include "dataplane/counts.h"
#include "dataplane/execute.h"
#include "dataplane/linux_kernel.h"
#include "dataplane/migration.h"
#include "dataplane/names.h"
#include "dataplane/place.h"
#include "dataplane/programs.h"
#include "dataplane/read_back.h"

namespace ginnel::dataplane {
namespace {

// The daemon holds some descriptors a connection and a port's namespace now and then.
constexpr rlim_t kWantedDescriptors = 1 << 20;
constexpr rlim_t kLeastDescriptors = 1024;

Status raise_descriptor_limit(Log& log) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return fail_errno("query", "RLIMIT_NOFILE");
  rlimit wanted = limit;
  wanted.rlim_cur = wanted.rlim_max = std::max(limit.rlim_max, kWantedDescriptors);
  if (setrlimit(RLIMIT_NOFILE, &wanted) != 0) {  // only up to the hard limit, then
    wanted.rlim_cur = wanted.rlim_max = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &wanted) != 0) return fail_errno("raise", "RLIMIT_NOFILE");
  }
  if (wanted.rlim_cur < kLeastDescriptors) {
    return fail("use RLIMIT_NOFILE", std::to_string(wanted.rlim_cur),
                "at least " + std::to_string(kLeastDescriptors) + " descriptors are needed");
  }
  log.debug("descriptor limit {}", wanted.rlim_cur);
  return {};
}

// Maglev needs a prime; the bound keeps a table under 40 MB.
Status check_table_size(uint32_t size) {
  constexpr uint32_t kLargest = 5000000;
  bool prime = size >= 2 && size <= kLargest;
  for (uint32_t divisor = 2; prime && divisor * divisor <= size; ++divisor) prime = size % divisor != 0;
  if (prime) return {};
  return fail("use table size", std::to_string(size), "it is not a prime up to " + std::to_string(kLargest));
}

}  // namespace

class Dataplane::Impl {
 public:
  Impl(const plan::HostPlan& host, Log& log) : host_(host), log_(log), namespaces_(mounts_, host.tag) {}

  Status open(const Options& options) {
    GINNEL_CHECKED(check_table_size(options.table_size));
    table_size_ = options.table_size;
    GINNEL_CHECKED(raise_descriptor_limit(log_));
    libbpf_set_print(nullptr);  // its errors come back as codes; the verifier's words are logged by programs.cc
    GINNEL_TRY(Netlink netlink, Netlink::open());
    netlink_.emplace(std::move(netlink));
    GINNEL_TRY(system_, ensure_system_port(*netlink_, host_.tag, host_.synthetic_range, host_.system_address,
                                           kRouterMac, GINNEL_MTU));
    big_tcp_ = options.big_tcp;
    GINNEL_CHECKED(check_big_tcp());
    GINNEL_TRY(attacher_, make_attacher(options.attach, system_.peer_ifindex));
    GINNEL_CHECKED(load_program(options));
    GINNEL_TRY(Nudger nudger, Nudger::open());
    nudger_.emplace(std::move(nudger));
    devices_.emplace(*netlink_, namespaces_, host_.tag);
    policies_.emplace(program_->tables());
    return adopt_state();
  }

  Status check_big_tcp() {
    GINNEL_TRY(const auto link, find_link(*netlink_, kSystemDevice));
    if (!big_tcp_ || (link && link->gso_ipv4_max_size)) return {};
    return fail("use big_tcp", kSystemDevice, "this kernel has no BIG TCP over IPv4 (Linux 6.3)");
  }

  Status load_program(const Options& options) {
    GINNEL_TRY(const auto running, find_running(*netlink_, *attacher_, host_.tag));
    LoadOptions load;
    load.tag = host_.tag;
    load.router_mac = kRouterMac;
    load.flows = options.flow_entries;
    load.port_flows = options.port_flows;
    if (running) {
      GINNEL_TRY(load.running_version, layout_version_of(*running));
      load.running = &*running;
    }
    // Until here, and if this fails, the running program is at work as before.
    GINNEL_TRY(Program program, Program::load(load, log_));
    program_.emplace(std::move(program));
    if (running && !program_->took_over()) return migrate(*running, load.running_version);
    adopted_ = program_->took_over();
    GINNEL_CHECKED(put_system_port());
    GINNEL_CHECKED(swap_programs());
    return program_->tables().settings.put(0, {});  // in case a daemon ended while it held the flows
  }

  // To maps of another layout, while packets flow. When a port cannot be changed over, the old program gets all back.
  Status migrate(const RunningProgram& running, uint32_t version) {
    log_.info("data plane: the running packet program has layout version {}, this one {}", version,
              GINNEL_LAYOUT_VERSION);
    GINNEL_TRY(Migration migration, Migration::prepare(running, version, *program_, log_));
    if (!migration.has_flows()) log_.warning("data plane: the running packet program has no flows to carry over");
    GINNEL_CHECKED(migration.copy());
    GINNEL_CHECKED(put_system_port());
    auto status = migration.hold();
    if (status) status = swap_programs();
    if (!status) {
      if (auto back = swap_to(running.program.get(), running.id); !back)
        log_.error("data plane: {}", back.error().text());
      if (auto back = migration.give_up(); !back) log_.error("data plane: {}", back.error().text());
      return status;
    }
    adopted_ = migration.has_flows();
    return migration.finish();
  }

  // The row comes before the program, so that the program never meets a port that it does not know.
  Status put_system_port() {
    ginnel_port row{};
    row.vpc = plan::kSystemVpc;
    row.flags = GINNEL_PORT_SYSTEM | GINNEL_PORT_CHECK_SOURCE;
    row.address = to_abi(host_.system_address);
    copy_mac(system_.mac, row.mac);
    const std::string name = kSystemObject;
    name.copy(row.interface_id, sizeof row.interface_id);
    return program_->tables().ports.put(system_.peer_ifindex, row);
  }

  // Every port that carries a program of ours gets this one. Each knows all flows, so it does not matter which port
  // changes first; the system port does, by which a restarted daemon finds the program.
  Status swap_programs() {
    GINNEL_CHECKED(attacher_->attach(system_.peer_ifindex, program_->fd()));
    return swap_to(program_->fd(), program_->id());
  }

  // A port on a tap or a device is known by its row alone. A device that goes meanwhile needs no program.
  Status swap_to(int program_fd, uint32_t id) {
    std::set<uint32_t> rows;
    GINNEL_CHECKED(program_->tables().ports.for_each([&](__u32 ifindex, const ginnel_port&) { rows.insert(ifindex); }));
    GINNEL_TRY(const auto links, list_links(*netlink_));
    for (const auto& link : links) {
      if (!is_device_name_of(host_.tag, link.name) && !rows.contains(link.index)) continue;
      const auto old = attacher_->attached(link.index);
      Status status;
      if (!old) {
        status = tl::unexpected(old.error());
      } else if (*old != 0 && *old != id) {
        status = attacher_->attach(link.index, program_fd);
      }
      if (!status && status.error().code != ENODEV) return status;
    }
    return {};
  }

  Status adopt_state() {
    const LinuxKernel::Parts parts{namespaces_, *devices_,      *attacher_, program_->tables(), program_->ender(),
                                   *policies_,  program_->fd(), system_,    *nudger_,           table_size_};
    GINNEL_TRY(auto found, read_back(parts, program_->id()));
    observed_ = std::move(found.vpcs);
    kernel_.emplace(parts, std::move(found.ports));
    log_.info("data plane: {}, attached by {}, {} ports", adopted_ ? "adopted" : "started", attacher_->name(),
              kernel_->ports().size());
    return {};
  }

  Result<Applied> apply(plan::VpcNumber vpc, const VpcState& wanted) {
    VpcState& observed = observed_[vpc];
    PassReport report;
    auto status = reconcile(*kernel_, vpc, observed, wanted, &report);
    note_problems();
    if (observed.empty()) observed_.erase(vpc);
    if (!status) return tl::unexpected(std::move(status).error());
    return Applied{report.operations};
  }

  void note_problems() {
    const std::lock_guard lock(problems_mutex_);
    for (const auto& [id, why] : kernel_->away()) {
      if (!problems_.contains(id)) log_.warning("{} has no port: {}", id, why);
    }
    problems_ = kernel_->away();
  }

  Status sweep(const std::set<plan::VpcNumber>& known) {
    disown_what_is_planned();
    std::optional<Error> first;
    std::vector<plan::VpcNumber> unknown;
    for (const auto& [vpc, state] : observed_) {
      if (!known.contains(vpc)) unknown.push_back(vpc);
    }
    for (const auto vpc : unknown) {
      log_.info("data plane: removing what belongs to no VPC that is known (number {})", vpc);
      if (auto status = apply(vpc, {}); !status && !first) first = std::move(status).error();
    }
    GINNEL_TRY(Gone lost, lost_flows(program_->tables()));
    kernel_->add_gone(std::move(lost));
    GINNEL_CHECKED(kernel_->settle(plan::kSystemVpc));
    if (first) return tl::unexpected(std::move(*first));
    return {};
  }

  // The plan's own view of the port is struck out, so that the next apply makes it anew.
  Result<std::set<plan::VpcNumber>> look_after() {
    std::set<plan::VpcNumber> out;
    std::optional<std::vector<LinkInfo>> links;
    for (auto& [vpc, state] : observed_) {
      for (auto& [id, device] : state.of<Device>()) {
        if (!device || !is_outside(*device)) continue;
        if (!links) {
          GINNEL_TRY(links, list_links(*netlink_));
        }
        if (!has_changed(id, *device, *links)) continue;
        kernel_->lost(id);
        device.reset();
        out.insert(vpc);
      }
    }
    for (const auto vpc : out) GINNEL_CHECKED(kernel_->settle(vpc));
    return out;
  }

  bool has_changed(const std::string& id, const Device& device, const std::vector<LinkInfo>& links) {
    if (kernel_->away().contains(id)) {
      return check_place(*netlink_, namespaces_, {device.kind, device.netns, device.netns_inode, device.name})
          .has_value();
    }
    const auto port = kernel_->ports().find(id);
    return port != kernel_->ports().end() && std::none_of(links.begin(), links.end(), [&](const LinkInfo& link) {
             return link.index == port->second.ifindex;
           });
  }

  // What could not be told to belong to a VPC at the start may have been put under one by its plan since.
  void disown_what_is_planned() {
    const auto nobody = observed_.find(plan::kSystemVpc);
    if (nobody == observed_.end()) return;
    for (const auto& [vpc, state] : observed_) {
      if (vpc == plan::kSystemVpc) continue;
      disown<Namespace>(nobody->second, state);
      disown<Device>(nobody->second, state);
      disown<PortEntry>(nobody->second, state);
      disown<Attachment>(nobody->second, state);
      disown<Member>(nobody->second, state);
    }
    if (nobody->second.empty()) observed_.erase(nobody);
  }

  template <typename Object>
  static void disown(VpcState& nobody, const VpcState& owner) {
    std::erase_if(nobody.of<Object>(), [&](const auto& each) { return owner.of<Object>().contains(each.first); });
  }

  const plan::HostPlan host_;
  Log& log_;
  const HostMounts mounts_ = HostMounts::find();
  const Namespaces namespaces_;
  std::optional<Netlink> netlink_;
  SystemPort system_;
  std::unique_ptr<Attacher> attacher_;
  std::optional<Program> program_;
  std::optional<Devices> devices_;
  std::optional<Policies> policies_;
  std::optional<Nudger> nudger_;
  std::optional<LinuxKernel> kernel_;
  std::map<plan::VpcNumber, VpcState> observed_;
  uint32_t table_size_ = 0;
  bool big_tcp_ = false;
  bool adopted_ = false;
  CountReader count_reader_;
  mutable std::mutex problems_mutex_;
  std::map<std::string, std::string> problems_;  // copy of kernel_->away()
};

Dataplane::Dataplane(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Dataplane::~Dataplane() = default;

Result<std::unique_ptr<Dataplane>> Dataplane::open(const plan::HostPlan& host, const Options& options, Log& log) {
  if (host.tag.size() != 8 || host.tag.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return fail("open data plane", host.tag, "the tag is not 8 hexadecimal digits");
  }
  if (!host.synthetic_range.contains(host.system_address)) {
    return fail("open data plane", host.system_address.to_string(),
                "the system address is not in " + host.synthetic_range.to_string());
  }
  auto impl = std::make_unique<Impl>(host, log);
  GINNEL_CHECKED(impl->open(options));
  return std::unique_ptr<Dataplane>(new Dataplane(std::move(impl)));
}

plan::HostFacts Dataplane::facts() const {
  plan::HostFacts out;
  out.big_tcp = impl_->big_tcp_;
  for (const auto& [id, port] : impl_->kernel_->ports()) {
    if (port.synthetic != IpAddress()) out.synthetic.emplace(id, port.synthetic);
  }
  for (const auto& [vpc, state] : impl_->observed_) {
    for (const auto& [key, probe] : state.of<ProbeLink>()) {
      if (probe) out.synthetic.emplace(probe->id, key.address);
    }
  }
  return out;
}

Result<Applied> Dataplane::apply(const plan::VpcPlan& plan) {
  if (plan.number == plan::kSystemVpc) return fail("apply", "plan", "the system VPC has none");
  GINNEL_TRY(const VpcState wanted, wanted_state(plan));
  return impl_->apply(plan.number, wanted);
}

Status Dataplane::remove(plan::VpcNumber vpc) {
  if (vpc == plan::kSystemVpc) return fail("remove", "VPC", "the system VPC stays");
  GINNEL_CHECKED(impl_->apply(vpc, {}));
  return {};
}

Result<std::set<plan::VpcNumber>> Dataplane::look_after() { return impl_->look_after(); }

Status Dataplane::sweep(const std::set<plan::VpcNumber>& known) { return impl_->sweep(known); }

Result<CollectReport> Dataplane::collect(uint32_t now_s) {
  Tables& tables = impl_->program_->tables();
  GINNEL_TRY(auto report, collect_flows(tables.flows, impl_->program_->ender(), now_s));
  GINNEL_CHECKED(collect_proxies(tables.proxies, tables.flows, now_s));
  GINNEL_CHECKED(collect_counts(tables));
  return report;
}

Result<Counts> Dataplane::counts() const { return impl_->count_reader_.read(impl_->program_->tables()); }

Status Dataplane::cut(plan::LinkNumber link) {
  impl_->kernel_->add_gone({{link}, {}, {}, {}});
  return impl_->kernel_->settle(plan::kSystemVpc);
}

Result<std::map<std::string, uint64_t>> Dataplane::drops() const {
  std::map<std::string, uint64_t> out;
  for (uint32_t reason = 1; reason < GINNEL_DROP_COUNT; ++reason) {
    GINNEL_TRY(const uint64_t packets, impl_->program_->tables().drops.sum(reason));
    if (packets != 0) out.emplace(drop_reason_name(reason), packets);
  }
  return out;
}

Result<std::map<plan::BalancerNumber, uint64_t>> Dataplane::port_errors() const {
  std::map<plan::BalancerNumber, uint64_t> out;
  GINNEL_CHECKED(impl_->program_->tables().port_errors.for_each(
      [&](plan::BalancerNumber balancer, uint64_t flows) { out[balancer] = flows; }));
  return out;
}

Result<size_t> Dataplane::flow_count() const {
  size_t out = 0;
  GINNEL_CHECKED(impl_->program_->tables().flows.for_each([&](const ginnel_flow_key&, const ginnel_flow&) { ++out; }));
  return out;
}

size_t Dataplane::flow_limit() const { return impl_->program_->tables().flows.capacity() / 2; }

std::map<std::string, std::string> Dataplane::problems() const {
  const std::lock_guard lock(impl_->problems_mutex_);
  return impl_->problems_;
}

std::map<std::string, uint32_t> Dataplane::guest_devices() const {
  std::map<std::string, uint32_t> out;
  for (const auto& [id, port] : impl_->kernel_->ports()) {
    if (port.device) out.emplace(id, port.ifindex);
  }
  return out;
}

bool Dataplane::adopted() const { return impl_->adopted_; }
const char* Dataplane::attachment() const { return impl_->attacher_->name(); }

}  // namespace ginnel::dataplane

#include "program.h"

#include <bpf/libbpf.h>

#include <cstring>
#include <stdexcept>

namespace ginnel::packet_test {
namespace {

int test_run(int program, uint32_t ifindex, const Frame& frame, uint32_t repeat, std::vector<uint8_t>& out,
             bpf_test_run_opts& options) {
  __sk_buff context{};
  context.ifindex = ifindex;
  context.gso_size = frame.gso_size;
  options.sz = sizeof options;
  options.data_in = frame.bytes.data();
  options.data_size_in = static_cast<uint32_t>(frame.bytes.size());
  options.data_out = out.data();
  options.data_size_out = static_cast<uint32_t>(out.size());
  options.ctx_in = &context;
  options.ctx_size_in = sizeof context;
  options.repeat = static_cast<int>(repeat);
  return bpf_prog_test_run_opts(program, &options);
}

}  // namespace

Program::Program(const LoadOptions& options) : object_(ginnel_bpf__open()) {
  if (!object_) throw std::runtime_error(std::string("open the packet program: ") + std::strerror(errno));
  bpf_map__set_max_entries(object_->maps.flows, options.max_flows);
  bpf_map__set_max_entries(object_->maps.proxies, options.max_proxies);
  bpf_map__set_max_entries(object_->maps.rules, 4096);
  object_->rodata->config.flags = options.redirect_peer ? GINNEL_CONFIG_REDIRECT_PEER : 0;
  object_->rodata->config.port_flows = options.port_flows;
  std::memcpy(object_->rodata->config.router_mac, kRouterMac.bytes.data(), 6);
  if (const int error = ginnel_bpf__load(object_.get()); error != 0) {
    throw std::runtime_error(std::string("load the packet program: ") + std::strerror(-error));
  }
}

Outcome Program::run(uint32_t ifindex, const Frame& frame) const {
  Outcome outcome;
  outcome.bytes.resize(frame.bytes.size() + 256);
  bpf_test_run_opts options{};
  if (test_run(bpf_program__fd(object_->progs.ginnel_port), ifindex, frame, 1, outcome.bytes, options) != 0) {
    throw std::system_error(errno, std::generic_category(), "BPF_PROG_TEST_RUN");
  }
  outcome.verdict = static_cast<int>(options.retval);
  outcome.bytes.resize(options.data_size_out);
  return outcome;
}

uint32_t Program::end(const std::vector<ginnel_flow_key>& keys, uint32_t flags, uint32_t now_s) const {
  Map<uint32_t, ginnel_end_key> places(object_->maps.end_scratch);
  for (uint32_t i = 0; i < keys.size(); i++) places.put(i, {keys[i], 0});
  ginnel_end_request request{static_cast<uint32_t>(keys.size()), flags, now_s, 0};
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.ctx_in = &request;
  options.ctx_size_in = sizeof request;
  if (bpf_prog_test_run_opts(bpf_program__fd(object_->progs.ginnel_end), &options) != 0) {
    throw std::system_error(errno, std::generic_category(), "run ginnel_end");
  }
  return request.ended;
}

uint32_t Program::time_ns(uint32_t ifindex, const Frame& frame, uint32_t repeat) const {
  std::vector<uint8_t> out(frame.bytes.size() + 256);
  bpf_test_run_opts options{};
  if (test_run(bpf_program__fd(object_->progs.ginnel_port), ifindex, frame, repeat, out, options) != 0) {
    throw std::system_error(errno, std::generic_category(), "BPF_PROG_TEST_RUN");
  }
  return options.duration;
}

std::map<std::string, uint64_t> Program::drops() const {
  std::map<std::string, uint64_t> counts;
  std::vector<uint64_t> per_cpu(static_cast<size_t>(libbpf_num_possible_cpus()));
  for (uint32_t reason = 0; reason < GINNEL_DROP_COUNT; reason++) {
    if (bpf_map_lookup_elem(bpf_map__fd(object_->maps.drops), &reason, per_cpu.data()) != 0) {
      throw std::system_error(errno, std::generic_category(), "read map drops");
    }
    uint64_t sum = 0;
    for (uint64_t count : per_cpu) sum += count;
    if (sum != 0) counts[drop_name(reason)] = sum;
  }
  return counts;
}

std::map<std::string, std::string> Program::datagrams() const {
  const int fd = bpf_map__fd(object_->maps.datagrams);
  std::string key(bpf_map__key_size(object_->maps.datagrams), '\0'),
      value(bpf_map__value_size(object_->maps.datagrams), '\0');
  std::map<std::string, std::string> entries;
  for (const void* before = nullptr; bpf_map_get_next_key(fd, before, key.data()) == 0; before = key.data()) {
    if (bpf_map_lookup_elem(fd, key.data(), value.data()) == 0) entries[key] = value;
  }
  return entries;
}

void Program::clear() const {
  for (const auto& [key, value] : datagrams()) {
    bpf_map_delete_elem(bpf_map__fd(object_->maps.datagrams), key.data());
  }
  for (const auto& [ifindex, port] : port_slots().all()) {
    if (ginnel_port_is_there(&port) != 0) port_slots().put(ifindex, {});
  }
  ports().clear();
  links().clear();
  routes().clear();
  destinations().clear();
  policies().clear();
  members().clear();
  balancers().clear();
  targets().clear();
  tables().clear();
  port_errors().clear();
  settings().put(0, {});
  exhausted().clear();
  flows().clear();
  port_counts().clear();
  link_counts().clear();
  port_drops().clear();
  link_drops().clear();
  proxies().clear();
}

void Program::put_table(uint32_t balancer, const std::vector<uint32_t>& places) const {
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.map_flags = BPF_F_INNER_MAP;
  const UniqueFd table(
      bpf_map_create(BPF_MAP_TYPE_ARRAY, "target_table", 4, 4, static_cast<uint32_t>(places.size()), &options));
  if (!table) throw std::system_error(errno, std::generic_category(), "make a table");
  for (uint32_t place = 0; place < places.size(); place++) {
    if (bpf_map_update_elem(table.get(), &place, &places[place], BPF_ANY) != 0) {
      throw std::system_error(errno, std::generic_category(), "fill a table");
    }
  }
  tables().put(balancer, static_cast<uint32_t>(table.get()));
}

void Program::attach(uint32_t ifindex) const {
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = static_cast<int>(ifindex);
  hook.attach_point = BPF_TC_INGRESS;
  bpf_tc_opts options{};
  options.sz = sizeof options;
  options.prog_fd = bpf_program__fd(object_->progs.ginnel_port);
  int error = bpf_tc_hook_create(&hook);
  if (error == 0) error = bpf_tc_attach(&hook, &options);
  if (error != 0) throw std::system_error(-error, std::generic_category(), "attach the packet program");
}

const char* drop_name(uint32_t reason) {
  static constexpr const char* kNames[] = {"NONE",
#define NAME(name, text) #name,
                                           GINNEL_DROP_REASONS(NAME)
#undef NAME
  };
  return reason < GINNEL_DROP_COUNT ? kNames[reason] : "?";
}

ginnel_address to_abi(const IpAddress& address) {
  ginnel_address out;
  static_assert(sizeof out == sizeof(IpAddress::Bytes));
  std::memcpy(&out, address.bytes().data(), sizeof out);
  return out;
}

}  // namespace ginnel::packet_test

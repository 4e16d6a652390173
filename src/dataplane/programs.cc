#include "dataplane/programs.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

#include "abi/config.h"
#include "dataplane/abi_values.h"
#include "ginnel.skel.h"

namespace ginnel::dataplane {
namespace {

constexpr std::string_view kReadOnly = ".rodata";

// Each program has its own; everything else is handed on.
bool is_own(std::string_view map) { return map.ends_with(kReadOnly) || map.ends_with("scratch"); }

// The kernel cuts the names of maps.
std::string kernel_name(std::string_view map) { return std::string(map.substr(0, BPF_OBJ_NAME_LEN - 1)); }

Status set_config(bpf_object* object, const LoadOptions& options) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (!std::string_view(bpf_map__name(map)).ends_with(kReadOnly)) continue;
    size_t size = 0;
    const auto* initial = static_cast<const uint8_t*>(bpf_map__initial_value(map, &size));
    if (initial == nullptr || size < sizeof(ginnel_config)) break;
    std::vector<uint8_t> data(initial, initial + size);
    ginnel_config config{};
    std::memcpy(&config, data.data(), sizeof config);
    config.flags = GINNEL_CONFIG_REDIRECT_PEER;
    copy_mac(options.router_mac, config.router_mac);
    options.tag.copy(config.tag, sizeof config.tag);
    std::memcpy(data.data(), &config, sizeof config);
    if (const int error = bpf_map__set_initial_value(map, data.data(), size); error != 0) {
      return fail_errno("configure", "packet program", -error);
    }
    return {};
  }
  return fail("configure", "packet program", "its object has no configuration");
}

Status take_over(bpf_object* object, const RunningProgram& running) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    const std::string name = bpf_map__name(map);
    if (is_own(name)) continue;
    const auto found = running.maps.find(kernel_name(name));
    if (found == running.maps.end()) return fail("take over map", name, "the running program does not hold it");
    if (const int error = bpf_map__reuse_fd(map, found->second.get()); error != 0) {
      return fail_errno("take over map", name, -error);
    }
  }
  return {};
}

// Maps that the program does not use itself are bound to it, so that it keeps them too.
Status hold_maps(int program_fd, const std::map<std::string, int>& maps) {
  for (const auto& [name, fd] : maps) {
    if (bpf_prog_bind_map(program_fd, fd, nullptr) != 0 && errno != EEXIST) {
      return fail_errno("bind to the packet program map", name);
    }
  }
  return {};
}

// A map of the daemon's own: that of the running program, or a new one.
Result<UniqueFd> own_map(const RunningProgram* adopt, const char* name, uint32_t key_size, uint32_t value_size,
                         uint32_t entries) {
  if (adopt != nullptr) {
    const auto found = adopt->maps.find(name);
    if (found == adopt->maps.end()) return fail("take over map", name, "the running program does not hold it");
    return UniqueFd(dup(found->second.get()));
  }
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.map_flags = BPF_F_NO_PREALLOC;
  UniqueFd out(bpf_map_create(BPF_MAP_TYPE_HASH, name, key_size, value_size, entries, &options));
  if (!out) return fail_errno("create map", name);
  return out;
}

}  // namespace

Result<ProgramConfig> config_of(const RunningProgram& running) {
  // The kernel may have cut the suffix ".rodata" of a long object name, but not its beginning.
  const auto found = std::find_if(running.maps.begin(), running.maps.end(),
                                  [](const auto& map) { return map.first.find(".roda") != std::string::npos; });
  if (found == running.maps.end()) return fail("read configuration of", "the running packet program", "it has none");
  bpf_map_info info{};
  uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(found->second.get(), &info, &length) != 0) return fail_errno("query map", found->first);
  if (info.value_size < sizeof(uint32_t)) return fail("read map", found->first, "it is too short");
  std::vector<uint8_t> data(std::max<size_t>(info.value_size, sizeof(ginnel_config)));
  const uint32_t key = 0;
  if (bpf_map_lookup_elem(found->second.get(), &key, data.data()) != 0) return fail_errno("read map", found->first);
  ginnel_config config{};
  std::memcpy(&config, data.data(), sizeof config);
  return ProgramConfig{config.layout_version, mac_of(config.router_mac)};
}

Result<Program> Program::load(const LoadOptions& options, Log& log) {
  size_t size = 0;
  const void* bytes = ginnel_bpf__elf_bytes(&size);
  std::vector<char> words(1 << 20);  // of the verifier
  bpf_object_open_opts open_options{};
  open_options.sz = sizeof open_options;
  open_options.object_name = "ginnel";
  open_options.kernel_log_buf = words.data();
  open_options.kernel_log_size = words.size();
  Program out;
  out.object_.reset(bpf_object__open_mem(bytes, size, &open_options));
  if (!out.object_) return fail_errno("open", "packet program");
  GINNEL_CHECKED(set_config(out.object_.get(), options));
  if (options.adopt != nullptr) {
    GINNEL_CHECKED(take_over(out.object_.get(), *options.adopt));
  } else if (options.flows != 0) {
    bpf_map* flows = bpf_object__find_map_by_name(out.object_.get(), "flows");
    if (flows == nullptr || bpf_map__set_max_entries(flows, options.flows) != 0) return fail_errno("size map", "flows");
  }
  if (const int error = bpf_object__load(out.object_.get()); error != 0) {
    const std::string_view all(words.data(), strnlen(words.data(), words.size()));
    if (!all.empty())
      log.error("the kernel says of the packet program: {}",
                all.substr(all.size() - std::min<size_t>(all.size(), 2000)));
    return fail_errno("load", "packet program", -error);
  }
  out.program_ = bpf_object__find_program_by_name(out.object_.get(), GINNEL_PROGRAM);
  if (out.program_ == nullptr) return fail("find", GINNEL_PROGRAM, "the object has no program of this name");
  GINNEL_TRY(out.id_, program_id(out.fd()));

  std::map<std::string, int> maps;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, out.object_.get()) maps[bpf_map__name(map)] = bpf_map__fd(map);
  GINNEL_TRY(const UniqueFd policies,
             own_map(options.adopt, kPolicyNamesMap, sizeof(PolicyId), sizeof(PolicyName), GINNEL_MAX_POLICIES));
  GINNEL_TRY(const UniqueFd probes,
             own_map(options.adopt, kProbeNamesMap, sizeof(ginnel_link_key), sizeof(ProbeName), GINNEL_MAX_TARGETS));
  maps[kPolicyNamesMap] = policies.get();
  maps[kProbeNamesMap] = probes.get();
  GINNEL_CHECKED(hold_maps(out.fd(), maps));
  GINNEL_TRY(Tables tables, Tables::bind(maps));
  out.tables_ = std::make_unique<Tables>(std::move(tables));
  return out;
}

}  // namespace ginnel::dataplane

#include "dataplane/programs.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

#include "abi/config.h"
#include "dataplane/abi_values.h"
#include "dataplane/map_contents.h"
#include "ginnel.skel.h"

namespace ginnel::dataplane {
namespace {

constexpr std::string_view kReadOnly = ".rodata";

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
    config.port_flows = options.port_flows;
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

// The running program's map for this one; null if it has none.
const UniqueFd* running_map(const LoadOptions& options, const std::string& name) {
  if (options.running == nullptr) return nullptr;
  const auto found = options.running->maps.find(kernel_map_name(name));
  return found == options.running->maps.end() ? nullptr : &found->second;
}

// One layout version has one layout, except between two builds of a version that is not finished.
Result<bool> can_take_over(const bpf_object* object, const LoadOptions& options) {
  if (options.running == nullptr || options.running_version != GINNEL_LAYOUT_VERSION) return false;
  const bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    const std::string name = bpf_map__name(map);
    if (is_own_map(name)) continue;
    const UniqueFd* running = running_map(options, name);
    if (running == nullptr) return false;
    GINNEL_TRY(const bpf_map_info info, map_info(running->get(), name));
    if (info.type != bpf_map__type(map) || info.key_size != bpf_map__key_size(map) ||
        info.value_size != bpf_map__value_size(map)) {
      return false;
    }
  }
  return running_map(options, kPolicyNamesMap) != nullptr && running_map(options, kProbeNamesMap) != nullptr;
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

Result<ObjectPtr> open_object(std::vector<char>& verifier_words) {
  size_t size = 0;
  const void* bytes = ginnel_bpf__elf_bytes(&size);
  bpf_object_open_opts options{};
  options.sz = sizeof options;
  options.object_name = "ginnel";
  options.kernel_log_buf = verifier_words.data();
  options.kernel_log_size = verifier_words.size();
  ObjectPtr out(bpf_object__open_mem(bytes, size, &options));
  if (!out) return fail_errno("open", "packet program");
  return out;
}

Result<std::unique_ptr<FlowEnder>> ender_of(const bpf_object* object) {
  const bpf_program* end = bpf_object__find_program_by_name(object, GINNEL_END_PROGRAM);
  const bpf_map* map = bpf_object__find_map_by_name(object, "end_scratch");
  if (end == nullptr || map == nullptr) return fail("find", GINNEL_END_PROGRAM, "the object has no such program");
  GINNEL_TRY(auto keys, (Map<__u32, ginnel_end_key>::bind(bpf_map__fd(map), "end_scratch")));
  return std::make_unique<FlowEnder>(bpf_program__fd(end), std::move(keys));
}

// A map of the daemon's own: that of the running program, or a new one.
Result<UniqueFd> own_map(const UniqueFd* running, const char* name, uint32_t key_size, uint32_t value_size,
                         uint32_t entries) {
  if (running != nullptr) return UniqueFd(dup(running->get()));
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.map_flags = BPF_F_NO_PREALLOC;
  UniqueFd out(bpf_map_create(BPF_MAP_TYPE_HASH, name, key_size, value_size, entries, &options));
  if (!out) return fail_errno("create map", name);
  return out;
}

}  // namespace

Result<uint32_t> layout_version_of(const RunningProgram& running) {
  // The kernel may have cut the suffix ".rodata" of a long object name, but not its beginning.
  const auto found = std::find_if(running.maps.begin(), running.maps.end(),
                                  [](const auto& map) { return map.first.find(".roda") != std::string::npos; });
  if (found == running.maps.end()) return fail("read configuration of", "the running packet program", "it has none");
  KernelTypes types;
  GINNEL_TRY(const MapContents constants, MapContents::of(found->second.get(), found->first, types));
  const uint32_t at = member_offset(constants.value, "config", "layout_version").value_or(0);
  std::vector<uint8_t> data(constants.entry_size());
  const uint32_t key = 0;
  GINNEL_TRY(const bool there, constants.get(reinterpret_cast<const uint8_t*>(&key), data.data()));
  uint32_t version = 0;
  if (!there || data.size() < at + sizeof version) return fail("read map", found->first, "it is too short");
  std::memcpy(&version, data.data() + at, sizeof version);
  return version;
}

// Before the load: which maps are those of the running program, and how large the others become.
Status Program::prepare_maps(const LoadOptions& options) {
  GINNEL_TRY(took_over_, can_take_over(object_.get(), options));
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object_.get()) {
    const std::string name = bpf_map__name(map);
    if (is_own_map(name)) continue;
    const UniqueFd* running = running_map(options, name);
    if (took_over_) {
      if (const int error = bpf_map__reuse_fd(map, running->get()); error != 0) {
        return fail_errno("take over map", name, -error);
      }
      continue;
    }
    uint32_t entries = name == "flows" && options.flows != 0 ? options.flows : bpf_map__max_entries(map);
    if (running != nullptr) {
      GINNEL_TRY(const bpf_map_info info, map_info(running->get(), name));
      entries = std::max(entries, info.max_entries);
    }
    if (const int error = bpf_map__set_max_entries(map, entries); error != 0)
      return fail_errno("size map", name, -error);
  }
  return {};
}

// After it: the daemon's own maps, and all of them typed.
Status Program::finish_maps(const LoadOptions& options) {
  const auto taken = [&](const char* name) { return took_over_ ? running_map(options, name) : nullptr; };
  GINNEL_TRY(policy_names_, own_map(taken(kPolicyNamesMap), kPolicyNamesMap, sizeof(PolicyId), sizeof(PolicyName),
                                    GINNEL_MAX_POLICIES));
  GINNEL_TRY(probe_names_, own_map(taken(kProbeNamesMap), kProbeNamesMap, sizeof(ginnel_link_key), sizeof(ProbeName),
                                   GINNEL_MAX_TARGETS));
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object_.get()) maps_[bpf_map__name(map)] = bpf_map__fd(map);
  maps_[kPolicyNamesMap] = policy_names_.get();
  maps_[kProbeNamesMap] = probe_names_.get();
  GINNEL_CHECKED(hold_maps(fd(), maps_));
  GINNEL_TRY(Tables tables, Tables::bind(maps_));
  tables_ = std::make_unique<Tables>(std::move(tables));
  GINNEL_TRY(ender_, ender_of(object_.get()));
  return {};
}

Result<Program> Program::load(const LoadOptions& options, Log& log) {
  std::vector<char> words(1 << 20);  // of the verifier
  Program out;
  GINNEL_TRY(out.object_, open_object(words));
  GINNEL_CHECKED(set_config(out.object_.get(), options));
  GINNEL_CHECKED(out.prepare_maps(options));
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
  GINNEL_CHECKED(out.finish_maps(options));
  return out;
}

Result<EndProgram> EndProgram::load(const RunningProgram& running) {
  std::vector<char> words(1 << 16);
  EndProgram out;
  GINNEL_TRY(out.object_, open_object(words));
  bpf_object* const object = out.object_.get();
  bpf_program* each = nullptr;
  bpf_object__for_each_program(each, object)
      bpf_program__set_autoload(each, std::string_view(bpf_program__name(each)) == GINNEL_END_PROGRAM);
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    const std::string name = bpf_map__name(map);
    if (is_own_map(name)) continue;
    const auto found = running.maps.find(kernel_map_name(name));
    if (found == running.maps.end()) return fail("use map", name, "the running packet program has none");
    if (const int error = bpf_map__reuse_fd(map, found->second.get()); error != 0)
      return fail_errno("use map", name, -error);
  }
  if (const int error = bpf_object__load(object); error != 0) return fail_errno("load", GINNEL_END_PROGRAM, -error);
  GINNEL_TRY(out.ender_, ender_of(object));
  return out;
}

}  // namespace ginnel::dataplane

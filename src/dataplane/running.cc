#include "dataplane/running.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>
#include <vector>

#include "dataplane/maps.h"
#include "dataplane/names.h"

namespace ginnel::dataplane {

std::string kernel_map_name(std::string_view map) { return std::string(map.substr(0, BPF_OBJ_NAME_LEN - 1)); }

// The kernel may have cut ".rodata" behind a long object name, but not its beginning.
bool is_own_map(std::string_view map) {
  return map.find(".roda") != std::string_view::npos || map.ends_with("scratch");
}

Result<std::map<std::string, UniqueFd>> maps_of(int program_fd) {
  std::vector<uint32_t> ids(64);
  bpf_prog_info info{};
  info.nr_map_ids = static_cast<uint32_t>(ids.size());
  info.map_ids = reinterpret_cast<uintptr_t>(ids.data());
  uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(program_fd, &info, &length) != 0) return fail_errno("query", "program");
  std::map<std::string, UniqueFd> out;
  for (uint32_t i = 0; i < std::min<uint32_t>(info.nr_map_ids, static_cast<uint32_t>(ids.size())); ++i) {
    const std::string name = fmt::format("id {}", ids[i]);
    UniqueFd map(bpf_map_get_fd_by_id(ids[i]));
    if (!map) return fail_errno("open map", name);
    GINNEL_TRY(const bpf_map_info known, map_info(map.get(), name));
    out.emplace(known.name, std::move(map));
  }
  return out;
}

namespace {

Result<std::optional<RunningProgram>> running_on(Attacher& attacher, uint32_t ifindex) {
  GINNEL_TRY(const uint32_t id, attacher.attached(ifindex));
  if (id == 0) return std::optional<RunningProgram>();
  RunningProgram out;
  out.id = id;
  GINNEL_TRY(out.program, program_by_id(id));
  GINNEL_TRY(out.maps, maps_of(out.program.get()));
  return std::optional<RunningProgram>(std::move(out));
}

}  // namespace

Result<std::optional<RunningProgram>> find_running(Netlink& netlink, Attacher& attacher, const std::string& tag) {
  GINNEL_TRY(const auto system, find_link(netlink, system_peer_name(tag)));
  if (system) {
    GINNEL_TRY(auto running, running_on(attacher, system->index));
    if (running) return running;
  }
  GINNEL_TRY(const auto links, list_links(netlink));
  for (const auto& link : links) {
    if (!is_device_name_of(tag, link.name)) continue;
    GINNEL_TRY(auto running, running_on(attacher, link.index));
    if (running) return running;
  }
  return std::optional<RunningProgram>();
}

}  // namespace ginnel::dataplane

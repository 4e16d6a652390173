#include "dataplane/running_tables.h"

#include <fmt/format.h>

#include <optional>

#include "abi/config.h"
#include "dataplane/names.h"
#include "dataplane/programs.h"
#include "dataplane/running.h"

namespace ginnel::dataplane {
namespace {

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

}  // namespace

Result<RunningProgram> running_program(const std::string& tag) {
  GINNEL_TRY(RunningProgram running, find_program(tag));
  GINNEL_TRY(const uint32_t version, layout_version_of(running));
  if (version != GINNEL_LAYOUT_VERSION) {
    return fail("read", "the maps of the running packet program",
                fmt::format("they have layout version {}, this command knows {}: restart the daemon", version,
                            GINNEL_LAYOUT_VERSION));
  }
  return running;
}

Result<Tables> tables_of(const RunningProgram& running) {
  std::map<std::string, int> descriptors;
  for (const auto& [name, map] : running.maps) descriptors.emplace(name, map.get());
  return Tables::bind(descriptors);
}

Result<Tables> running_tables(const std::string& tag) {
  GINNEL_TRY(const RunningProgram running, running_program(tag));
  return tables_of(running);
}

}  // namespace ginnel::dataplane

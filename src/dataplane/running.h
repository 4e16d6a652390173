// What an earlier daemon left running: the program on the devices of a tag, and the maps that the program holds.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "dataplane/attach.h"
#include "dataplane/links.h"

namespace ginnel::dataplane {

struct RunningProgram {
  UniqueFd program;
  uint32_t id = 0;
  std::map<std::string, UniqueFd> maps;  // by the name that the kernel keeps: its first 15 characters
};

// The program of the system port if it has one, else of any port of the tag; nothing if none carries one.
Result<std::optional<RunningProgram>> find_running(Netlink& netlink, Attacher& attacher, const std::string& tag);

// A map's name as the kernel keeps it.
[[nodiscard]] std::string kernel_map_name(std::string_view map);
// Whether a map is of one loaded program only, and never handed on: its constants and its scratch.
[[nodiscard]] bool is_own_map(std::string_view map);

// The maps that a program holds.
Result<std::map<std::string, UniqueFd>> maps_of(int program_fd);

}  // namespace ginnel::dataplane

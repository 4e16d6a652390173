// How a region's kernel objects are called. The tag (8 hexadecimal digits) is in every name and alias, so that they
// are found again without any state, and two regions on one machine never take each other's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ginnel::dataplane {

inline constexpr const char* kSystemDevice = "ginnel0";
inline constexpr const char* kSystemObject = "system";  // in the place of an interface id

// The host's end of an interface's pair: "g" TAG and six characters of a hash; 15 characters, the most that Linux
// takes.
[[nodiscard]] std::string host_device_name(std::string_view tag, std::string_view interface_id);
// The end of the system pair that carries the program: "g" TAG "-sys".
[[nodiscard]] std::string system_peer_name(std::string_view tag);
[[nodiscard]] bool is_device_name_of(std::string_view tag, std::string_view name);
// "ginnel TAG eni-…", on both ends of a pair.
[[nodiscard]] std::string alias_of(std::string_view tag, std::string_view object);
// The host's end of a pair also says in which namespace of somebody else's the other end is: "ginnel TAG eni-… PATH
// INODE". So a daemon that starts again knows where to look.
struct HostAlias {
  std::string interface_id;
  std::string netns;  // a path; empty: one of our own
  uint64_t netns_inode = 0;
  friend bool operator==(const HostAlias&, const HostAlias&) = default;
};
[[nodiscard]] std::string host_alias_of(std::string_view tag, const HostAlias& owner);
[[nodiscard]] std::optional<HostAlias> host_alias(std::string_view tag, std::string_view alias);
// The longest path that fits an alias beside the rest; aliases have at most 255 characters.
inline constexpr size_t kLongestNetnsPath = 180;
// The object that an alias of this tag names.
[[nodiscard]] std::optional<std::string> object_of_alias(std::string_view tag, std::string_view alias);

}  // namespace ginnel::dataplane

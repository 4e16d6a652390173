#include "dataplane/names.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

namespace ginnel::dataplane {

std::string host_device_name(std::string_view tag, std::string_view interface_id) {
  uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  for (const char c : interface_id) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3U;
  hash ^= hash >> 32;
  constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string out = fmt::format("g{}", tag);
  for (int i = 0; i < 6; ++i, hash /= kDigits.size()) out += kDigits[hash % kDigits.size()];
  return out;
}

std::string system_peer_name(std::string_view tag) { return fmt::format("g{}-sys", tag); }

bool is_device_name_of(std::string_view tag, std::string_view name) {
  return name.size() > 1 + tag.size() && name.front() == 'g' && name.substr(1, tag.size()) == tag;
}

std::string alias_of(std::string_view tag, std::string_view object) { return fmt::format("ginnel {} {}", tag, object); }

std::string host_alias_of(std::string_view tag, const HostAlias& owner) {
  const std::string out = alias_of(tag, owner.interface_id);
  return owner.netns.empty() ? out : fmt::format("{} {} {}", out, owner.netns, owner.netns_inode);
}

std::optional<HostAlias> host_alias(std::string_view tag, std::string_view alias) {
  const auto object = object_of_alias(tag, alias);
  if (!object) return std::nullopt;
  HostAlias out{*object, "", 0};
  alias.remove_prefix(alias_of(tag, *object).size());
  const size_t inode = alias.rfind(' ');
  if (inode == std::string_view::npos || inode == 0) return out;
  out.netns = alias.substr(1, inode - 1);
  const std::string_view digits = alias.substr(inode + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), out.netns_inode);
  return out;
}

std::optional<std::string> object_of_alias(std::string_view tag, std::string_view alias) {
  const std::string prefix = alias_of(tag, "");
  if (!alias.starts_with(prefix) || alias.size() == prefix.size()) return std::nullopt;
  alias.remove_prefix(prefix.size());
  return std::string(alias.substr(0, alias.find(' ')));
}

}  // namespace ginnel::dataplane

#include "dns/zones.h"

namespace ginnel::dns {
namespace {

// The name's ancestor with so many labels fewer.
Name ancestor(Name name, size_t labels) {
  for (; labels > 0; --labels) name = name.parent();
  return name;
}

std::string_view key_of_depth(const TreeKey& key, size_t depth) {
  return std::string_view(key.bytes).substr(0, key.ends[depth]);
}

constexpr std::string_view kWildcardLabel("\1*", 2);

}  // namespace

Result<Zones> Zones::with_shared_zone(const std::string& origin) const {
  GINNEL_TRY(const Name name, Name::parse(origin));
  const TreeKey key(name);
  Zones next = *this;
  Origin entry;
  if (const Origin* old = origins_.find(key.bytes)) entry = *old;
  entry.shared = true;
  next.origins_ = next.origins_.set(key.bytes, entry);
  return next;
}

Result<Zones> Zones::with(const plan::Name& name) const {
  GINNEL_TRY(const Name parsed, Name::parse(name.name));
  const TreeKey key(parsed);
  Zones next = *this;
  if (!names_.contains(key.bytes)) next.count_origin(parsed, 1);
  next.names_ = next.names_.set(key.bytes, Addresses{name.addresses, name.ttl_s});
  return next;
}

Result<Zones> Zones::without(const plan::Name& name) const {
  GINNEL_TRY(const Name parsed, Name::parse(name.name));
  const TreeKey key(parsed);
  Zones next = *this;
  if (!names_.contains(key.bytes)) return next;
  next.names_ = next.names_.erase(key.bytes);
  next.count_origin(parsed, -1);
  return next;
}

bool Zones::has_shared_origin(const TreeKey& key) const {
  for (size_t depth = 0; depth < key.ends.size(); ++depth) {
    const Origin* origin = origins_.find(key_of_depth(key, depth));
    if (origin && origin->shared) return true;
  }
  return false;
}

void Zones::count_origin(const Name& name, int by) {
  if (has_shared_origin(TreeKey(name))) return;
  const TreeKey key(name.is_wildcard() ? name.parent() : name);
  Origin origin;
  if (const Origin* old = origins_.find(key.bytes)) origin = *old;
  origin.names += static_cast<uint32_t>(by);
  origins_ = origin.names == 0 ? origins_.erase(key.bytes) : origins_.set(key.bytes, origin);
}

bool Zones::has_under(std::string_view key) const {
  const auto it = names_.lower_bound(key);
  return it != names_.end() && it->first.starts_with(key);
}

// From the closest ancestor that exists downwards only one wildcard can stand for the name (RFC 4592 section 3.3.1).
const Addresses* Zones::wildcard_for(const TreeKey& key, size_t origin_depth) const {
  for (size_t depth = key.ends.size() - 1; depth-- > origin_depth;) {
    const auto encloser = key_of_depth(key, depth);
    if (depth != origin_depth && !has_under(encloser)) continue;
    return names_.find(std::string(encloser) + std::string(kWildcardLabel));
  }
  return nullptr;
}

Found Zones::find(const Name& name, const TreeKey& key) const {
  const size_t depth = key.ends.size() - 1;
  size_t origin_depth = depth + 1;
  while (origin_depth > 0 && !origins_.contains(key_of_depth(key, origin_depth - 1))) --origin_depth;
  if (origin_depth == 0) return {};
  --origin_depth;

  Found found;
  found.origin = ancestor(name, depth - origin_depth);
  found.addresses = names_.find(key.bytes);
  if (!found.addresses && (depth == origin_depth || has_under(key.bytes))) {
    found.what = Found::What::empty;
    return found;
  }
  if (!found.addresses) found.addresses = wildcard_for(key, origin_depth);
  found.what = found.addresses ? Found::What::addresses : Found::What::missing;
  return found;
}

}  // namespace ginnel::dns

#include "dataplane/flow_carrier.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "dataplane/flow_gc.h"
#include "dataplane/layout_changes.h"

namespace ginnel::dataplane {
namespace {

uint64_t hash_of(const ginnel_flow_key& key) {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(&key), sizeof key});
}

// The program's clock is a coarse one and may be behind by a tick, so a second is allowed for.
bool seen_since(const ginnel_flow& flow, uint32_t since_s) {
  return static_cast<int32_t>(flow.last_seen_s - since_s) >= -1;
}

// Of one reading.
Status each_of(const std::vector<uint8_t>& keys, const std::vector<uint8_t>& values, uint32_t count,
               const std::function<Status(const ginnel_flow_key&, ginnel_flow&)>& each) {
  for (uint32_t i = 0; i < count; ++i) {
    ginnel_flow_key key;
    ginnel_flow flow;
    std::memcpy(&key, keys.data() + i * sizeof key, sizeof key);
    std::memcpy(&flow, values.data() + i * sizeof flow, sizeof flow);
    GINNEL_CHECKED(each(key, flow));
  }
  return {};
}

}  // namespace

Status FlowCarrier::each_since(uint32_t since_s, std::unordered_set<uint64_t>* seen,
                               const std::function<Status(const ginnel_flow_key&, ginnel_flow&)>& each) {
  return carrier_.read([&](std::vector<uint8_t>& keys, std::vector<uint8_t>& values, uint32_t count) {
    return each_of(keys, values, count, [&](const ginnel_flow_key& key, ginnel_flow& flow) -> Status {
      if (seen != nullptr) seen->insert(hash_of(key));
      return seen_since(flow, since_s) || is_marked_as_cut(flow) ? each(key, flow) : Status{};
    });
  });
}

Status FlowCarrier::copy() {
  since_s_ = monotonic_seconds();
  const auto write = [&](std::vector<uint8_t>& keys, std::vector<uint8_t>& values, uint32_t count) -> Status {
    GINNEL_CHECKED(each_of(keys, values, count, [&](const ginnel_flow_key& key, const ginnel_flow& flow) -> Status {
      first_.push_back({hash_of(key), flow.packets, flow.bytes, flow.state});
      return {};
    }));
    return carrier_.write(keys, values, count);
  };
  GINNEL_CHECKED(carrier_.read(write));
  std::sort(first_.begin(), first_.end(), [](const Copied& a, const Copied& b) { return a.hash < b.hash; });
  entries_ = first_.size();
  return complete_all();
}

Status FlowCarrier::complete_all() {
  if (!lacks_flow_members(from_version_)) return {};
  std::vector<std::pair<ginnel_flow_key, ginnel_flow>> found;
  GINNEL_CHECKED(to_.for_each([&](const ginnel_flow_key& key, const ginnel_flow& flow) {
    if (flow.iif == 0) found.emplace_back(key, flow);
  }));
  for (auto& [key, flow] : found) {
    GINNEL_TRY(const bool changed, complete_flow(from_version_, to_, key, flow));
    if (changed) GINNEL_CHECKED(to_.replace(key, flow));
  }
  return {};
}

const FlowCarrier::Copied* FlowCarrier::copied(uint64_t hash) const {
  if (const auto found = second_.find(hash); found != second_.end()) return &found->second;
  const auto found = std::lower_bound(first_.begin(), first_.end(), hash,
                                      [](const Copied& each, uint64_t wanted) { return each.hash < wanted; });
  return found != first_.end() && found->hash == hash ? &*found : nullptr;
}

// The program notes a change of state in both entries, but the time only in that of the packet.
Status FlowCarrier::tell_partner(const ginnel_flow_key& key, const ginnel_flow& flow, uint32_t before) {
  if (flow.state == before) return {};
  const ginnel_flow_key partner = ginnel_flow_partner(&key, &flow);
  GINNEL_TRY(auto other, to_.get(partner));
  if (!other || (other->state | flow.state) == other->state) return {};
  other->state |= flow.state;
  GINNEL_CHECKED(to_.replace(partner, *other));
  return {};
}

Status FlowCarrier::copy_again() {
  const uint32_t since_s = since_s_;
  since_s_ = monotonic_seconds();
  std::vector<std::pair<ginnel_flow_key, ginnel_flow>> changed;
  std::unordered_set<uint64_t> seen;
  GINNEL_CHECKED(each_since(since_s, &seen, [&](const ginnel_flow_key& key, ginnel_flow& flow) -> Status {
    changed.emplace_back(key, flow);
    return {};
  }));
  for (auto& [key, flow] : changed) {
    GINNEL_CHECKED(complete_flow(from_version_, to_, key, flow));
    GINNEL_CHECKED(to_.put(key, flow));
  }
  for (const auto& [key, flow] : changed) {
    const uint64_t hash = hash_of(key);
    const Copied* before = copied(hash);
    if (before == nullptr) ++entries_;
    GINNEL_CHECKED(tell_partner(key, flow, before == nullptr ? 0 : before->state));
    second_[hash] = {hash, flow.packets, flow.bytes, flow.state};
  }
  return remove_ended(seen);
}

// What the old program or the daemon took out since the first reading is counted where it ended.
Status FlowCarrier::remove_ended(const std::unordered_set<uint64_t>& seen) {
  if (seen.size() == entries_) return {};
  std::vector<ginnel_flow_key> ended;
  GINNEL_CHECKED(to_.for_each([&](const ginnel_flow_key& key, const ginnel_flow&) {
    if (!seen.contains(hash_of(key))) ended.push_back(key);
  }));
  for (const auto& key : ended) GINNEL_CHECKED(to_.erase(key));
  entries_ = seen.size();
  return {};
}

Status FlowCarrier::add_what_passed(const ginnel_flow_key& key, const ginnel_flow& flow) {
  const Copied* before = copied(hash_of(key));
  GINNEL_TRY(auto now, to_.get(key));
  if (before == nullptr || flow.packets < before->packets) {  // opened meanwhile, by a program that cannot be held
    if (now && before == nullptr) return {};
    ++entries_;
    return to_.put(key, flow);
  }
  if (flow.packets == before->packets && flow.state == before->state) return {};
  // Not there: cut or ended since. Fewer packets: ended, and opened again.
  if (!now || now->packets < before->packets) return {};
  now->packets += flow.packets - before->packets;
  now->bytes += flow.bytes - before->bytes;
  now->state |= flow.state;
  if (static_cast<int32_t>(flow.last_seen_s - now->last_seen_s) > 0) now->last_seen_s = flow.last_seen_s;
  GINNEL_CHECKED(to_.replace(key, *now));
  return tell_partner(key, flow, before->state);
}

Status FlowCarrier::finish() {
  GINNEL_CHECKED(each_since(since_s_, nullptr, [&](const ginnel_flow_key& key, ginnel_flow& flow) -> Status {
    return add_what_passed(key, flow);
  }));
  return complete_all();
}

}  // namespace ginnel::dataplane

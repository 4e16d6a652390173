#include "dataplane/carrier.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace ginnel::dataplane {
namespace {

// Written by the daemon alone.
constexpr std::array<std::string_view, 12> kDaemons = {"port_slots",   "ports",         "links",        "routes",
                                                       "destinations", "balancers",     "targets",      "policies",
                                                       "rules",        "group_members", "policy_names", "probe_names"};

bool is_zero(const uint8_t* bytes, size_t size) {
  return std::all_of(bytes, bytes + size, [](uint8_t byte) { return byte == 0; });
}

std::string text(const uint8_t* bytes, size_t size) { return {reinterpret_cast<const char*>(bytes), size}; }

const uint8_t* bytes(const std::string& text) { return reinterpret_cast<const uint8_t*>(text.data()); }

uint64_t word(const std::string& entry, size_t at) {
  uint64_t out = 0;
  std::memcpy(&out, entry.data() + at, sizeof out);
  return out;
}

}  // namespace

Carrier::Carrier(const MapContents& from, const MapContents& to, RecordCopy key, RecordCopy value)
    : from_(from), to_(to), key_(std::move(key)), value_(std::move(value)) {
  if (to.kind == BPF_MAP_TYPE_HASH_OF_MAPS) {
    role_ = Role::inner_maps;
  } else if (is_counters(to.value)) {
    role_ = Role::counters;
  } else if (std::find(kDaemons.begin(), kDaemons.end(), to.name) == kDaemons.end()) {
    role_ = Role::live;
  }
}

Result<Carrier> Carrier::between(const MapContents& from, const MapContents& to) {
  if (from.copies != to.copies || (from.kind == BPF_MAP_TYPE_HASH_OF_MAPS) != (to.kind == BPF_MAP_TYPE_HASH_OF_MAPS)) {
    return fail("carry over map", to.name, fmt::format("it is of kind {}, not {}", from.kind, to.kind));
  }
  GINNEL_TRY(auto key, RecordCopy::between(from.key, to.key, "key of map " + to.name));
  GINNEL_TRY(auto value, RecordCopy::between(from.value, to.value, "map " + to.name));
  return Carrier(from, to, std::move(key), std::move(value));
}

bool Carrier::convert_entry(const uint8_t* from, uint8_t* to) const {
  for (uint32_t i = 0; i < from_.copies; ++i) {
    if (!value_.convert(from + size_t{i} * from_.copy_stride(), to + size_t{i} * to_.copy_stride())) return false;
  }
  return true;
}

Status Carrier::read(const Each& each) {
  unfit_ = 0;
  std::vector<uint8_t> keys, values;
  return from_.read([&](const uint8_t* old_keys, const uint8_t* old_values, uint32_t count) -> Status {
    keys.assign(size_t{count} * to_.key.size, 0);
    values.assign(size_t{count} * to_.entry_size(), 0);
    uint32_t made = 0;
    for (uint32_t i = 0; i < count; ++i) {
      const uint8_t* value = old_values + size_t{i} * from_.entry_size();
      // An array has every entry; those that were never written need no writing.
      if (to_.kind == BPF_MAP_TYPE_ARRAY && is_zero(value, from_.entry_size())) continue;
      if (key_.convert(old_keys + size_t{i} * from_.key.size, keys.data() + size_t{made} * to_.key.size) &&
          convert_entry(value, values.data() + size_t{made} * to_.entry_size())) {
        ++made;
      } else {
        ++unfit_;
      }
    }
    return made == 0 ? Status{} : each(keys, values, made);
  });
}

Status Carrier::copy() {
  if (role_ == Role::inner_maps) return copy_inner_maps();
  const bool remember = role_ == Role::counters || role_ == Role::live;
  return read([&](std::vector<uint8_t>& keys, std::vector<uint8_t>& values, uint32_t count) -> Status {
    for (uint32_t i = 0; remember && i < count; ++i) {
      copied_[text(keys.data() + size_t{i} * to_.key.size, to_.key.size)] =
          text(values.data() + size_t{i} * to_.entry_size(), to_.entry_size());
    }
    return to_.write(keys, values, count);
  });
}

// What comes out of the outer map are ids, what goes in are descriptors: the inner maps themselves are handed on.
Status Carrier::copy_inner_maps() {
  return read([&](std::vector<uint8_t>& keys, std::vector<uint8_t>& values, uint32_t count) -> Status {
    constexpr uint32_t kOpen = 256;
    for (uint32_t first = 0; first < count; first += kOpen) {
      const uint32_t some = std::min(kOpen, count - first);
      std::vector<UniqueFd> inner;
      std::vector<uint8_t> descriptors(size_t{some} * sizeof(int));
      for (uint32_t i = 0; i < some; ++i) {
        uint32_t id = 0;
        std::memcpy(&id, values.data() + size_t{first + i} * sizeof id, sizeof id);
        inner.emplace_back(bpf_map_get_fd_by_id(id));
        const int fd = inner.back().get();
        if (fd < 0) return fail_errno("open inner map of", to_.name);
        std::memcpy(descriptors.data() + size_t{i} * sizeof fd, &fd, sizeof fd);
      }
      const auto* begin = keys.data() + size_t{first} * to_.key.size;
      GINNEL_CHECKED(to_.write({begin, begin + size_t{some} * to_.key.size}, descriptors, some));
    }
    return {};
  });
}

Status Carrier::copy_again() { return role_ == Role::live ? copy() : Status{}; }

Status Carrier::finish() {
  if (role_ != Role::counters && role_ != Role::live) return {};
  return read([&](std::vector<uint8_t>& keys, std::vector<uint8_t>& values, uint32_t count) -> Status {
    for (uint32_t i = 0; i < count; ++i) {
      const std::string key = text(keys.data() + size_t{i} * to_.key.size, to_.key.size);
      const std::string entry = text(values.data() + size_t{i} * to_.entry_size(), to_.entry_size());
      GINNEL_CHECKED(role_ == Role::counters ? add_what_was_counted(key, entry) : put_what_changed(key, entry));
    }
    return {};
  });
}

// What the new program counts between the reading and the writing, some microseconds, is lost.
Status Carrier::add_what_was_counted(const std::string& key, const std::string& counted) {
  const std::string none(counted.size(), '\0');
  const auto found = copied_.find(key);
  const std::string& before = found == copied_.end() ? none : found->second;
  if (before == counted) return {};
  std::vector<uint8_t> now(counted.size());
  GINNEL_CHECKED(to_.get(bytes(key), now.data()));
  for (size_t at = 0; at + sizeof(uint64_t) <= counted.size(); at += sizeof(uint64_t)) {
    uint64_t sum = 0;
    std::memcpy(&sum, now.data() + at, sizeof sum);
    sum += word(counted, at) - word(before, at);
    std::memcpy(now.data() + at, &sum, sizeof sum);
  }
  return to_.write({key.begin(), key.end()}, now, 1);
}

// Unless the new program has changed it, too: then it has the last word.
Status Carrier::put_what_changed(const std::string& key, const std::string& entry) {
  const auto before = copied_.find(key);
  if (before != copied_.end() && before->second == entry) return {};
  std::vector<uint8_t> now(entry.size());
  GINNEL_TRY(const bool there, to_.get(bytes(key), now.data()));
  const bool untouched = before == copied_.end() ? !there : there && before->second == text(now.data(), now.size());
  return untouched ? to_.write({key.begin(), key.end()}, {entry.begin(), entry.end()}, 1) : Status{};
}

}  // namespace ginnel::dataplane

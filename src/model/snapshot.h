// The region at one revision: an immutable value.
//
// Tables are persistent maps, so a Snapshot copies in O(1) and a Change costs what it changes. Every table also knows
// which of its resources refer to a given id (the interfaces of a subnet, the rules of a group, …), in id order.
// Safe to read from any number of threads.
#pragma once

#include <boost/mp11.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "base/persistent_map.h"
#include "base/result.h"
#include "model/resources.h"

namespace ginnel::model {

// The ids that a resource refers to; the index of its table is made of them.
std::vector<std::string> references(const Account&);
std::vector<std::string> references(const Vpc&);
std::vector<std::string> references(const Subnet&);
std::vector<std::string> references(const SecurityGroup&);
std::vector<std::string> references(const SecurityGroupRule&);
std::vector<std::string> references(const PrefixList&);
std::vector<std::string> references(const PrefixListVersion&);
std::vector<std::string> references(const NetworkInterface&);
std::vector<std::string> references(const Instance&);
std::vector<std::string> references(const VpcEndpoint&);
std::vector<std::string> references(const LoadBalancer&);
std::vector<std::string> references(const TargetGroup&);
std::vector<std::string> references(const Target&);
std::vector<std::string> references(const Listener&);
std::vector<std::string> references(const EndpointService&);
std::vector<std::string> references(const ServicePermission&);
std::vector<std::string> references(const ConnectionNotification&);
std::vector<std::string> references(const OutboxMessage&);
std::vector<std::string> references(const Tags&);
std::vector<std::string> references(const ClientToken&);
std::vector<std::string> references(const Counter&);

// One kind of resource by id.
template <typename T>
class Table {
 public:
  using Pointer = std::shared_ptr<const T>;

  [[nodiscard]] size_t size() const { return rows_.size(); }
  // nullptr where there is none; valid while any snapshot with it lives.
  [[nodiscard]] const T* find(std::string_view id) const {
    const Pointer* row = rows_.find(id);
    return row ? row->get() : nullptr;
  }
  // In id order.
  [[nodiscard]] std::vector<const T*> all() const {
    std::vector<const T*> out;
    out.reserve(rows_.size());
    for (const auto& [id, row] : rows_) out.push_back(row.get());
    return out;
  }
  // Those that refer to `id` (see references()), in id order.
  [[nodiscard]] std::vector<const T*> referring_to(std::string_view id) const {
    std::vector<const T*> out;
    const std::string prefix = std::string(id) + '\n';
    for (auto it = index_.lower_bound(prefix); it != index_.end() && it->first.starts_with(prefix); ++it) {
      out.push_back(find(std::string_view(it->first).substr(prefix.size())));
    }
    return out;
  }
  [[nodiscard]] bool any_referring_to(std::string_view id) const {
    const std::string prefix = std::string(id) + '\n';
    const auto it = index_.lower_bound(prefix);
    return it != index_.end() && it->first.starts_with(prefix);
  }
  // Up to `count` others, in id order from `id` on and then from the first on.
  [[nodiscard]] std::vector<const T*> next_after(std::string_view id, size_t count) const {
    std::vector<const T*> out;
    for (auto it = rows_.lower_bound(id); it != rows_.end() && out.size() < count; ++it) {
      if (it->first != id) out.push_back(it->second.get());
    }
    for (auto it = rows_.begin(); it != rows_.end() && it->first < id && out.size() < count; ++it) {
      out.push_back(it->second.get());
    }
    return out;
  }
  [[nodiscard]] bool same_as(const Table& other) const { return rows_.same_as(other.rows_); }

  void put(T resource) {
    erase(resource.id);
    for (const auto& reference : references(resource)) index_ = index_.set(reference + '\n' + resource.id, {});
    std::string id = resource.id;
    rows_ = rows_.set(std::move(id), std::make_shared<const T>(std::move(resource)));
  }
  void erase(std::string_view id) {
    const T* old = find(id);
    if (!old) return;
    for (const auto& reference : references(*old)) index_ = index_.erase(reference + '\n' + std::string(id));
    rows_ = rows_.erase(id);
  }

 private:
  PersistentMap<std::string, Pointer> rows_;
  PersistentMap<std::string, std::monostate> index_;
};

using Resource =
    std::variant<Account, Vpc, Subnet, SecurityGroup, SecurityGroupRule, PrefixList, PrefixListVersion,
                 NetworkInterface, Instance, VpcEndpoint, LoadBalancer, TargetGroup, Target, Listener, EndpointService,
                 ServicePermission, ConnectionNotification, OutboxMessage, Tags, ClientToken, Counter>;

struct ResourceKey {
  std::string kind;  // T::kKind
  std::string id;
  friend auto operator<=>(const ResourceKey&, const ResourceKey&) = default;
};

// What one command does to the region: all of it or nothing. A put replaces the whole resource.
struct Change {
  std::vector<Resource> puts;
  std::vector<ResourceKey> deletes;

  [[nodiscard]] bool empty() const { return puts.empty() && deletes.empty(); }
  template <typename T>
  void put(T resource) {
    puts.emplace_back(std::move(resource));
  }
  template <typename T>
  void erase(const T& resource) {
    deletes.push_back({T::kKind, resource.id});
  }
};

class Snapshot {
 public:
  uint64_t revision = 0;

  template <typename T>
  [[nodiscard]] const Table<T>& table() const {
    return std::get<Table<T>>(tables_);
  }
  template <typename T>
  [[nodiscard]] const T* find(std::string_view id) const {
    return table<T>().find(id);
  }
  // The tags of a resource; empty where it has none.
  [[nodiscard]] const TagMap& tags_of(std::string_view resource_id) const;
  // The account that owns an access key, and the key; nullptr where there is none.
  [[nodiscard]] const Account* account_of_key(std::string_view access_key_id, const AccessKey** key) const;

  // This snapshot with the change applied: deletes first, then puts. The revision stays.
  [[nodiscard]] Snapshot with(const Change& change) const;

 private:
  boost::mp11::mp_rename<boost::mp11::mp_transform<Table, Resource>, std::tuple> tables_;
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

// The ids of the VPCs whose plan may differ between the two: those that the change touches, sorted.
[[nodiscard]] std::vector<std::string> touched_vpcs(const Snapshot& before, const Snapshot& after,
                                                    const Change& change);

// Store documents: the key is "KIND/ID", the value the resource's JSON.
[[nodiscard]] std::string store_key(const Resource& resource);
[[nodiscard]] std::string store_key(const ResourceKey& key);
[[nodiscard]] std::string store_value(const Resource& resource);
// An unknown kind or a broken document is an Error that names the key.
[[nodiscard]] Result<Resource> read_document(std::string_view key, std::string_view value);

}  // namespace ginnel::model

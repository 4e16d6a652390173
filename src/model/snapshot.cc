#include "model/snapshot.h"

#include <algorithm>
#include <set>

#include "model/codec.h"

namespace ginnel::model {
namespace {

std::vector<std::string> non_empty(std::vector<std::string> ids) {
  ids.erase(std::remove(ids.begin(), ids.end(), std::string()), ids.end());
  return ids;
}

std::vector<std::string> joined(std::vector<std::string> ids, const std::vector<std::string>& more) {
  ids.insert(ids.end(), more.begin(), more.end());
  return non_empty(std::move(ids));
}

using Ids = std::set<std::string>;

// The VPCs whose endpoints are served by the load balancer, and its own.
void add_vpcs_of(const Snapshot& snapshot, const LoadBalancer& balancer, Ids& out) {
  out.insert(balancer.vpc);
  for (const auto* endpoint : snapshot.table<VpcEndpoint>().referring_to(balancer.id)) out.insert(endpoint->vpc);
}

void add_vpcs_of(const Snapshot& snapshot, const Listener& listener, Ids& out) {
  const auto* balancer = snapshot.find<LoadBalancer>(listener.load_balancer);
  if (balancer) add_vpcs_of(snapshot, *balancer, out);
}

// Whether its zone has healthy targets decides about the names of every endpoint before it.
void add_vpcs_of(const Snapshot& snapshot, const TargetGroup& group, Ids& out) {
  out.insert(group.vpc);
  for (const auto* listener : snapshot.table<Listener>().referring_to(group.id)) {
    add_vpcs_of(snapshot, *listener, out);
  }
}

void add_vpcs_of(const Snapshot& snapshot, const Target& target, Ids& out) {
  const auto* group = snapshot.find<TargetGroup>(target.group);
  if (group) add_vpcs_of(snapshot, *group, out);
}

void add_vpcs_of(const Snapshot& snapshot, const EndpointService& service, Ids& out) {
  for (const auto* endpoint : snapshot.table<VpcEndpoint>().referring_to(service.id)) out.insert(endpoint->vpc);
}

void add_vpcs_of(const Snapshot& snapshot, const SecurityGroupRule& rule, Ids& out) {
  const auto* group = snapshot.find<SecurityGroup>(rule.group);
  if (group) out.insert(group->vpc);
}

void add_vpcs_of(const Snapshot& snapshot, const PrefixList& list, Ids& out) {
  for (const auto* rule : snapshot.table<SecurityGroupRule>().referring_to(list.id)) add_vpcs_of(snapshot, *rule, out);
}

// Nothing but the entries of a prefix list is in any plan.
bool same_in_plans(const PrefixList& before, const PrefixList& after) { return before.entries == after.entries; }
template <typename T>
bool same_in_plans(const T&, const T&) {
  return false;
}

// The VPCs that a resource shapes the plans of: its own, or none.
template <typename T>
void add_vpcs_of(const Snapshot&, const T& resource, Ids& out) {
  if constexpr (std::is_same_v<T, Vpc>) {
    out.insert(resource.id);
  } else if constexpr (requires { resource.vpc; }) {
    out.insert(resource.vpc);
  }
}

// Calls `with(T{})`-like for the resource type named `kind`; false where there is none.
template <typename F>
bool for_kind(std::string_view kind, F&& with) {
  bool found = false;
  boost::mp11::mp_for_each<boost::mp11::mp_transform<boost::mp11::mp_identity, Resource>>([&](auto type) {
    using T = typename decltype(type)::type;
    if (!found && kind == T::kKind) {
      found = true;
      with(type);
    }
  });
  return found;
}

}  // namespace

std::vector<std::string> references(const Account& account) {
  std::vector<std::string> ids;
  for (const auto& key : account.keys) ids.push_back(key.id);
  return ids;
}
std::vector<std::string> references(const Vpc& vpc) {
  std::vector<std::string> ids = {vpc.account, vpc.cidr_association};
  for (const auto& block : vpc.ipv6_blocks) ids.push_back(block.association);
  return non_empty(std::move(ids));
}
std::vector<std::string> references(const Subnet& subnet) {
  return non_empty({subnet.account, subnet.vpc, subnet.ipv6_association});
}
std::vector<std::string> references(const SecurityGroup& group) { return {group.account, group.vpc}; }
std::vector<std::string> references(const SecurityGroupRule& rule) {
  return non_empty(
      {rule.account, rule.group, rule.referenced_group == rule.group ? "" : rule.referenced_group, rule.prefix_list});
}
std::vector<std::string> references(const PrefixList& list) { return joined({list.account}, list.pending); }
std::vector<std::string> references(const PrefixListVersion& version) { return {version.prefix_list}; }
std::vector<std::string> references(const NetworkInterface& interface) {
  return joined({interface.account, interface.vpc, interface.subnet, interface.instance, interface.endpoint,
                 interface.load_balancer},
                interface.groups);
}
std::vector<std::string> references(const Instance& instance) {
  return non_empty({instance.account, instance.vpc, instance.subnet, instance.interface, instance.reservation});
}
std::vector<std::string> references(const VpcEndpoint& endpoint) {
  return joined(joined({endpoint.account, endpoint.vpc, endpoint.service, endpoint.load_balancer}, endpoint.subnets),
                endpoint.groups);
}
std::vector<std::string> references(const LoadBalancer& balancer) {
  std::vector<std::string> ids = {balancer.account, balancer.vpc};
  for (const auto& node : balancer.nodes) ids.push_back(node.subnet);
  return joined(std::move(ids), balancer.groups);
}
std::vector<std::string> references(const TargetGroup& group) { return {group.account, group.vpc}; }
std::vector<std::string> references(const Target& target) { return {target.group, target.target}; }
std::vector<std::string> references(const Listener& listener) {
  return {listener.account, listener.load_balancer, listener.target_group};
}
std::vector<std::string> references(const EndpointService& service) {
  return joined({service.account}, service.load_balancers);
}
std::vector<std::string> references(const ServicePermission& permission) {
  return {permission.account, permission.service};
}
std::vector<std::string> references(const ConnectionNotification& notification) {
  return non_empty({notification.account, notification.service, notification.endpoint, notification.topic});
}
std::vector<std::string> references(const OutboxMessage& message) { return {message.account, message.topic}; }
std::vector<std::string> references(const Tags& tags) { return {tags.account}; }
std::vector<std::string> references(const ClientToken& token) { return {token.account}; }
std::vector<std::string> references(const Counter&) { return {}; }

const TagMap& Snapshot::tags_of(std::string_view resource_id) const {
  static const TagMap kNone;
  const auto* tags = find<Tags>(resource_id);
  return tags ? tags->tags : kNone;
}

const Account* Snapshot::account_of_key(std::string_view access_key_id, const AccessKey** key) const {
  for (const auto* account : table<Account>().referring_to(access_key_id)) {
    for (const auto& candidate : account->keys) {
      if (candidate.id != access_key_id) continue;
      *key = &candidate;
      return account;
    }
  }
  return nullptr;
}

Snapshot Snapshot::with(const Change& change) const {
  Snapshot next = *this;
  for (const auto& key : change.deletes) {
    for_kind(key.kind, [&](auto type) { std::get<Table<typename decltype(type)::type>>(next.tables_).erase(key.id); });
  }
  for (const auto& resource : change.puts) {
    std::visit([&](const auto& value) { std::get<Table<std::decay_t<decltype(value)>>>(next.tables_).put(value); },
               resource);
  }
  return next;
}

std::vector<std::string> touched_vpcs(const Snapshot& before, const Snapshot& after, const Change& change) {
  Ids ids;
  for (const auto& key : change.deletes) {
    for_kind(key.kind, [&](auto type) {
      const auto* old = before.find<typename decltype(type)::type>(key.id);
      if (old) add_vpcs_of(before, *old, ids);
    });
  }
  for (const auto& resource : change.puts) {
    std::visit(
        [&](const auto& value) {
          const auto* old = before.find<std::decay_t<decltype(value)>>(value.id);
          if (old && same_in_plans(*old, value)) return;
          add_vpcs_of(after, value, ids);
          if (old) add_vpcs_of(before, *old, ids);
        },
        resource);
  }
  ids.erase(std::string());
  return {ids.begin(), ids.end()};
}

std::string store_key(const Resource& resource) {
  return std::visit([](const auto& value) { return std::string(value.kKind) + '/' + value.id; }, resource);
}

std::string store_key(const ResourceKey& key) { return key.kind + '/' + key.id; }

std::string store_value(const Resource& resource) {
  return std::visit([](const auto& value) { return encode(value); }, resource);
}

Result<Resource> read_document(std::string_view key, std::string_view value) {
  const auto slash = key.find('/');
  Result<Resource> out = fail("read document", key, "unknown kind");
  for_kind(key.substr(0, slash), [&](auto type) {
    auto resource = decode<typename decltype(type)::type>(value);
    if (!resource) {
      out = fail("read document", key, resource.error().text());
    } else if (slash == std::string_view::npos || resource->id != key.substr(slash + 1)) {
      out = fail("read document", key, "the id inside is '" + resource->id + "'");
    } else {
      out = Resource(std::move(*resource));
    }
  });
  return out;
}

}  // namespace ginnel::model

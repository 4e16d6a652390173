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

// The VPC that a resource shapes the plan of, or none.
std::string vpc_of(const Snapshot&, const Vpc& vpc) { return vpc.id; }
std::string vpc_of(const Snapshot&, const Subnet& subnet) { return subnet.vpc; }
std::string vpc_of(const Snapshot&, const SecurityGroup& group) { return group.vpc; }
std::string vpc_of(const Snapshot& snapshot, const SecurityGroupRule& rule) {
  const auto* group = snapshot.find<SecurityGroup>(rule.group);
  return group ? group->vpc : std::string();
}
std::string vpc_of(const Snapshot&, const NetworkInterface& interface) { return interface.vpc; }
std::string vpc_of(const Snapshot&, const Instance& instance) { return instance.vpc; }
std::string vpc_of(const Snapshot&, const VpcEndpoint& endpoint) { return endpoint.vpc; }
template <typename T>
std::string vpc_of(const Snapshot&, const T&) {
  return {};
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
std::vector<std::string> references(const Vpc& vpc) { return {vpc.account}; }
std::vector<std::string> references(const Subnet& subnet) { return {subnet.account, subnet.vpc}; }
std::vector<std::string> references(const SecurityGroup& group) { return {group.account, group.vpc}; }
std::vector<std::string> references(const SecurityGroupRule& rule) {
  return non_empty({rule.account, rule.group, rule.referenced_group == rule.group ? "" : rule.referenced_group});
}
std::vector<std::string> references(const NetworkInterface& interface) {
  return joined({interface.account, interface.vpc, interface.subnet, interface.instance, interface.endpoint},
                interface.groups);
}
std::vector<std::string> references(const Instance& instance) {
  return non_empty({instance.account, instance.vpc, instance.subnet, instance.interface, instance.reservation});
}
std::vector<std::string> references(const VpcEndpoint& endpoint) {
  return joined(joined({endpoint.account, endpoint.vpc}, endpoint.subnets), endpoint.groups);
}
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
  std::set<std::string> ids;
  for (const auto& key : change.deletes) {
    for_kind(key.kind, [&](auto type) {
      const auto* old = before.find<typename decltype(type)::type>(key.id);
      if (old) ids.insert(vpc_of(before, *old));
    });
  }
  for (const auto& resource : change.puts) {
    std::visit(
        [&](const auto& value) {
          ids.insert(vpc_of(after, value));
          const auto* old = before.find<std::decay_t<decltype(value)>>(value.id);
          if (old) ids.insert(vpc_of(before, *old));
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

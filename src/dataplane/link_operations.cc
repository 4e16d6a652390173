// Those of the real kernel's operations that are about links and load balancers.
#include <arpa/inet.h>

#include <cstring>

#include "dataplane/abi_values.h"
#include "dataplane/linux_kernel.h"
#include "dataplane/target_tables.h"

namespace ginnel::dataplane {

ginnel_link link_row(const Link& link, PolicyId policy, const SystemPort& system) {
  ginnel_link row{};
  row.number = link.number;
  row.policy = policy;
  row.flags = link.groups ? GINNEL_LINK_JUDGED : 0;
  if (!link.endpoint.empty()) {
    row.flags |= GINNEL_LINK_ENDPOINT;
    link.endpoint.copy(row.owner, sizeof row.owner);
  }
  if (link.balancer != 0) {
    row.flags |= GINNEL_LINK_BALANCED;
    row.balancer = link.balancer;
    return row;
  }
  row.scope = plan::kSystemVpc;
  row.oif = system.peer_ifindex;
  row.target = to_abi(link.target.address);
  row.target_port = htons(link.target.port);
  copy_mac(system.mac, row.target_mac);
  return row;
}

ginnel_link probe_row(plan::VpcNumber vpc, uint16_t port, const ProbeLink& probe, PolicyId policy) {
  ginnel_link row{};
  row.number = probe.number;
  row.policy = policy;
  row.flags = GINNEL_LINK_PROBE | (probe.groups ? GINNEL_LINK_JUDGED : 0);
  row.scope = vpc;
  row.target = to_abi(probe.target);
  row.target_port = htons(port);
  row.source = to_abi(probe.source);
  return row;
}

ginnel_balancer balancer_row(plan::VpcNumber vpc, const Balancer& balancer, PolicyId policy, uint32_t table_size) {
  ginnel_balancer row{};
  row.scope = vpc;
  row.policy = policy;
  row.flags = (balancer.groups ? GINNEL_BALANCER_JUDGED : 0) |
              (balancer.judge_endpoints ? GINNEL_BALANCER_JUDGE_ENDPOINTS : 0) |
              (balancer.preserve_client ? GINNEL_BALANCER_PRESERVE_CLIENT : 0) |
              (balancer.proxy_header ? GINNEL_BALANCER_PROXY : 0) | (balancer.sticky ? GINNEL_BALANCER_STICKY : 0);
  row.table_size = table_size;
  row.idle_s = balancer.idle_timeout_s;
  row.node = to_abi(balancer.node);
  if (balancer.node6) row.node6 = to_abi(*balancer.node6);
  return row;
}

Result<PolicyId> LinuxKernel::policy_of(plan::VpcNumber vpc, const std::optional<GroupSet>& groups) const {
  if (!groups) return PolicyId{0};
  return parts_.policies.id_of({vpc, *groups});
}

Status LinuxKernel::perform(plan::VpcNumber vpc, const Put<Link>& put) {
  GINNEL_TRY(const PolicyId policy, policy_of(vpc, put.value.groups));
  const auto key = to_abi(vpc, put.key);
  GINNEL_TRY(const auto old, parts_.tables.links.get(key));
  GINNEL_CHECKED(parts_.tables.links.put(key, link_row(put.value, policy, parts_.system)));
  if (old && old->number != put.value.number) gone_.links.insert({vpc, put.key, old->number});
  return {};
}
Status LinuxKernel::perform(plan::VpcNumber vpc, const Remove<Link>& remove) {
  const auto key = to_abi(vpc, remove.key);
  GINNEL_TRY(const auto old, parts_.tables.links.get(key));
  if (!old) return {};
  GINNEL_CHECKED(parts_.tables.links.erase(key));
  gone_.links.insert({vpc, remove.key, old->number});
  return {};
}

// The number may be another VPC's by now, whose plan was applied first. So it is with balancers and probes.
Status LinuxKernel::perform(plan::VpcNumber vpc, const Put<Target>& put) {
  ginnel_target row{};
  row.scope = vpc;
  row.address = to_abi(put.value.address);
  row.port = htons(put.value.port);
  GINNEL_TRY(const auto old, parts_.tables.targets.get(put.key));
  GINNEL_CHECKED(parts_.tables.targets.put(put.key, row));
  if (old && std::memcmp(&*old, &row, sizeof row) != 0) gone_.targets.insert(put.key);
  return {};
}
Status LinuxKernel::perform(plan::VpcNumber vpc, const Remove<Target>& remove) {
  GINNEL_TRY(const auto old, parts_.tables.targets.get(remove.key));
  if (!old || old->scope != vpc) return {};
  GINNEL_CHECKED(parts_.tables.targets.erase(remove.key));
  gone_.targets.insert(remove.key);
  return {};
}

Status LinuxKernel::perform(plan::VpcNumber vpc, const Put<Balancer>& put) {
  GINNEL_TRY(const PolicyId policy, policy_of(vpc, put.value.groups));
  GINNEL_CHECKED(put_target_table(parts_.tables, put.key, put.value.targets, parts_.table_size));
  return parts_.tables.balancers.put(put.key, balancer_row(vpc, put.value, policy, parts_.table_size));
}
Status LinuxKernel::perform(plan::VpcNumber vpc, const Remove<Balancer>& remove) {
  GINNEL_TRY(const auto old, parts_.tables.balancers.get(remove.key));
  if (!old || old->scope != vpc) return {};
  GINNEL_CHECKED(erase_target_table(parts_.tables, remove.key));
  GINNEL_CHECKED(parts_.tables.port_errors.erase(remove.key));
  GINNEL_CHECKED(parts_.tables.balancers.erase(remove.key));
  return {};
}

Status LinuxKernel::perform(plan::VpcNumber vpc, const Put<ProbeLink>& put) {
  GINNEL_TRY(const PolicyId policy, policy_of(vpc, put.value.groups));
  const auto key = to_abi(plan::kSystemVpc, put.key);
  ProbeName name{};
  name.length = static_cast<uint32_t>(put.value.id.copy(name.id, sizeof name.id));
  GINNEL_CHECKED(parts_.tables.probe_names.put(key, name));
  const ginnel_link row = probe_row(vpc, put.key.port, put.value, policy);
  GINNEL_TRY(const auto old, parts_.tables.links.get(key));
  GINNEL_CHECKED(parts_.tables.links.put(key, row));
  // A probe under way must not tell of another target.
  if (old && std::memcmp(&*old, &row, sizeof row) != 0) gone_.links.insert({plan::kSystemVpc, put.key, 0});
  return {};
}
Status LinuxKernel::perform(plan::VpcNumber vpc, const Remove<ProbeLink>& remove) {
  const auto key = to_abi(plan::kSystemVpc, remove.key);
  GINNEL_TRY(const auto old, parts_.tables.links.get(key));
  if (!old || old->scope != vpc) return {};
  GINNEL_CHECKED(parts_.tables.links.erase(key));
  GINNEL_CHECKED(parts_.tables.probe_names.erase(key));
  gone_.links.insert({plan::kSystemVpc, remove.key, 0});
  return {};
}

}  // namespace ginnel::dataplane

#include "dataplane/read_back.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <vector>

#include "dataplane/abi_values.h"
#include "dataplane/target_tables.h"

namespace ginnel::dataplane {
namespace {

class Reader {
 public:
  Reader(const LinuxKernel::Parts& parts, uint32_t program_id) : parts_(parts), program_id_(program_id) {}

  Result<ReadBack> read() {
    GINNEL_CHECKED(read_policies());
    GINNEL_CHECKED(read_ports());
    GINNEL_CHECKED(read_namespaces());
    GINNEL_CHECKED(parts_.tables.routes.for_each(
        [&](const ginnel_route_key& key, __u32) { out_.vpcs[key.vpc].of<Route>()[cidr_of(key)] = Route{}; }));
    GINNEL_CHECKED(read_destinations());
    GINNEL_CHECKED(parts_.tables.members.for_each([&](const ginnel_member_key& key, __u32) {
      const auto vpc = vpc_of_group_.find(key.group);
      out_.vpcs[vpc == vpc_of_group_.end() ? 0 : vpc->second].of<Member>()[from_abi(key)] = Member{};
    }));
    GINNEL_CHECKED(read_links());
    GINNEL_CHECKED(read_probes());
    GINNEL_CHECKED(read_balancers());
    return std::move(out_);
  }

 private:
  // The groups of a policy, if it is one of the VPC.
  [[nodiscard]] std::optional<GroupSet> groups_of(plan::VpcNumber vpc, PolicyId id) const {
    const auto* name = parts_.policies.name_of(id);
    if (name == nullptr || name->first != vpc) return std::nullopt;
    return name->second;
  }

  Status read_policies() {
    GINNEL_TRY(auto policies, parts_.policies.read());
    for (auto& [name, policy] : policies) {
      for (const auto group : name.second) vpc_of_group_[group] = name.first;
      out_.vpcs[name.first].of<Policy>()[name.second] = std::move(policy);
    }
    return {};
  }

  Status read_ports() {
    std::map<uint32_t, ginnel_port> rows;
    GINNEL_CHECKED(parts_.tables.ports.for_each([&](__u32 ifindex, const ginnel_port& row) { rows[ifindex] = row; }));
    rows.erase(parts_.system.peer_ifindex);
    std::map<uint32_t, std::string> others;
    for (const auto& [ifindex, row] : rows) {
      if ((row.flags & GINNEL_PORT_DEVICE) != 0) others[ifindex] = interface_of(row);
    }
    GINNEL_TRY(auto devices, parts_.devices.read(others));
    for (auto& [id, found] : devices) {
      const auto row = rows.find(found.ifindex);
      const bool named = row != rows.end() && id == interface_of(row->second);
      if (named) note_address6(row->second, found);
      VpcState& state = out_.vpcs[named ? row->second.vpc : 0];
      state.of<Device>()[id] = found.device;
      if (!named) continue;
      GINNEL_CHECKED(read_port(state, id, found, row->second));
      rows.erase(row);
    }
    for (const auto& [ifindex, row] : rows) GINNEL_CHECKED(parts_.tables.ports.erase(ifindex));
    return {};
  }

  static std::string interface_of(const ginnel_port& row) {
    return {row.interface_id, strnlen(row.interface_id, sizeof row.interface_id)};
  }

  // Of the addresses inside, the one that the port has.
  static void note_address6(const ginnel_port& row, FoundDevice& found) {
    const auto address = optional_from_abi(row.address6);
    if (!address || !found.device || found.device->kind != plan::PortKind::pair) return;
    for (const auto& each : found.addresses6) {
      if (each.address != *address) continue;
      found.device->address6 = each.address;
      found.device->subnet6 = Cidr(each.address, each.length);
    }
  }

  Status read_port(VpcState& state, const std::string& id, const FoundDevice& found, const ginnel_port& row) {
    const IpAddress address = from_abi(row.address);
    const IpAddress synthetic = from_abi(row.synthetic);
    const auto address6 = optional_from_abi(row.address6);
    const bool device = (row.flags & GINNEL_PORT_DEVICE) != 0;
    const std::string netns = found.device ? found.device->netns : "";
    out_.ports[id] = {row.vpc, found.ifindex, netns, device, address, address6, synthetic};
    interface_of_[found.ifindex] = id;
    auto& entry = state.of<PortEntry>()[id];
    if (auto groups = groups_of(row.vpc, row.policy)) {
      const bool check_source = (row.flags & GINNEL_PORT_CHECK_SOURCE) != 0;
      entry = PortEntry{address, address6, mac_of(row.mac), *groups, check_source, device, synthetic};
    }
    GINNEL_TRY(const uint32_t attached, parts_.attacher.attached(found.ifindex));
    auto& attachment = state.of<Attachment>()[id];
    if (attached == program_id_) attachment = Attachment{};
    return {};
  }

  Status read_namespaces() {
    std::map<std::string, plan::VpcNumber> owners;
    for (const auto& [id, local] : out_.ports) owners[local.netns] = local.vpc;
    GINNEL_TRY(const auto namespaces, parts_.namespaces.list());
    for (const auto& each : namespaces) {
      const auto owner = owners.find(each.name);
      auto& value = out_.vpcs[owner == owners.end() ? 0 : owner->second].of<Namespace>()[each.name];
      const auto nameserver = IpAddress::parse(each.resolver.nameserver);
      if (each.stands && nameserver) value = Namespace{*nameserver, each.resolver.search};
    }
    return {};
  }

  Status read_destinations() {
    return parts_.tables.destinations.for_each([&](const ginnel_destination_key& key, const ginnel_destination& row) {
      auto& value = out_.vpcs[key.vpc].of<Destination>()[from_abi(key.address)];
      const auto groups = groups_of(key.vpc, row.policy);
      if (!groups) return;
      if ((row.flags & GINNEL_DESTINATION_ENDPOINT) != 0) {
        value = Destination{{}, {}, false, *groups};
      } else if (const auto local = interface_of_.find(row.oif); local != interface_of_.end()) {
        value = Destination{local->second, mac_of(row.mac), (row.flags & GINNEL_DESTINATION_DEVICE) != 0, *groups};
      }
    });
  }

  Status read_links() {
    return parts_.tables.links.for_each([&](const ginnel_link_key& key, const ginnel_link& row) {
      if ((row.flags & GINNEL_LINK_PROBE) != 0) {
        probes_.emplace_back(from_abi(key), row);
        return;
      }
      auto& value = out_.vpcs[key.vpc].of<Link>()[from_abi(key)];
      Link link;
      link.number = row.number;
      if ((row.flags & GINNEL_LINK_BALANCED) != 0) {
        link.balancer = row.balancer;
      } else {
        link.target = {from_abi(row.target), ntohs(row.target_port)};
      }
      if ((row.flags & GINNEL_LINK_ENDPOINT) != 0)
        link.endpoint.assign(row.owner, strnlen(row.owner, sizeof row.owner));
      if ((row.flags & GINNEL_LINK_JUDGED) != 0) {
        link.groups = groups_of(key.vpc, row.policy);
        if (!link.groups) return;
      }
      // Not as it would be written now, because the system port was made anew: to be written again.
      const ginnel_link expected = link_row(link, row.policy, parts_.system);
      if (std::memcmp(&expected, &row, sizeof row) == 0) value = std::move(link);
    });
  }

  Status read_probes() {
    for (const auto& [key, row] : probes_) {
      auto& value = out_.vpcs[row.scope].of<ProbeLink>()[key];
      GINNEL_TRY(const auto name, parts_.tables.probe_names.get(to_abi(plan::kSystemVpc, key)));
      ProbeLink probe;
      if ((row.flags & GINNEL_LINK_JUDGED) != 0) probe.groups = groups_of(row.scope, row.policy);
      if (!name || (!probe.groups && (row.flags & GINNEL_LINK_JUDGED) != 0)) continue;
      probe.id.assign(name->id, std::min<size_t>(name->length, sizeof name->id));
      probe.number = row.number;
      probe.target = from_abi(row.target);
      probe.source = from_abi(row.source);
      const ginnel_link expected = probe_row(row.scope, key.port, probe, row.policy);
      if (std::memcmp(&expected, &row, sizeof row) == 0) value = std::move(probe);
    }
    return {};
  }

  Status read_balancers() {
    GINNEL_CHECKED(parts_.tables.targets.for_each([&](plan::TargetNumber number, const ginnel_target& row) {
      out_.vpcs[row.scope].of<Target>()[number] = Target{from_abi(row.address), ntohs(row.port)};
    }));
    std::map<plan::BalancerNumber, ginnel_balancer> rows;
    GINNEL_CHECKED(parts_.tables.balancers.for_each(
        [&](plan::BalancerNumber number, const ginnel_balancer& row) { rows[number] = row; }));
    for (const auto& [number, row] : rows) {
      auto& value = out_.vpcs[row.scope].of<Balancer>()[number];
      GINNEL_TRY(const auto targets, read_target_table(parts_.tables, number, parts_.table_size));
      Balancer balancer = balancer_of(row);
      const bool judged = (row.flags & GINNEL_BALANCER_JUDGED) != 0;
      if (judged) balancer.groups = groups_of(row.scope, row.policy);
      if (!targets || (judged && !balancer.groups)) continue;
      balancer.targets = *targets;
      const ginnel_balancer expected = balancer_row(row.scope, balancer, row.policy, parts_.table_size);
      if (std::memcmp(&expected, &row, sizeof row) == 0) value = std::move(balancer);
    }
    return erase_lone_tables(rows);
  }

  static Balancer balancer_of(const ginnel_balancer& row) {
    Balancer out;
    out.node = from_abi(row.node);
    out.node6 = optional_from_abi(row.node6);
    out.judge_endpoints = (row.flags & GINNEL_BALANCER_JUDGE_ENDPOINTS) != 0;
    out.preserve_client = (row.flags & GINNEL_BALANCER_PRESERVE_CLIENT) != 0;
    out.proxy_header = (row.flags & GINNEL_BALANCER_PROXY) != 0;
    out.sticky = (row.flags & GINNEL_BALANCER_STICKY) != 0;
    out.idle_timeout_s = static_cast<uint16_t>(row.idle_s);
    return out;
  }

  // A daemon ended between the table and its balancer.
  Status erase_lone_tables(const std::map<plan::BalancerNumber, ginnel_balancer>& rows) {
    std::vector<plan::BalancerNumber> lone;
    for (const __u32* from = nullptr;;) {
      __u32 number = 0;
      if (bpf_map_get_next_key(parts_.tables.tables.fd(), from, &number) != 0) {
        if (errno == ENOENT) break;
        return fail_errno("read map", parts_.tables.tables.name());
      }
      at_ = number;
      from = &at_;
      if (!rows.contains(number)) lone.push_back(number);
    }
    for (const auto number : lone) GINNEL_CHECKED(erase_target_table(parts_.tables, number));
    return {};
  }

  const LinuxKernel::Parts& parts_;
  uint32_t program_id_;
  ReadBack out_;
  std::map<plan::GroupNumber, plan::VpcNumber> vpc_of_group_;
  std::map<uint32_t, std::string> interface_of_;
  std::vector<std::pair<LinkKey, ginnel_link>> probes_;
  __u32 at_ = 0;
};

}  // namespace

Result<ReadBack> read_back(const LinuxKernel::Parts& parts, uint32_t program_id) {
  return Reader(parts, program_id).read();
}

Result<Gone> lost_flows(const Tables& tables) {
  std::set<FlowLink> links;
  std::set<plan::TargetNumber> targets;
  GINNEL_CHECKED(tables.links.for_each([&](const ginnel_link_key& key, const ginnel_link& row) {
    links.insert({key.vpc, from_abi(key), (row.flags & GINNEL_LINK_PROBE) != 0 ? 0 : row.number});
  }));
  GINNEL_CHECKED(tables.targets.for_each([&](__u32 number, const ginnel_target&) { targets.insert(number); }));
  Gone lost;
  GINNEL_CHECKED(tables.flows.for_each([&](const ginnel_flow_key& key, const ginnel_flow& flow) {
    const auto link = link_of(key, flow);
    if (link && !links.contains(*link)) lost.links.insert(*link);
    if (flow.target != 0 && !targets.contains(flow.target)) lost.targets.insert(flow.target);
  }));
  return lost;
}

}  // namespace ginnel::dataplane

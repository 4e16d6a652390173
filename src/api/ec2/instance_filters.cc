#include "api/ec2/addresses.h"
#include "api/ec2/instances.h"
#include "api/ec2/interface_groups.h"
#include "api/ec2/interface_view.h"
#include "api/ec2/network_interfaces.h"

namespace ginnel::api {
namespace {

using Instance = model::Instance;
using Values = std::vector<std::string>;

Values if_any(std::string value) { return value.empty() ? Values{} : Values{std::move(value)}; }

// An attribute of the instance's interface; no value once that is gone.
template <typename F>
std::function<Values(const Call&, const Instance&)> of_interface(F values) {
  return [values](const Call& call, const Instance& instance) -> Values {
    const auto* interface = call.snapshot.find<model::NetworkInterface>(instance.interface);
    return interface != nullptr ? values(call, *interface) : Values{};
  };
}

Attributes<Instance> own_attributes() {
  return {
      {"architecture", [](const Call&, const Instance&) { return Values{"x86_64"}; }},
      {"client-token", [](const Call&, const Instance& i) { return if_any(i.client_token); }},
      {"ebs-optimized", [](const Call&, const Instance&) { return Values{"false"}; }},
      {"ena-support", [](const Call&, const Instance&) { return Values{"true"}; }},
      {"hypervisor", [](const Call&, const Instance&) { return Values{"xen"}; }},
      {"image-id", [](const Call&, const Instance& i) { return Values{i.image}; }},
      {"instance-id", [](const Call&, const Instance& i) { return Values{i.id}; }},
      {"instance-state-code",
       [](const Call&, const Instance& i) { return Values{std::to_string(*instance_state(i.state).code)}; }},
      {"instance-state-name", [](const Call&, const Instance& i) { return Values{i.state}; }},
      {"instance-type", [](const Call&, const Instance& i) { return Values{i.type}; }},
      {"key-name", [](const Call&, const Instance& i) { return if_any(i.key_name); }},
      {"launch-index", [](const Call&, const Instance& i) { return Values{std::to_string(i.launch_index)}; }},
      {"launch-time",
       [](const Call&, const Instance& i) {
         return Values{to_iso8601(WallTime(std::chrono::milliseconds(i.launched)))};
       }},
      {"monitoring-state", [](const Call&, const Instance&) { return Values{"disabled"}; }},
      {"operator.managed", [](const Call&, const Instance&) { return Values{"false"}; }},
      {"owner-id", [](const Call&, const Instance& i) { return Values{i.account}; }},
      {"reason", [](const Call&, const Instance& i) { return if_any(transition_reason(i)); }},
      {"reservation-id", [](const Call&, const Instance& i) { return Values{i.reservation}; }},
      {"state-reason-code", [](const Call&, const Instance& i) { return if_any(i.state_reason_code); }},
      {"state-reason-message", [](const Call&, const Instance& i) { return if_any(i.state_reason); }},
      {"tenancy", [](const Call&, const Instance&) { return Values{"default"}; }},
      {"virtualization-type", [](const Call&, const Instance&) { return Values{"hvm"}; }},
  };
}

Attributes<Instance> network_attributes() {
  using Interface = model::NetworkInterface;
  const auto groups = of_interface([](const Call&, const Interface& i) { return i.groups; });
  const auto names = of_interface([](const Call& call, const Interface& i) { return group_names(call, i.groups); });
  const auto address6 = of_interface([](const Call&, const Interface& i) { return if_any(i.address6); });
  return {
      {"availability-zone", of_interface([](const Call&, const Interface& i) { return Values{i.zone}; })},
      {"availability-zone-id",
       of_interface([](const Call& call, const Interface& i) { return Values{zone_id(call, i.zone)}; })},
      {"group-id", groups},
      {"group-name", names},
      {"instance.group-id", groups},
      {"instance.group-name", names},
      {"ipv6-address", address6},
      {"network-interface.ipv6-address", address6},
      {"network-interface.addresses.private-dns-name", of_interface([](const Call& call, const Interface& i) {
         return Values{private_dns_name(call.region, i.address)};
       })},
      {"network-interface.attachment.network-card-index",
       of_interface([](const Call&, const Interface&) { return Values{"0"}; })},
      {"network-interface.deny-all-igw-traffic",
       of_interface([](const Call&, const Interface&) { return Values{"false"}; })},
      {"network-interface.ipv6-native", of_interface([](const Call&, const Interface&) { return Values{"false"}; })},
      {"network-interface.tag-key", of_interface([](const Call& call, const Interface& i) {
         Values keys;
         for (const auto& [key, value] : call.snapshot.tags_of(i.id)) keys.push_back(key);
         return keys;
       })},
      {"network-interface.tag-value", of_interface([](const Call& call, const Interface& i) {
         Values values;
         for (const auto& [key, value] : call.snapshot.tags_of(i.id)) values.push_back(value);
         return values;
       })},
      {"private-dns-name", of_interface([](const Call& call, const Interface& i) {
         return Values{private_dns_name(call.region, i.address)};
       })},
      {"private-ip-address", of_interface([](const Call&, const Interface& i) { return Values{i.address}; })},
      {"source-dest-check",
       of_interface([](const Call&, const Interface& i) { return Values{bool_text(i.source_dest_check)}; })},
      {"subnet-id", of_interface([](const Call&, const Interface& i) { return Values{i.subnet}; })},
      {"vpc-id", of_interface([](const Call&, const Interface& i) { return Values{i.vpc}; })},
  };
}

// What the API documents and no instance here has, so that nothing matches: disks, hosts, licences, images' boot
// settings, public addresses.
constexpr const char* kAbsent[] = {
    "affinity",
    "block-device-mapping.attach-time",
    "block-device-mapping.delete-on-termination",
    "block-device-mapping.device-name",
    "block-device-mapping.status",
    "block-device-mapping.volume-id",
    "boot-mode",
    "capacity-reservation-id",
    "capacity-reservation-specification.capacity-reservation-preference",
    "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id",
    "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn",
    "current-instance-boot-mode",
    "dns-name",
    "enclave-options.enabled",
    "hibernation-options.configured",
    "host-id",
    "iam-instance-profile.arn",
    "iam-instance-profile.id",
    "instance-lifecycle",
    "ip-address",
    "kernel-id",
    "maintenance-options.auto-recovery",
    "metadata-options.http-endpoint",
    "metadata-options.http-protocol-ipv4",
    "metadata-options.http-protocol-ipv6",
    "metadata-options.http-put-response-hop-limit",
    "metadata-options.http-tokens",
    "metadata-options.instance-metadata-tags",
    "metadata-options.state",
    "network-interface.addresses.association.allocation-id",
    "network-interface.addresses.association.association-id",
    "network-interface.addresses.association.carrier-ip",
    "network-interface.addresses.association.customer-owned-ip",
    "network-interface.addresses.association.ip-owner-id",
    "network-interface.addresses.association.public-dns-name",
    "network-interface.association.carrier-ip",
    "network-interface.association.customer-owned-ip",
    "network-interface.ipv4-prefixes.ipv4-prefix",
    "network-interface.ipv6-addresses.is-primary-ipv6",
    "network-interface.ipv6-prefixes.ipv6-prefix",
    "network-interface.outpost-arn",
    "network-interface.public-dns-name",
    "network-performance-options.bandwidth-weighting",
    "operator.principal",
    "outpost-arn",
    "placement-group-name",
    "placement-partition-number",
    "platform",
    "platform-details",
    "private-dns-name-options.enable-resource-name-dns-a-record",
    "private-dns-name-options.enable-resource-name-dns-aaaa-record",
    "private-dns-name-options.hostname-type",
    "product-code",
    "product-code.type",
    "ramdisk-id",
    "requester-id",
    "root-device-name",
    "root-device-type",
    "spot-instance-request-id",
    "tpm-support",
    "usage-operation",
    "usage-operation-update-time",
};

// "network-interface.X" is X of DescribeNetworkInterfaces. The names must outlive the attributes that refer to them.
const std::vector<std::pair<std::string, const Attribute<model::NetworkInterface>*>>& interface_names() {
  static const auto kNames = [] {
    std::vector<std::pair<std::string, const Attribute<model::NetworkInterface>*>> out;
    for (const auto& attribute : interface_attributes()) {
      out.emplace_back("network-interface." + std::string(attribute.name), &attribute);
    }
    return out;
  }();
  return kNames;
}

}  // namespace

const Attributes<Instance>& instance_attributes() {
  static const Attributes<Instance> kAll = [] {
    auto out = own_attributes();
    for (auto& attribute : network_attributes()) out.push_back(std::move(attribute));
    for (const char* name : kAbsent) out.push_back({name, [](const Call&, const Instance&) { return Values{}; }});
    for (const auto& [name, attribute] : interface_names()) out.push_back({name, of_interface(attribute->values)});
    return out;
  }();
  return kAll;
}

}  // namespace ginnel::api

#include "api/ec2/addresses.h"
#include "api/ec2/instances.h"
#include "api/ec2/interface_groups.h"
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
      {"dns-name", [](const Call&, const Instance&) { return Values{}; }},
      {"hypervisor", [](const Call&, const Instance&) { return Values{"xen"}; }},
      {"image-id", [](const Call&, const Instance& i) { return Values{i.image}; }},
      {"instance-id", [](const Call&, const Instance& i) { return Values{i.id}; }},
      {"instance-state-code",
       [](const Call&, const Instance& i) { return Values{std::to_string(*instance_state(i.state).code)}; }},
      {"instance-state-name", [](const Call&, const Instance& i) { return Values{i.state}; }},
      {"instance-type", [](const Call&, const Instance& i) { return Values{i.type}; }},
      {"ip-address", [](const Call&, const Instance&) { return Values{}; }},
      {"key-name", [](const Call&, const Instance& i) { return if_any(i.key_name); }},
      {"launch-index", [](const Call&, const Instance& i) { return Values{std::to_string(i.launch_index)}; }},
      {"launch-time",
       [](const Call&, const Instance& i) {
         return Values{to_iso8601(WallTime(std::chrono::milliseconds(i.launched)))};
       }},
      {"monitoring-state", [](const Call&, const Instance&) { return Values{"disabled"}; }},
      {"owner-id", [](const Call&, const Instance& i) { return Values{i.account}; }},
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
  return {
      {"availability-zone", of_interface([](const Call&, const Interface& i) { return Values{i.zone}; })},
      {"group-id", groups},
      {"group-name", names},
      {"instance.group-id", groups},
      {"instance.group-name", names},
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
    for (const auto& [name, attribute] : interface_names()) out.push_back({name, of_interface(attribute->values)});
    return out;
  }();
  return kAll;
}

}  // namespace ginnel::api

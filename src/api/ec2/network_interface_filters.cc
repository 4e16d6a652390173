#include "api/ec2/addresses.h"
#include "api/ec2/interface_groups.h"
#include "api/ec2/interface_view.h"
#include "api/ec2/network_interfaces.h"

namespace ginnel::api {
namespace {

using Interface = model::NetworkInterface;
using Values = std::vector<std::string>;

Values when(bool present, std::string value) { return present ? Values{std::move(value)} : Values{}; }
Values none(const Call&, const Interface&) { return {}; }

Attributes<Interface> attachment_attributes() {
  return {
      {"attachment.attach-time",
       [](const Call&, const Interface& i) {
         return when(is_attached(i), to_iso8601(WallTime(std::chrono::milliseconds(attach_time(i)))));
       }},
      {"attachment.attachment-id", [](const Call&, const Interface& i) { return when(is_attached(i), i.attachment); }},
      {"attachment.delete-on-termination",
       [](const Call&, const Interface& i) { return when(is_attached(i), bool_text(goes_with_instance(i))); }},
      {"attachment.device-index",
       [](const Call&, const Interface& i) { return when(is_attached(i), std::to_string(device_index(i))); }},
      {"attachment.instance-id", [](const Call&, const Interface& i) { return when(!i.instance.empty(), i.instance); }},
      {"attachment.instance-owner-id",
       [](const Call&, const Interface& i) { return when(is_attached(i), instance_owner(i)); }},
      {"attachment.status", [](const Call&, const Interface& i) { return when(is_attached(i), "attached"); }},
  };
}

// What no interface here has: public addresses.
Attributes<Interface> absent_attributes() {
  Attributes<Interface> out;
  for (const char* name : {"addresses.association.public-ip", "addresses.association.owner-id",
                           "association.association-id", "association.allocation-id", "association.ip-owner-id",
                           "association.public-ip", "association.public-dns-name", "operator.principal"}) {
    out.push_back({name, none});
  }
  return out;
}

Attributes<Interface> own_attributes() {
  return {
      {"addresses.primary", [](const Call&, const Interface&) { return Values{"true"}; }},
      {"addresses.private-ip-address",
       [](const Call&, const Interface& i) { return when(!i.address.empty(), i.address); }},
      {"availability-zone", [](const Call&, const Interface& i) { return Values{i.zone}; }},
      {"availability-zone-id", [](const Call& call, const Interface& i) { return Values{zone_id(call, i.zone)}; }},
      {"description", [](const Call&, const Interface& i) { return Values{i.description}; }},
      {"group-id", [](const Call&, const Interface& i) { return i.groups; }},
      {"group-name", [](const Call& call, const Interface& i) { return group_names(call, i.groups); }},
      {"interface-type", [](const Call&, const Interface& i) { return Values{i.type}; }},
      {"ipv6-addresses.ipv6-address",
       [](const Call&, const Interface& i) { return when(!i.address6.empty(), i.address6); }},
      {"mac-address", [](const Call&, const Interface& i) { return Values{i.mac}; }},
      {"network-interface-id", [](const Call&, const Interface& i) { return Values{i.id}; }},
      {"operator.managed", [](const Call&, const Interface&) { return Values{"false"}; }},
      {"owner-id", [](const Call&, const Interface& i) { return Values{i.account}; }},
      {"private-dns-name",
       [](const Call& call, const Interface& i) {
         return when(!i.address.empty(), private_dns_name(call.region, i.address));
       }},
      {"private-ip-address", [](const Call&, const Interface& i) { return when(!i.address.empty(), i.address); }},
      {"requester-id",
       [](const Call&, const Interface& i) { return when(i.requester_managed, std::string(requester_of(i))); }},
      {"requester-managed", [](const Call&, const Interface& i) { return Values{bool_text(i.requester_managed)}; }},
      {"source-dest-check", [](const Call&, const Interface& i) { return Values{bool_text(i.source_dest_check)}; }},
      {"status", [](const Call&, const Interface& i) { return Values{is_attached(i) ? "in-use" : "available"}; }},
      {"subnet-id", [](const Call&, const Interface& i) { return Values{i.subnet}; }},
      {"vpc-id", [](const Call&, const Interface& i) { return Values{i.vpc}; }},
  };
}

}  // namespace

const Attributes<Interface>& interface_attributes() {
  static const Attributes<Interface> kAll = [] {
    auto out = own_attributes();
    for (auto& attribute : attachment_attributes()) out.push_back(std::move(attribute));
    for (auto& attribute : absent_attributes()) out.push_back(std::move(attribute));
    return out;
  }();
  return kAll;
}

}  // namespace ginnel::api

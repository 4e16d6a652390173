#include "api/ec2/addresses.h"
#include "api/ec2/subnets.h"

namespace ginnel::api {
namespace {

using model::Subnet;
using Values = aws::FilterValues;

Values none(const Call&, const Subnet&) { return {}; }
Values no(const Call&, const Subnet&) { return {"false"}; }
Values cidr(const Call&, const Subnet& subnet) { return {subnet.cidr}; }
Values zone(const Call&, const Subnet& subnet) { return {subnet.zone}; }

Values of_ipv6(const Subnet& subnet, std::string value) {
  return subnet.ipv6_cidr.empty() ? Values{} : Values{std::move(value)};
}

Values zone_id(const Call& call, const Subnet& subnet) {
  const auto* found = call.region.zone(subnet.zone);
  return found == nullptr ? Values{} : Values{found->id};
}

}  // namespace

// Some have the names of older versions of the API beside their own.
const Attributes<Subnet>& subnet_attributes() {
  static const Attributes<Subnet> kAttributes{
      {"availability-zone", zone},
      {"availabilityZone", zone},
      {"availability-zone-id", zone_id},
      {"availabilityZoneId", zone_id},
      {"available-ip-address-count",
       [](const Call& call, const Subnet& subnet) {
         return Values{std::to_string(SubnetAddresses(call.snapshot).free_count(subnet))};
       }},
      {"cidr-block", cidr},
      {"cidr", cidr},
      {"cidrBlock", cidr},
      {"customer-owned-ipv4-pool", none},
      {"default-for-az", no},
      {"defaultForAz", no},
      {"enable-dns64", no},
      {"enable-lni-at-device-index", none},
      {"ipv6-cidr-block-association.association-id",
       [](const Call&, const Subnet& subnet) { return of_ipv6(subnet, subnet.ipv6_association); }},
      {"ipv6-cidr-block-association.ipv6-cidr-block",
       [](const Call&, const Subnet& subnet) { return of_ipv6(subnet, subnet.ipv6_cidr); }},
      {"ipv6-cidr-block-association.state",
       [](const Call&, const Subnet& subnet) { return of_ipv6(subnet, "associated"); }},
      {"ipv6-native", no},
      {"map-customer-owned-ip-on-launch", no},
      {"map-public-ip-on-launch",
       [](const Call&, const Subnet& subnet) { return Values{bool_text(subnet.map_public_ip)}; }},
      {"outpost-arn", none},
      {"owner-id", [](const Call&, const Subnet& subnet) { return Values{subnet.account}; }},
      {"private-dns-name-options-on-launch.hostname-type",
       [](const Call&, const Subnet& subnet) { return Values{subnet.private_dns_hostname_type}; }},
      {"private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
       [](const Call&, const Subnet& subnet) { return Values{bool_text(subnet.resource_name_dns_a)}; }},
      {"private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
       [](const Call&, const Subnet& subnet) { return Values{bool_text(subnet.resource_name_dns_aaaa)}; }},
      {"state", [](const Call&, const Subnet&) { return Values{"available"}; }},
      {"subnet-arn", [](const Call& call, const Subnet& subnet) { return Values{subnet_arn(call.region, subnet)}; }},
      {"subnet-id", [](const Call&, const Subnet& subnet) { return Values{subnet.id}; }},
      {"vpc-id", [](const Call&, const Subnet& subnet) { return Values{subnet.vpc}; }},
  };
  return kAttributes;
}

}  // namespace ginnel::api

#include "api/ec2/addresses.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace ginnel::api {
namespace {

bool is_reserved(const Cidr& subnet, const IpAddress& address) {
  return address < subnet.base().plus(kReservedFirstAddresses) || address == subnet.last();
}

const std::string& block_of(const model::Subnet& subnet, Family family) {
  return family == Family::v4 ? subnet.cidr : subnet.ipv6_cidr;
}

const std::string& address_of(const model::NetworkInterface& interface, Family family) {
  return family == Family::v4 ? interface.address : interface.address6;
}

aws::ApiStatus check_family(const model::Subnet& subnet, Family family) {
  if (!block_of(subnet, family).empty()) return {};
  return aws::api_error("InvalidSubnet", fmt::format("The subnet '{}' has no IPv6 CIDR block.", subnet.id));
}

}  // namespace

SubnetAddresses::Pool& SubnetAddresses::pool_of(const model::Subnet& subnet, Family family) {
  const auto [at, is_new] = pools_.try_emplace({subnet.id, family});
  Pool& pool = at->second;
  if (!is_new) return pool;
  const auto cidr = Cidr::parse(block_of(subnet, family));
  GINNEL_CHECK(cidr.has_value(), "a stored subnet has a valid CIDR block");
  pool.cidr = *cidr;
  for (const auto* interface : snapshot_.table<model::NetworkInterface>().referring_to(subnet.id)) {
    if (const auto address = IpAddress::parse(address_of(*interface, family))) pool.used.insert(*address);
  }
  return pool;
}

aws::ApiResult<IpAddress> SubnetAddresses::take(const model::Subnet& subnet, Family family) {
  GINNEL_CHECKED(check_family(subnet, family));
  Pool& pool = pool_of(subnet, family);
  IpAddress candidate = pool.cidr.base().plus(kReservedFirstAddresses);
  auto used = pool.used.lower_bound(candidate);
  for (; candidate < pool.cidr.last(); candidate = candidate.plus(1)) {
    if (used != pool.used.end() && *used == candidate) {
      ++used;
      continue;
    }
    pool.used.insert(candidate);
    return candidate;
  }
  return aws::api_error(
      "InsufficientFreeAddressesInSubnet",
      fmt::format("There are not enough free addresses in subnet '{}' to satisfy the request.", subnet.id));
}

aws::ApiResult<IpAddress> SubnetAddresses::take(const model::Subnet& subnet, std::string_view wanted,
                                                std::string_view parameter, Family family) {
  const auto address = IpAddress::parse(wanted);
  if (!address || address->is_v4() != (family == Family::v4)) {
    return aws::invalid_value(parameter, wanted,
                              fmt::format("It is not a valid {} address.", family == Family::v4 ? "IPv4" : "IPv6"));
  }
  GINNEL_CHECKED(check_family(subnet, family));
  Pool& pool = pool_of(subnet, family);
  if (!pool.cidr.contains(*address)) {
    return aws::invalid_value(parameter, wanted,
                              fmt::format("Address does not fall within the subnet's address range {} ({}).",
                                          pool.cidr.to_string(), subnet.id));
  }
  if (is_reserved(pool.cidr, *address)) {
    return aws::invalid_value(parameter, wanted,
                              fmt::format("Address is in the subnet's reserved address range ({}).", subnet.id));
  }
  if (!pool.used.insert(*address).second) {
    return aws::api_error("InvalidIPAddress.InUse", fmt::format("Address {} is in use.", wanted));
  }
  return *address;
}

void SubnetAddresses::give_back(const model::NetworkInterface& interface) {
  const auto* subnet = snapshot_.find<model::Subnet>(interface.subnet);
  if (subnet == nullptr) return;
  for (const Family family : {Family::v4, Family::v6}) {
    const auto address = IpAddress::parse(address_of(interface, family));
    if (address) pool_of(*subnet, family).used.erase(*address);
  }
}

uint64_t SubnetAddresses::free_count(const model::Subnet& subnet) {
  const Pool& pool = pool_of(subnet, Family::v4);
  const uint64_t usable = pool.cidr.size() - kReservedFirstAddresses - 1;
  return usable - std::min<uint64_t>(usable, pool.used.size());
}

std::string mac_for(const model::Vpc& vpc, const IpAddress& address) {
  const auto& bytes = address.bytes();
  const uint8_t first = address.is_v4() ? 0x02 : 0x06;
  MacAddress mac;
  mac.bytes = {first, static_cast<uint8_t>(vpc.number), bytes[12], bytes[13], bytes[14], bytes[15]};
  return mac.to_string();
}

model::NetworkInterface new_interface(const Call& call, const model::Subnet& subnet, const IpAddress& address,
                                      std::vector<std::string> groups) {
  const auto* vpc = call.snapshot.find<model::Vpc>(subnet.vpc);
  GINNEL_CHECK(vpc != nullptr, "a stored subnet has its VPC");
  model::NetworkInterface interface;
  interface.id = make_resource_id("eni", call.random);
  interface.account = call.account;
  interface.vpc = subnet.vpc;
  interface.subnet = subnet.id;
  interface.zone = subnet.zone;
  (address.is_v4() ? interface.address : interface.address6) = address.to_string();
  interface.mac = mac_for(*vpc, address);
  interface.groups = std::move(groups);
  interface.created = call.now_ms();
  return interface;
}

std::string private_dns_name(const model::Region& region, std::string_view address) {
  std::string host(address);
  std::replace(host.begin(), host.end(), '.', '-');
  return fmt::format("ip-{}.{}.compute.internal", host, region.name);
}

}  // namespace ginnel::api

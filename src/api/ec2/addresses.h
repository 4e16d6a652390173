// Addresses of a subnet: which are free, and what a new network interface gets.
//
// The first four addresses and the last one of a subnet's block are reserved (VPC router, resolver, later use,
// broadcast), of its IPv6 block too.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"

namespace ginnel::api {

inline constexpr uint64_t kReservedFirstAddresses = 4;

enum class Family { v4, v6 };

// Gives addresses out within one action; knows those that it has given out itself.
class SubnetAddresses {
 public:
  explicit SubnetAddresses(const model::Snapshot& snapshot) : snapshot_(snapshot) {}

  // The lowest free one, or InsufficientFreeAddressesInSubnet. Of IPv6 only where the subnet has a block of it.
  aws::ApiResult<IpAddress> take(const model::Subnet& subnet, Family family = Family::v4);
  // This one; `parameter` is where the caller has named it.
  aws::ApiResult<IpAddress> take(const model::Subnet& subnet, std::string_view wanted, std::string_view parameter,
                                 Family family = Family::v4);
  // The same action removes the interface that had them.
  void give_back(const model::NetworkInterface& interface);
  [[nodiscard]] uint64_t free_count(const model::Subnet& subnet);  // of IPv4

 private:
  struct Pool {
    Cidr cidr;
    std::set<IpAddress> used;
  };

  Pool& pool_of(const model::Subnet& subnet, Family family);

  const model::Snapshot& snapshot_;
  std::map<std::pair<std::string, Family>, Pool> pools_;  // by subnet id
};

// 02 (locally administered), the low byte of the VPC's number, the IPv4 address: unique within the VPC. Of an interface
// with an IPv6 address alone 06, that byte, and the address's last four.
[[nodiscard]] std::string mac_for(const model::Vpc& vpc, const IpAddress& address);

// A new network interface of the caller's with an address of either family, not attached to anything.
[[nodiscard]] model::NetworkInterface new_interface(const Call& call, const model::Subnet& subnet,
                                                    const IpAddress& address, std::vector<std::string> groups);

// "ip-10-0-1-4.REGION.compute.internal"
[[nodiscard]] std::string private_dns_name(const model::Region& region, std::string_view address);

}  // namespace ginnel::api

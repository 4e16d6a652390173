// Addresses of a subnet: which are free, and what a new network interface gets.
//
// The first four addresses and the last one of a subnet are reserved (VPC router, resolver, later use, broadcast).
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"

namespace ginnel::api {

inline constexpr uint64_t kReservedFirstAddresses = 4;

// Gives addresses out within one action; knows those that it has given out itself.
class SubnetAddresses {
 public:
  explicit SubnetAddresses(const model::Snapshot& snapshot) : snapshot_(snapshot) {}

  // The lowest free one, or InsufficientFreeAddressesInSubnet.
  aws::ApiResult<IpAddress> take(const model::Subnet& subnet);
  // This one; `parameter` is where the caller has named it.
  aws::ApiResult<IpAddress> take(const model::Subnet& subnet, std::string_view wanted, std::string_view parameter);
  // The same action removes the interface that had it.
  void give_back(const model::NetworkInterface& interface);
  [[nodiscard]] uint64_t free_count(const model::Subnet& subnet);

 private:
  struct Pool {
    Cidr cidr;
    std::set<IpAddress> used;
  };

  Pool& pool_of(const model::Subnet& subnet);

  const model::Snapshot& snapshot_;
  std::map<std::string, Pool> pools_;  // by subnet id
};

// 02 (locally administered), the low byte of the VPC's number, the IPv4 address: unique within the VPC.
[[nodiscard]] std::string mac_for(const model::Vpc& vpc, const IpAddress& address);

// A new network interface of the caller's, not attached to anything.
[[nodiscard]] model::NetworkInterface new_interface(const Call& call, const model::Subnet& subnet,
                                                    const IpAddress& address, std::vector<std::string> groups);

// "ip-10-0-1-4.REGION.compute.internal"
[[nodiscard]] std::string private_dns_name(const model::Region& region, std::string_view address);

}  // namespace ginnel::api

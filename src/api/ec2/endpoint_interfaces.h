// Where an endpoint stands: its subnets, one per zone, and the network interface that it has in each.
#pragma once

#include <string>
#include <vector>

#include "api/call.h"
#include "api/ec2/addresses.h"
#include "generated/ec2.h"

namespace ginnel::api {

// Collects what one action does to the interfaces of one endpoint, then puts it into the change.
class EndpointInterfaces {
 public:
  // `endpoint` is a copy that the action is about to change; it must outlive this. Its account, VPC, groups and address
  // type must be set.
  EndpointInterfaces(const Call& call, const model::Service& service, model::VpcEndpoint& endpoint);

  // Removing comes before adding, so that one call can move an endpoint to another subnet of a zone.
  aws::ApiStatus remove(const std::vector<std::string>& subnet_ids);
  // Subnets that the endpoint does not have yet: of its VPC, in a zone of the service where it has none.
  // `configurations` may choose the addresses for any of them; a new subnet may be named by its configuration alone.
  // On a subnet that the endpoint has already, the interface is replaced where a configuration has another address, and
  // where its addresses are not those of the endpoint's type. An address that fits stays the same.
  aws::ApiStatus add(const std::vector<std::string>& subnet_ids,
                     const std::vector<ec2::SubnetConfiguration>& configurations);
  // Removed interfaces go, new ones come, those that stay have the endpoint's groups; the endpoint lists all of them.
  void put(model::Change& change);

 private:
  aws::ApiResult<const model::Subnet*> check_subnet(const std::string& id) const;
  // A subnet, and the addresses that are chosen for it; empty: any.
  struct Wanted {
    std::string subnet, address, address6;
  };

  aws::ApiStatus check_configurations(const std::vector<ec2::SubnetConfiguration>& configurations) const;
  aws::ApiStatus add_one(const Wanted& wanted);
  aws::ApiResult<IpAddress> take(const model::Subnet& subnet, const std::string& wanted, Family family);
  void drop(size_t index);
  void drop_outdated(const std::vector<ec2::SubnetConfiguration>& configurations, std::vector<Wanted>& wanted);
  [[nodiscard]] model::NetworkInterface make(const model::Subnet& subnet, const IpAddress& address) const;

  const Call& call_;
  const model::Service& service_;
  model::VpcEndpoint& endpoint_;
  SubnetAddresses addresses_;
  std::vector<model::NetworkInterface> present_;  // in the order of the endpoint's subnets
  std::vector<model::NetworkInterface> removed_;
};

}  // namespace ginnel::api

#include "daemon/names.h"

#include <gtest/gtest.h>

namespace ginnel::daemon {
namespace {

TEST(Names, OfVpcsLinksAndInterfaces) {
  model::Change change;
  model::Vpc vpc;
  vpc.id = "vpc-1";
  vpc.number = 7;
  change.put(vpc);
  model::NetworkInterface interface;
  interface.id = "eni-1";
  interface.vpc = "vpc-1";
  interface.address = "10.0.1.5";
  change.put(interface);
  model::VpcEndpoint endpoint;
  endpoint.id = "vpce-1";
  endpoint.vpc = "vpc-1";
  endpoint.number = 30;
  change.put(endpoint);
  model::LoadBalancer balancer;
  balancer.id = "arn:balancer";
  balancer.name = "web";
  balancer.vpc = "vpc-1";
  change.put(balancer);
  model::Listener listener;
  listener.id = "arn:listener";
  listener.load_balancer = "arn:balancer";
  listener.number = 2;
  listener.port = 443;
  change.put(listener);

  EXPECT_EQ(names_of(model::Snapshot().with(change)), boost::json::parse(R"({
      "vpcs": [{"number": 7, "name": "vpc-1"}],
      "links": [{"number": 30, "name": "vpce-1"}, {"number": 2147483655, "name": "resolver"},
                {"number": 1073741826, "name": "web:443"}],
      "interfaces": [{"name": "eni-1", "vpc": 7, "addresses": ["10.0.1.5"]}]})"));
}

}  // namespace
}  // namespace ginnel::daemon

#include "daemon/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>

namespace ginnel::daemon {
namespace {

using testing::HasSubstr;
using testing::Not;

// An endpoint in two subnets for the service of another VPC; one instance.
model::Snapshot snapshot() {
  model::Change change;
  model::Vpc vpc;
  vpc.id = "vpc-1";
  vpc.number = 1;
  change.put(vpc);
  for (const char* zone : {"a", "b"}) {
    model::NetworkInterface interface;
    interface.id = std::string("eni-") + zone;
    interface.vpc = "vpc-1";
    interface.subnet = std::string("subnet-") + zone;
    interface.zone = std::string("ap-northeast-1") + zone;
    interface.address = *zone == 'a' ? "10.0.1.9" : "10.0.2.9";
    interface.type = "vpc_endpoint";
    interface.endpoint = "vpce-1";
    change.put(interface);
  }
  model::NetworkInterface own;
  own.id = "eni-i";
  own.vpc = "vpc-1";
  own.subnet = "subnet-a";
  own.address = "10.0.1.5";
  own.instance = "i-1";
  change.put(own);
  model::VpcEndpoint endpoint;
  endpoint.id = "vpce-1";
  endpoint.vpc = "vpc-1";
  endpoint.number = 30;
  endpoint.service_name = "com.amazonaws.vpce.ap-northeast-1.vpce-svc-1";
  endpoint.service = "vpce-svc-1";
  endpoint.load_balancer = "arn:balancer";
  endpoint.state = "available";
  endpoint.interfaces = {"eni-a", "eni-b"};
  endpoint.subnets = {"subnet-a", "subnet-b"};
  change.put(endpoint);
  model::EndpointService service;
  service.id = "vpce-svc-1";
  change.put(service);
  service.id = "vpce-svc-2";
  change.put(service);
  model::LoadBalancer balancer;
  balancer.id = "arn:balancer";
  balancer.nodes = {{"subnet-x", "ap-northeast-1c", "eni-x"}};
  change.put(balancer);
  model::Listener listener;
  listener.id = "arn:listener";
  listener.load_balancer = "arn:balancer";
  listener.number = 2;
  change.put(listener);
  return model::Snapshot().with(change);
}

model::Region region() {
  model::Region out;
  out.name = "ap-northeast-1";
  out.zones = {{"ap-northeast-1a", "apne1-az1"}, {"ap-northeast-1c", "apne1-az2"}};
  return out;
}

PathReading reading() {
  PathReading out;
  dataplane::LinkCounts counts;
  counts.forward_bytes = 100;
  counts.reverse_bytes = 1000;
  counts.opened = 3;
  counts.active = 2;
  counts.forward_resets = 7;
  counts.reverse_resets = 1;
  counts.drops = {{"ingress_denied", 4}, {"no_target", 1}};
  const IpAddress address = IpAddress::parse("10.0.1.9").value();
  out.counts.links[{1, 30, 512, address}] = counts;
  out.counts.links[{1, 30, 768, address}] = counts;  // by another listener
  dataplane::PortCounts port;
  port.sent_bytes = 55;
  port.tracked = 6;
  port.drops = {{"no_route", 9}};
  out.counts.ports["eni-i"] = port;
  out.counts.ports["system"].tracked = 4;
  out.drops = {{"no_route", 9}, {"ingress_denied", 8}};
  out.port_errors = {{2 * 256 + 1, 5}};
  out.flow_limit = 1000;
  return out;
}

TEST(Metrics, EndpointsAndServicesHaveTheNamesOfCloudWatch) {
  const std::string text = metrics_text(snapshot(), region(), reading());
  const std::string endpoint =
      "{endpoint_type=\"Interface\",service_name=\"com.amazonaws.vpce.ap-northeast-1.vpce-svc-1\","
      "vpc_endpoint_id=\"vpce-1\",vpc_id=\"vpc-1\",subnet_id=\"subnet-a\"} ";
  for (const auto& [name, value] : std::vector<std::pair<std::string, int>>{{"active_connections", 4},
                                                                            {"bytes_processed_total", 2200},
                                                                            {"new_connections_total", 6},
                                                                            {"packets_dropped_total", 10},
                                                                            {"rst_packets_received_total", 2}}) {
    EXPECT_THAT(text, HasSubstr("\nprivatelink_endpoints_" + name + endpoint + std::to_string(value) + "\n"));
  }
  const std::string service =
      "{service_id=\"vpce-svc-1\",az=\"ap-northeast-1a\",load_balancer_arn=\"arn:balancer\",vpc_endpoint_id=\"vpce-1\"}"
      " ";
  for (const auto& [name, value] : std::vector<std::pair<std::string, int>>{{"active_connections", 4},
                                                                            {"bytes_processed_total", 2200},
                                                                            {"new_connections_total", 6},
                                                                            {"rst_packets_sent_total", 2}}) {
    EXPECT_THAT(text, HasSubstr("\nprivatelink_services_" + name + service + std::to_string(value) + "\n"));
  }
  EXPECT_THAT(text, HasSubstr("\nprivatelink_services_endpoints_count{service_id=\"vpce-svc-1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nprivatelink_services_endpoints_count{service_id=\"vpce-svc-2\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("subnet_id=\"subnet-a\",reason=\"ingress_denied\"} 8\n"));
}

TEST(Metrics, WhatHasNoneYetIsThere) {
  const std::string text = metrics_text(snapshot(), region(), {});
  EXPECT_THAT(text, HasSubstr("vpc_id=\"vpc-1\",subnet_id=\"subnet-b\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\nginnel_packets_dropped_total{reason=\"not_a_port\"} 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("reason=\"none\"")));
}

TEST(Metrics, InterfacesAndTheHost) {
  const std::string text = metrics_text(snapshot(), region(), reading());
  const std::string labels = "{interface_id=\"eni-i\",vpc_id=\"vpc-1\",subnet_id=\"subnet-a\",instance_id=\"i-1\"";
  EXPECT_THAT(text, HasSubstr("\nginnel_interface_sent_bytes_total" + labels + "} 55\n"));
  EXPECT_THAT(text, HasSubstr("\nginnel_interface_dropped_packets_total" + labels + ",reason=\"no_route\"} 9\n"));
  EXPECT_THAT(text, HasSubstr("\nginnel_interface_tracked_flows{interface_id=\"system\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("\nginnel_packets_dropped_total{reason=\"no_route\"} 9\n"));
  EXPECT_THAT(text, HasSubstr("\nginnel_flows 10\n"));
  EXPECT_THAT(text, HasSubstr("\nginnel_flows_limit 1000\n"));
  EXPECT_THAT(text, HasSubstr("\nginnel_port_allocation_errors_total{load_balancer_arn=\"arn:balancer\","
                              "listener_arn=\"arn:listener\",az=\"ap-northeast-1c\"} 5\n"));
}

TEST(Metrics, EveryLineIsWellFormedAndNoSeriesComesTwice) {
  const std::regex sample(R"re([a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [0-9]+)re");
  const std::regex comment(R"re(# (HELP [a-z_]+ .+|TYPE [a-z_]+ (counter|gauge)))re");
  std::set<std::string> series, families;
  std::istringstream text(metrics_text(snapshot(), region(), reading()));
  for (std::string line; std::getline(text, line);) {
    ASSERT_TRUE(std::regex_match(line, line.starts_with('#') ? comment : sample)) << line;
    if (line.starts_with("# TYPE ")) {
      const std::string name = line.substr(7, line.rfind(' ') - 7);
      EXPECT_TRUE(families.insert(name).second) << name;
      EXPECT_EQ(line.ends_with(" counter"), name.ends_with("_total")) << name;
    }
    if (line.starts_with('#')) continue;
    EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
  EXPECT_GT(series.size(), 60U);
}

}  // namespace
}  // namespace ginnel::daemon

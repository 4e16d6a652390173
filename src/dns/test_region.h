// A small region as plans, for tests: two VPCs whose ports ask from addresses of the loopback.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dns/rdata.h"
#include "planner/plan.h"

namespace ginnel::dns::test {

inline IpAddress ip(const std::string& text) { return IpAddress::parse(text).value(); }

inline Name name(const std::string& text) {
  auto parsed = Name::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Name());
}

inline plan::Port port(const std::string& synthetic) {
  plan::Port out;
  out.synthetic = ip(synthetic);
  return out;
}

inline plan::HostPlan host() {
  plan::HostPlan out;
  out.region = "ap-northeast-1";
  out.dns_suffix = "amazonaws.com";
  out.public_names = {{"ec2.ap-northeast-1.amazonaws.com", {ip("203.0.113.10")}},
                      {"*.kinesis.ap-northeast-1.amazonaws.com", {ip("203.0.113.10")}},
                      {"kinesis.ap-northeast-1.amazonaws.com", {ip("203.0.113.10")}}};
  return out;
}

inline constexpr const char* kRegional = "vpce-0a-1234.ec2.ap-northeast-1.vpce.amazonaws.com";
inline constexpr const char* kZonalA = "vpce-0a-1234-ap-northeast-1a.ec2.ap-northeast-1.vpce.amazonaws.com";

// With an endpoint for EC2 in two zones with private names, and one more service with a wildcard.
inline plan::VpcPlan vpc_one() {
  plan::VpcPlan out;
  out.number = 1;
  out.ports = {port("127.0.0.11"), port("127.0.0.12")};
  out.private_names = {{"*.execute-api.ap-northeast-1.amazonaws.com", {ip("10.0.1.9")}},
                       {"ec2.ap-northeast-1.amazonaws.com", {ip("10.0.0.5"), ip("10.0.1.5")}},
                       {"six.example", {ip("10.0.0.6"), ip("fd00::6")}, 30}};
  out.public_names = {{kZonalA, {ip("10.0.0.5")}},
                      {kRegional, {ip("10.0.0.5"), ip("10.0.1.5")}},
                      {"vpce-0b-9999.s3.ap-northeast-1.vpce.amazonaws.com", {}},
                      {"*.vpce-0b-9999.s3.ap-northeast-1.vpce.amazonaws.com", {ip("10.0.0.7")}}};
  return out;
}

inline plan::VpcPlan vpc_two() {
  plan::VpcPlan out;
  out.number = 2;
  out.ports = {port("127.0.0.21")};
  return out;
}

// DNS support is off.
inline plan::VpcPlan vpc_silent() {
  plan::VpcPlan out;
  out.number = 3;
  out.ports = {port("127.0.0.31")};
  out.dns_support = false;
  out.private_names = {{"ec2.ap-northeast-1.amazonaws.com", {ip("10.0.0.5")}}};
  return out;
}

inline Message query(const std::string& text, uint16_t type = type::kA) {
  Message out;
  out.header.id = 4242;
  out.header.recursion_desired = true;
  out.questions = {{name(text), type, kClassIn}};
  return out;
}

// The addresses in the answers, sorted; their order is not told.
inline std::vector<std::string> addresses_in(const Message& message) {
  std::vector<std::string> out;
  for (const auto& record : message.answers) {
    if (const auto address = address_of(record)) out.push_back(address->to_string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace ginnel::dns::test

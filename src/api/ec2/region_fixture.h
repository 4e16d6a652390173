// For the unit tests of actions: a small region with two accounts, on which actions run and are committed.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/call.h"
#include "model/lifecycle.h"

namespace ginnel::api {

inline constexpr const char* kAccount = "111122223333";
inline constexpr const char* kOtherAccount = "444455556666";
// Of kAccount, except the last three.
inline constexpr const char* kVpc = "vpc-00000000000000001";
inline constexpr const char* kSubnetA = "subnet-0000000000000000a";     // 10.0.1.0/24
inline constexpr const char* kSubnetA2 = "subnet-000000000000000a2";    // 10.0.3.0/24, the same zone
inline constexpr const char* kSubnetC = "subnet-0000000000000000c";     // 10.0.2.0/24
inline constexpr const char* kTinySubnet = "subnet-0000000000000000e";  // 10.0.4.0/28, in zone d
inline constexpr const char* kDefaultGroupId = "sg-00000000000000001";
inline constexpr const char* kWebGroup = "sg-00000000000000002";
inline constexpr const char* kSecondVpc = "vpc-00000000000000002";  // without DNS hostnames
inline constexpr const char* kSecondSubnet = "subnet-00000000000000002";
inline constexpr const char* kSecondGroup = "sg-00000000000000003";
inline constexpr const char* kOtherVpc = "vpc-00000000000000009";
inline constexpr const char* kOtherSubnet = "subnet-00000000000000009";
inline constexpr const char* kOtherGroup = "sg-00000000000000009";

class RegionFixture : public ::testing::Test {
 protected:
  RegionFixture() {
    region.name = "ap-northeast-1";
    region.zones = {
        {"ap-northeast-1a", "apne1-az4"}, {"ap-northeast-1c", "apne1-az1"}, {"ap-northeast-1d", "apne1-az2"}};
    add_service("ec2", {"ec2.ap-northeast-1.amazonaws.com"});
    add_service("kinesis", {"kinesis.ap-northeast-1.amazonaws.com"});
    add_service("plain", {});
    region.services.back().zones.push_back("ap-northeast-1d");

    model::Change change;
    put_vpc(change, kAccount, kVpc, 1, kDefaultGroupId, true);
    put_vpc(change, kAccount, kSecondVpc, 2, kSecondGroup, false);
    put_vpc(change, kOtherAccount, kOtherVpc, 3, kOtherGroup, true);
    put_subnet(change, kAccount, kVpc, kSubnetA, "10.0.1.0/24", "ap-northeast-1a");
    put_subnet(change, kAccount, kVpc, kSubnetA2, "10.0.3.0/24", "ap-northeast-1a");
    put_subnet(change, kAccount, kVpc, kSubnetC, "10.0.2.0/24", "ap-northeast-1c");
    put_subnet(change, kAccount, kVpc, kTinySubnet, "10.0.4.0/28", "ap-northeast-1d");
    put_subnet(change, kAccount, kSecondVpc, kSecondSubnet, "10.0.1.0/24", "ap-northeast-1a");
    put_subnet(change, kOtherAccount, kOtherVpc, kOtherSubnet, "10.0.1.0/24", "ap-northeast-1a");
    change.put(model::SecurityGroup{.id = kWebGroup, .account = kAccount, .vpc = kVpc, .name = "web", .number = 9});
    commit(change);
  }

  [[nodiscard]] Call call(const char* account = kAccount) {
    return {snapshot, region, account, "AKIAEXAMPLE", now, random};
  }

  void commit(const model::Change& change) {
    snapshot = snapshot.with(change);
    ++snapshot.revision;
  }

  // Runs a changing action and commits its change; the test fails where the action does.
  template <typename Response, typename Request>
  Response run(ActionResult<Response> (*action)(const Call&, const Request&), const Request& request,
               const char* account = kAccount) {
    auto done = action(call(account), request);
    EXPECT_TRUE(done.has_value()) << done.error().code << ": " << done.error().message;
    if (!done) return {};
    commit(done->change);
    return done->response;
  }
  template <typename Response, typename Request>
  Response run(aws::ApiResult<Response> (*action)(const Call&, const Request&), const Request& request,
               const char* account = kAccount) {
    auto response = action(call(account), request);
    EXPECT_TRUE(response.has_value()) << response.error().code << ": " << response.error().message;
    return response ? *response : Response{};
  }
  // "CODE: TEXT" of an action that must fail.
  template <typename Result, typename Request>
  std::string error_of(Result (*action)(const Call&, const Request&), const Request& request,
                       const char* account = kAccount) {
    const auto result = action(call(account), request);
    return result ? "no error" : result.error().code + ": " + result.error().message;
  }

  // Gives the VPC of kSubnetA 2001:db8::/56, and the subnets its first /64s.
  void put_ipv6(const std::vector<const char*>& subnets = {kSubnetA, kSubnetC}) {
    model::Change change;
    model::Vpc vpc = *snapshot.find<model::Vpc>(kVpc);
    vpc.ipv6_blocks = {{"vpc-cidr-assoc-00000001", "2001:db8::/56"}};
    change.put(std::move(vpc));
    for (size_t i = 0; i < subnets.size(); ++i) {
      model::Subnet subnet = *snapshot.find<model::Subnet>(subnets[i]);
      subnet.ipv6_association = "subnet-cidr-assoc-0000000" + std::to_string(i);
      subnet.ipv6_cidr = "2001:db8:0:" + std::to_string(i) + "::/64";
      change.put(std::move(subnet));
    }
    commit(change);
  }

  // As if the plan of the VPC had been applied.
  void apply(const char* vpc = kVpc) { commit(model::mark_applied(snapshot, snapshot, vpc, now)); }

  model::Region region;
  model::Snapshot snapshot;
  WallTime now{std::chrono::milliseconds(1'800'000'000'000)};
  SeededRandom random{1};

 private:
  void add_service(const std::string& code, std::vector<std::string> private_names) {
    model::Service service;
    service.code = code;
    service.name = "com.amazonaws.ap-northeast-1." + code;
    service.id = model::service_id(service.name);
    service.private_dns_names = std::move(private_names);
    service.zones = {"ap-northeast-1a", "ap-northeast-1c"};
    region.services.push_back(std::move(service));
  }
  static void put_vpc(model::Change& change, const char* account, const char* id, uint32_t number, const char* group,
                      bool dns_hostnames) {
    model::Vpc vpc{.id = id, .account = account, .number = number, .cidr = "10.0.0.0/16"};
    vpc.dns_hostnames = dns_hostnames;
    change.put(vpc);
    change.put(
        model::SecurityGroup{.id = group, .account = account, .vpc = id, .name = "default", .number = number + 20});
  }
  static void put_subnet(model::Change& change, const char* account, const char* vpc, const char* id, const char* cidr,
                         const char* zone) {
    change.put(model::Subnet{.id = id, .account = account, .vpc = vpc, .cidr = cidr, .zone = zone});
  }
};

}  // namespace ginnel::api

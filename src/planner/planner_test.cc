#include "planner/planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/rules.h"
#include "planner/synthetic_pool.h"

namespace ginnel::plan {
namespace {

using ::testing::HasSubstr;

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

HostPlan host_with(const char* range) { return plan_host(model::Region{}, "0a1b2c3d", Cidr::parse(range).value()); }

TEST(PlanVpc, NamesAVpcThatIsNotThere) {
  const auto plan = plan_vpc({}, {}, "vpc-9", {}, host_with("100.64.0.0/10"));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().text(), "plan vpc-9: there is no such VPC");
}

TEST(PlanVpc, NamesAGroupThatIsNotThere) {
  model::Change change;
  change.put(model::Vpc{.id = "vpc-1", .number = 1, .cidr = "10.0.0.0/16"});
  change.put(model::NetworkInterface{.id = "eni-1", .vpc = "vpc-1", .address = "10.0.0.4", .groups = {"sg-9"}});
  const auto plan = plan_vpc(model::Snapshot().with(change), {}, "vpc-1", {}, host_with("100.64.0.0/10"));
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().text(), HasSubstr("plan eni-1: its security group sg-9"));
}

TEST(PlanVpc, CarriesTheRevisionButIsNotComparedByIt) {
  model::Change change;
  change.put(model::Vpc{.id = "vpc-1", .number = 1, .cidr = "10.0.0.0/16"});
  auto snapshot = model::Snapshot().with(change);
  snapshot.revision = 7;
  const auto first = plan_vpc(snapshot, {}, "vpc-1", {}, host_with("100.64.0.0/10"));
  snapshot.revision = 8;
  const auto second = plan_vpc(snapshot, {}, "vpc-1", {}, host_with("100.64.0.0/10"));
  EXPECT_EQ(first->revision, 7U);
  EXPECT_TRUE(first->same_as(*second));
}

TEST(PlanHost, PointsEveryPrivateNameAtThePublicAddress) {
  model::Region region;
  region.public_address = ip("203.0.113.10");
  region.services.push_back({.code = "a", .private_dns_names = {"b.x", "a.x"}});
  region.services.push_back({.code = "b", .private_dns_names = {"a.x"}});
  const auto host = plan_host(region, "0a1b2c3d", Cidr::parse("100.64.0.0/10").value());
  EXPECT_EQ(host.system_address, ip("100.64.0.1"));
  ASSERT_EQ(host.public_names.size(), 2U);
  EXPECT_EQ(host.public_names[0], (Name{"a.x", {ip("203.0.113.10")}}));
}

TEST(SyntheticPool, NeverGivesOneAddressTwice) {
  const auto host = host_with("10.9.0.0/27");
  HostFacts facts;
  facts.synthetic["eni-x"] = ip("10.9.0.17");
  SyntheticPool pool(host, facts);
  EXPECT_EQ(*pool.assign("eni-a"), ip("10.9.0.16"));
  EXPECT_EQ(*pool.assign("eni-b"), ip("10.9.0.18"));
  EXPECT_EQ(*pool.assign("eni-x"), ip("10.9.0.17"));
}

TEST(SyntheticPool, SaysWhenTheRangeIsUsedUp) {
  const auto host = host_with("10.9.0.0/27");
  const HostFacts none;
  SyntheticPool pool(host, none);
  std::set<IpAddress> given;
  for (int i = 0; i < 15; ++i) {
    const auto address = pool.assign("eni-" + std::to_string(i));
    ASSERT_TRUE(address) << address.error().text();
    EXPECT_TRUE(given.insert(*address).second);
  }
  EXPECT_EQ(*given.rbegin(), ip("10.9.0.30"));  // not the last, 10.9.0.31
  const auto last = pool.assign("eni-one-more");
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().text(), "give a synthetic address to eni-one-more: all of 10.9.0.0/27 are in use");
}

TEST(Rules, UnknownProtocolsAreErrorsThatNameTheRule) {
  model::Change change;
  change.put(model::SecurityGroup{.id = "sg-1", .vpc = "vpc-1", .number = 1});
  change.put(model::SecurityGroupRule{.id = "sgr-1", .group = "sg-1", .protocol = "tcpp", .cidr_ipv4 = "0.0.0.0/0"});
  const auto snapshot = model::Snapshot().with(change);
  const auto policy = compile_policy(snapshot, {snapshot.find<model::SecurityGroup>("sg-1")});
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().text(), "plan sgr-1: read protocol tcpp: it is no IP protocol");
}

TEST(Rules, ProtocolsByNumber) {
  EXPECT_EQ(*protocol_number("6"), kTcp);
  EXPECT_EQ(*protocol_number("0"), 0);
  EXPECT_EQ(*protocol_number("-1"), kAnyProtocol);
  EXPECT_FALSE(protocol_number("255"));  // would be read as any
  EXPECT_FALSE(protocol_number("6x"));
  EXPECT_FALSE(protocol_number(""));
}

TEST(Rules, AReferenceToTheGroupDoesNotMakeARuleOfIt) {
  model::Change change;
  change.put(model::SecurityGroup{.id = "sg-1", .vpc = "vpc-1", .number = 1});
  change.put(model::SecurityGroup{.id = "sg-2", .vpc = "vpc-1", .number = 2});
  change.put(model::SecurityGroupRule{.id = "sgr-1", .group = "sg-2", .referenced_group = "sg-1"});
  const auto snapshot = model::Snapshot().with(change);
  EXPECT_TRUE(compile_policy(snapshot, {snapshot.find<model::SecurityGroup>("sg-1")})->ingress.empty());
  EXPECT_EQ(compile_policy(snapshot, {snapshot.find<model::SecurityGroup>("sg-2")})->ingress.size(), 1U);
}

}  // namespace
}  // namespace ginnel::plan

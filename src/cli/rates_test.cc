#include "cli/rates.h"

#include <gtest/gtest.h>

namespace ginnel::cli {
namespace {

using dataplane::Counts;
using dataplane::LinkCounts;
using dataplane::PortCounts;

const IpAddress kOne = IpAddress::parse("10.0.1.9").value(), kOther = IpAddress::parse("10.0.2.9").value();

TEST(Rates, TheBusiestFirst) {
  Counts before, after;
  PortCounts& port = before.ports["eni-1"];
  port.sent_bytes = 1000;
  port.sent_packets = 10;
  port.opened = 1;
  port.drops = {{"no_route", 5}, {"ingress_denied", 1}};
  after.ports["eni-1"] = port;
  PortCounts& now = after.ports["eni-1"];
  now.sent_bytes = 3000;
  now.received_bytes = 500;
  now.sent_packets = 20;
  now.received_packets = 6;
  now.opened = 3;
  now.accepted = 2;
  now.active = 4;
  now.drops = {{"no_route", 6}, {"ingress_denied", 4}};
  after.ports["eni-2"].sent_bytes = 9000;
  after.ports["eni-0"];

  const auto rates = rates_between(before, after, 2).interfaces;
  ASSERT_EQ(rates.size(), 3U);
  EXPECT_EQ(rates[0].name, "eni-2");
  EXPECT_EQ(rates[2].name, "eni-0");
  EXPECT_EQ(rates[1].name, "eni-1");
  EXPECT_DOUBLE_EQ(rates[1].sent_bytes, 1000);
  EXPECT_DOUBLE_EQ(rates[1].received_bytes, 250);
  EXPECT_DOUBLE_EQ(rates[1].packets, 8);
  EXPECT_DOUBLE_EQ(rates[1].new_flows, 2);
  EXPECT_DOUBLE_EQ(rates[1].dropped, 2);
  EXPECT_EQ(rates[1].reason, "ingress_denied");
  EXPECT_EQ(rates[1].active, 4U);
  EXPECT_EQ(rates[2].reason, "");
}

TEST(Rates, ALinkIsAllOfItsAddressesAndBalancers) {
  Counts before, after;
  LinkCounts counts;
  counts.forward_bytes = 100;
  counts.reverse_bytes = 300;
  counts.opened = 2;
  counts.active = 1;
  counts.drops = {{"no_target", 2}};
  after.links[{1, 30, 500, kOne}] = after.links[{1, 30, 501, kOne}] = after.links[{1, 30, 500, kOther}] = counts;
  after.links[{1, 31, 0, kOne}];
  const auto rates = rates_between(before, after, 1).links;
  ASSERT_EQ(rates.size(), 2U);
  EXPECT_EQ(rates[0].link, 30U);
  EXPECT_DOUBLE_EQ(rates[0].sent_bytes, 300);
  EXPECT_DOUBLE_EQ(rates[0].received_bytes, 900);
  EXPECT_DOUBLE_EQ(rates[0].new_flows, 6);
  EXPECT_DOUBLE_EQ(rates[0].dropped, 6);
  EXPECT_EQ(rates[0].active, 3U);
  EXPECT_EQ(rates[1].link, 31U);
}

TEST(Rates, CountersThatBeganAnew) {
  Counts before, after;
  before.ports["eni-1"].sent_bytes = 5000;
  after.ports["eni-1"].sent_bytes = 100;
  EXPECT_DOUBLE_EQ(rates_between(before, after, 1).interfaces[0].sent_bytes, 100);
}

TEST(Rates, ShortNumbers) {
  for (const auto& [value, text] : std::vector<std::pair<double, std::string>>{{0, "0"},
                                                                               {7, "7"},
                                                                               {0.5, "0.50"},
                                                                               {12.34, "12.3"},
                                                                               {999, "999"},
                                                                               {999.7, "1.00k"},
                                                                               {4560, "4.56k"},
                                                                               {78900, "78.9k"},
                                                                               {789000000, "789M"},
                                                                               {3e18, "3000P"}}) {
    EXPECT_EQ(short_number(value), text) << value;
  }
}

}  // namespace
}  // namespace ginnel::cli

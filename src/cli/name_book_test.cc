#include "cli/name_book.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "cli/flow_text.h"
#include "cli/table.h"

namespace ginnel::cli {
namespace {

const IpAddress kInstance = IpAddress::parse("10.0.1.5").value();

boost::json::value answer() {
  return boost::json::parse(R"({"vpcs": [{"number": 7, "name": "vpc-1"}],
      "links": [{"number": 30, "name": "vpce-1"}, {"number": 2147483655, "name": "resolver"}],
      "interfaces": [{"name": "eni-1", "vpc": 7, "addresses": ["10.0.1.5"]}]})");
}

TEST(NameBook, NamesByTheDaemon) {
  NameBook names;
  EXPECT_EQ(names.vpc(7), "7") << "not known yet";
  ASSERT_TRUE(names.learn(answer()));
  EXPECT_EQ(names.vpc(7), "vpc-1");
  EXPECT_EQ(names.vpc(0), "system");
  EXPECT_EQ(names.link(30), "vpce-1");
  EXPECT_EQ(names.link(2147483655), "resolver");
  EXPECT_EQ(names.link(31), "31");
  EXPECT_EQ(names.link(0), "");
  EXPECT_EQ(names.interface(7, kInstance), "eni-1");
  EXPECT_EQ(names.interface(8, kInstance), "");
  const auto lookup = names.lookup();
  EXPECT_EQ(lookup.vpc("vpc-1").value(), 7U);
  EXPECT_EQ(lookup.vpc("12").value(), 12U);
  EXPECT_EQ(lookup.endpoint("vpce-1").value(), 30U);
  EXPECT_EQ(lookup.interface("eni-1").value().addresses, std::vector{kInstance});
  EXPECT_EQ(lookup.vpc("vpc-2").error().text(), "there is no such VPC");
  EXPECT_EQ(lookup.interface("eni-2").error().text(), "there is no such interface");
}

TEST(NameBook, WithoutADaemonTheMapsTellSome) {
  NameBook names;
  names.learn(dataplane::KernelNames{{{"eni-1", {7, {kInstance}}}}, {{30, "vpce-1"}}});
  EXPECT_EQ(names.interface(7, kInstance), "eni-1");
  EXPECT_EQ(names.link(30), "vpce-1");
  EXPECT_EQ(names.vpc(7), "7");
  EXPECT_EQ(names.lookup().endpoint("vpce-2").error().text(),
            "no daemon answers, and the packet program knows no such endpoint");
}

TEST(NameBook, AsksForMoreOnceATime) {
  NameBook names;
  int asked = 0;
  names.on_missing([&](NameBook& book) {
    ++asked;
    EXPECT_TRUE(book.learn(answer()));
  });
  EXPECT_EQ(names.vpc(7), "vpc-1");
  EXPECT_EQ(names.vpc(8), "8");
  EXPECT_EQ(asked, 1);
  names.allow_more();
  EXPECT_EQ(names.vpc(8), "8");
  EXPECT_EQ(asked, 2);
}

TEST(NameBook, RefusesAnAnswerThatLacksSomething) {
  for (const char* text : {R"({})", R"({"vpcs": [{"number": -1, "name": "x"}], "links": [], "interfaces": []})",
                           R"({"vpcs": [], "links": [{"number": 1}], "interfaces": []})"}) {
    NameBook names;
    EXPECT_FALSE(names.learn(boost::json::parse(text))) << text;
    EXPECT_FALSE(names.has_daemon());
  }
}

dataplane::Flow flow() {
  dataplane::Flow out;
  out.protocol = 6;
  out.state = dataplane::FlowState::established;
  out.vpc = 7;
  out.source = {kInstance, 4000};
  out.destination = {IpAddress::parse("10.0.1.200").value(), 443};
  out.link = 30;
  out.idle_s = 3;
  out.idle_limit_s = 350;
  out.packets_sent = 5;
  out.bytes_sent = 500;
  out.packets_received = 7;
  out.bytes_received = 7000;
  return out;
}

TEST(FlowText, RowAndObject) {
  NameBook names;
  ASSERT_TRUE(names.learn(answer()));
  dataplane::Flow one = flow();
  EXPECT_EQ(flow_row(one, names), (Table::Row{"tcp", "established", "vpc-1", "eni-1", "10.0.1.5:4000", "10.0.1.200:443",
                                              "-", "vpce-1", "-", "3s", "5/500", "7/7000"}));
  EXPECT_EQ(flow_header().size(), flow_row(one, names).size());
  EXPECT_TRUE(flow_object(one, names)["translated"].is_null());
  one.translated = dataplane::Flow::Translated{
      0, {IpAddress::parse("100.64.0.9").value(), 4000}, {IpAddress::parse("100.64.0.1").value(), 443}};
  EXPECT_EQ(flow_row(one, names)[6], "100.64.0.9:4000 → 100.64.0.1:443");
  EXPECT_EQ(flow_object(one, names), boost::json::parse(R"({"protocol": "tcp", "state": "established", "cut": false,
      "vpc": "vpc-1", "interface": "eni-1", "source": "10.0.1.5", "source_port": 4000, "destination": "10.0.1.200",
      "destination_port": 443, "translated": {"vpc": "system", "interface": null, "source": "100.64.0.9",
      "source_port": 4000, "destination": "100.64.0.1", "destination_port": 443}, "link": "vpce-1", "link_number": 30,
      "age_s": null, "idle_s": 3, "idle_limit_s": 350, "packets_sent": 5, "bytes_sent": 500, "packets_received": 7,
      "bytes_received": 7000})"));
  one.cut = true;
  EXPECT_EQ(flow_row(one, names)[1], "cut");
  one.age_s = 75;
  EXPECT_EQ(flow_row(one, names)[8], "75s");
  EXPECT_EQ(flow_object(one, names)["age_s"], 75);
}

TEST(Table, AlignsWhatItSawFirstAndStreamsTheRest) {
  testing::internal::CaptureStdout();
  Table table({"A", "B", "C"});
  table.add({"1", "a → b", "x"});
  table.flush();
  table.add({"longer", "b", "y"});
  table.flush();
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "A  B      C\n1  a → b  x\nlonger  b      y\n");
}

}  // namespace
}  // namespace ginnel::cli

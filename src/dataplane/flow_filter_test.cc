#include "dataplane/flow_filter.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "dataplane/abi_values.h"

namespace ginnel::dataplane {
namespace {

FlowNames names() {
  return {[](const std::string& id) -> Result<plan::VpcNumber> {
            if (id == "vpc-1") return 1U;
            return fail("find", id, "there is no such VPC");
          },
          [](const std::string&) -> Result<plan::LinkNumber> { return 30U; },
          [](const std::string&) -> Result<FlowInterface> {
            return FlowInterface{1, {IpAddress::from_v4(0x0a00010a)}};
          }};
}

// A second, more than a half of the number.
constexpr uint32_t kNow = 100000, kOpened = kNow - 60;

// From 10.0.1.10:4000 of VPC 1 to the endpoint 10.0.1.200:443; in VPC 3 from 10.0.3.50:4000 to 10.0.3.20:8080.
struct Entries {
  ginnel_flow_key key{}, partner{};
  ginnel_flow forward{}, reverse{};
};

Entries through_an_endpoint() {
  Entries out;
  const auto v4 = [](uint32_t address) { return to_abi(IpAddress::from_v4(address)); };
  out.key.scope = 1;
  out.key.source = out.reverse.destination = v4(0x0a00010a);
  out.key.destination = out.reverse.source = v4(0x0a0001c8);
  out.key.source_port = out.reverse.destination_port = htons(4000);
  out.key.destination_port = out.reverse.source_port = htons(443);
  out.key.protocol = GINNEL_TCP;
  out.forward.source = v4(0x0a000332);
  out.forward.destination = v4(0x0a000314);
  out.forward.source_port = htons(4000);
  out.forward.destination_port = htons(8080);
  out.forward.out_scope = 3;
  out.forward.link = out.reverse.link = 30;
  out.forward.state = out.reverse.state = GINNEL_FLOW_ANSWERED | GINNEL_FLOW_ESTABLISHED;
  ginnel_flow_set_opened(&out.forward, kOpened);
  ginnel_flow_set_opened(&out.reverse, kOpened);
  out.partner = ginnel_flow_partner(&out.key, &out.forward);
  out.reverse.out_scope = 1;
  out.reverse.flags = GINNEL_FLOW_REVERSE;
  return out;
}

TEST(FlowFilter, SaysTheSameOfBothEntries) {
  const Entries flow = through_an_endpoint();
  for (const auto& [conditions, wanted] :
       std::vector<std::pair<FlowConditions, bool>>{{{}, true},
                                                    {{{"vpc", "vpc-1"}}, true},
                                                    {{{"endpoint", "vpce-1"}}, true},
                                                    {{{"link", "31"}}, false},
                                                    {{{"interface", "eni-1"}}, true},
                                                    {{{"protocol", "tcp"}}, true},
                                                    {{{"protocol", "17"}}, false},
                                                    {{{"address", "10.0.3.0/24"}}, true},
                                                    {{{"address", "10.0.1.200"}}, true},
                                                    {{{"address", "10.0.1.201"}}, false},
                                                    {{{"address", "2001:db8::/32"}}, false},
                                                    {{{"port", "8080"}}, true},
                                                    {{{"port", "8081"}}, false},
                                                    {{{"state", "established"}}, true},
                                                    {{{"state", "opening"}}, false},
                                                    {{{"state", "open"}}, true},
                                                    {{{"older", "59"}}, true},
                                                    {{{"older", "60"}}, false},
                                                    {{{"younger", "61"}}, true},
                                                    {{{"younger", "60"}}, false},
                                                    {{{"older", "10"}, {"younger", "100"}}, true},
                                                    {{{"port", "443"}, {"address", "10.0.1.10"}, {"link", "30"}}, true},
                                                    {{{"port", "443"}, {"address", "10.9.1.10"}}, false}}) {
    const auto filter = parse_flow_filter(conditions, names());
    ASSERT_TRUE(filter) << filter.error().text();
    EXPECT_EQ(filter->empty(), conditions.empty());
    const std::string what = conditions.empty() ? "" : conditions.front().first + "=" + conditions.front().second;
    EXPECT_EQ(filter->matches(flow.key, flow.forward, kNow), wanted) << what;
    EXPECT_EQ(filter->matches(flow.partner, flow.reverse, kNow), wanted) << what << ", reverse";
  }
}

TEST(FlowFilter, NamesWhatIsWrong) {
  for (const auto& [conditions, text] : std::vector<std::pair<FlowConditions, std::string>>{
           {{{"colour", "red"}}, "read the condition colour=red: there is no such condition"},
           {{{"port", "65536"}}, "read the condition port=65536: is not such a number"},
           {{{"port", "1"}, {"port", "2"}}, "read the condition port=2: is given twice"},
           {{{"vpc", "vpc-9"}}, "read the condition vpc=vpc-9: there is no such VPC"},
           {{{"address", "10.0.0"}}, "read the condition address=10.0.0: is neither an address nor a CIDR"},
           {{{"protocol", "sctp"}},
            "read the condition protocol=sctp: is neither tcp, udp, icmp, icmpv6 nor a number up to 255"}}) {
    const auto filter = parse_flow_filter(conditions, names());
    ASSERT_FALSE(filter) << text;
    EXPECT_EQ(filter.error().text(), text);
  }
}

TEST(FlowFilter, AnInterfaceIsAnEndOrInBetween) {
  const Entries flow = through_an_endpoint();
  FlowFilter filter;
  for (const auto& [vpc, address, wanted] :
       std::vector<std::tuple<plan::VpcNumber, uint32_t, bool>>{{1, 0x0a00010a, true},
                                                                {1, 0x0a0001c8, true},  // the endpoint's
                                                                {3, 0x0a000332, true},  // the load balancer's
                                                                {3, 0x0a000314, true},
                                                                {3, 0x0a00010a, false},
                                                                {1, 0x0a000314, false}}) {
    filter.interface = FlowInterface{vpc, {IpAddress::from_v4(address)}};
    EXPECT_EQ(filter.matches(flow.key, flow.forward, kNow), wanted) << vpc << " " << address;
    EXPECT_EQ(filter.matches(flow.partner, flow.reverse, kNow), wanted) << vpc << " " << address << ", reverse";
  }
}

TEST(FlowFilter, OpenIsWhatHasNotEnded) {
  Entries flow = through_an_endpoint();
  const auto open = parse_flow_filter({{"state", "open"}}, names()).value();
  for (const auto& [bits, wanted] :
       std::vector<std::pair<uint32_t, bool>>{{0, true},
                                              {GINNEL_FLOW_ANSWERED | GINNEL_FLOW_FIN_FORWARD, true},
                                              {GINNEL_FLOW_FIN_FORWARD | GINNEL_FLOW_FIN_REVERSE, false},
                                              {GINNEL_FLOW_RST, false}}) {
    flow.forward.state = bits;
    EXPECT_EQ(open.matches(flow.key, flow.forward, kNow), wanted) << bits;
  }
}

TEST(FlowFilter, ConditionsStandInOneTextOrInSeveral) {
  const FlowConditions wanted = {{"port", "443"}, {"protocol", "tcp"}, {"address", "10.0.0.0/16"}};
  EXPECT_EQ(split_flow_conditions({"port=443 protocol=tcp", " address=10.0.0.0/16"}).value(), wanted);
  EXPECT_TRUE(split_flow_conditions({""}).value().empty());
  for (const std::string word : {"port", "=443", "port="}) {
    const auto conditions = split_flow_conditions({"protocol=tcp " + word});
    ASSERT_FALSE(conditions) << word;
    EXPECT_EQ(conditions.error().text(), "read the condition " + word + ": it is not NAME=VALUE");
  }
}

TEST(FlowFilter, TheStateOfAFlow) {
  ginnel_flow flow{};
  const auto state = [&](uint8_t protocol, uint32_t bits) {
    flow.state = bits;
    return std::string(name_of(state_of(protocol, flow)));
  };
  constexpr uint32_t kOpen = GINNEL_FLOW_ANSWERED | GINNEL_FLOW_ESTABLISHED;
  EXPECT_EQ(state(GINNEL_TCP, 0), "opening");
  EXPECT_EQ(state(GINNEL_TCP, GINNEL_FLOW_ANSWERED), "opening");
  EXPECT_EQ(state(GINNEL_TCP, kOpen), "established");
  EXPECT_EQ(state(GINNEL_TCP, kOpen | GINNEL_FLOW_FIN_REVERSE), "closing");
  EXPECT_EQ(state(GINNEL_TCP, kOpen | GINNEL_FLOW_FIN_REVERSE | GINNEL_FLOW_FIN_FORWARD), "closed");
  EXPECT_EQ(state(GINNEL_TCP, GINNEL_FLOW_RST), "reset");
  EXPECT_EQ(state(GINNEL_UDP, 0), "opening");
  EXPECT_EQ(state(GINNEL_UDP, GINNEL_FLOW_ANSWERED), "established");
}

}  // namespace
}  // namespace ginnel::dataplane

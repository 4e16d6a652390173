// Load balancers on the real kernel: consumer, endpoint, balancer and target, each in its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/net/small_region.h"

namespace ginnel::dataplane {
namespace {

// Consumer a in VPC 1 with an endpoint at 10.0.1.9; provider VPC 2 with the same addresses: client a2, target b2.
class Balancers : public RegionTest {
 protected:
  plan::VpcPlan consumer() const {
    auto vpc = two_friends(tag_);
    add_policy(vpc, {109}, {allow_tcp(443, 107)}, {});
    add_endpoint_of(vpc, 9, 77, 109, 2500);
    return vpc;
  }
  plan::VpcPlan provider() const {
    auto vpc = two_instances(tag_, 2);
    add_policy(vpc, {207}, {allow_tcp(8080, 250)}, {allow_all()});
    add_balancer(vpc);
    add_target(vpc, 21, 6, 8080);
    return vpc;
  }
  void apply_both() {
    ASSERT_GOOD(dataplane_->apply(consumer()));
    ASSERT_GOOD(dataplane_->apply(provider()));
  }
};

TEST_P(Balancers, AnEndpointLeadsToATargetThatSeesTheNode) {
  apply_both();
  const auto listener = listen_tcp(instance("b2"), ip("10.0.1.6"), 8080);
  ASSERT_GOOD(listener);
  const auto client = connect_tcp(instance("a"), ip("10.0.1.9"), 443);
  ASSERT_GOOD(client);
  IpAddress peer;
  uint16_t port = 0;
  const auto server = accept_tcp(listener->get(), &peer, &port);
  ASSERT_GOOD(server);
  EXPECT_EQ(peer.to_string(), "10.0.1.50");
  EXPECT_GE(port, 10536);
  EXPECT_EQ(exchange(client->get(), server->get(), "question"), "");
  EXPECT_EQ(exchange(server->get(), client->get(), std::string(200000, 'x')), "");
}

INSTANTIATE_TEST_SUITE_P(By, Balancers, testing::Values(AttachMode::tcx, AttachMode::clsact),
                         [](const auto& each) { return each.param == AttachMode::tcx ? "tcx" : "clsact"; });

}  // namespace
}  // namespace ginnel::dataplane

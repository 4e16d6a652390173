#include "daemon/catalogue.h"

#include <gtest/gtest.h>

namespace ginnel::daemon {
namespace {

config::Config with_services(const std::string& services) {
  const auto config = config::parse(services, "test.toml");
  EXPECT_TRUE(config) << config.error().text();
  return *config;
}

constexpr const char* kKinesis = "[[service]]\nname = \"kinesis\"\nupstream = \"127.0.0.1:4567\"\n";
constexpr const char* kSsm = "[[service]]\nname = \"ssm\"\nupstream = \"upstream.example:443\"\n";

TEST(Catalogue, TheBuiltInServicesAreAlwaysThere) {
  const auto catalogue = make_catalogue(with_services(""));
  const auto* ec2 = catalogue.region.service("com.amazonaws.ap-northeast-1.ec2");
  ASSERT_NE(ec2, nullptr);
  EXPECT_EQ(ec2->private_dns_names, std::vector<std::string>{"ec2.ap-northeast-1.amazonaws.com"});
  EXPECT_EQ(ec2->system_port, kApiPort);
  EXPECT_EQ(ec2->zones.size(), catalogue.region.zones.size());
  EXPECT_NE(catalogue.region.service("com.amazonaws.ap-northeast-1.elasticloadbalancing"), nullptr);
  EXPECT_TRUE(catalogue.relayed.empty());
}

TEST(Catalogue, ARelayedServiceKeepsItsPortWhenOthersCome) {
  const auto alone = make_catalogue(with_services(kKinesis));
  const auto both = make_catalogue(with_services(std::string(kSsm) + kKinesis));
  ASSERT_EQ(alone.relayed.size(), 1U);
  ASSERT_EQ(both.relayed.size(), 2U);
  EXPECT_EQ(alone.relayed[0], both.relayed[0]);
  EXPECT_EQ(both.relayed[1].upstream_host, "upstream.example");
  EXPECT_EQ(both.region.service("com.amazonaws.ap-northeast-1.ssm")->system_port, both.relayed[1].listen_port);
}

TEST(Catalogue, ACertificateCoversPrivateAndEndpointNames) {
  const auto catalogue = make_catalogue(with_services(kKinesis));
  const auto* kinesis = catalogue.region.service("com.amazonaws.ap-northeast-1.kinesis");
  EXPECT_EQ(certificate_names(catalogue.region, *kinesis),
            (std::vector<std::string>{"kinesis.ap-northeast-1.amazonaws.com",
                                      "*.kinesis.ap-northeast-1.vpce.amazonaws.com"}));
}

}  // namespace
}  // namespace ginnel::daemon

#include "config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace ginnel::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Config parsed(std::string_view text, const Overrides& overrides = {}) {
  auto config = parse(text, "t.toml", overrides);
  EXPECT_TRUE(config) << (config ? "" : config.error().text());
  return config ? *config : Config{};
}

std::string error_of(std::string_view text, const Overrides& overrides = {}) {
  auto config = parse(text, "t.toml", overrides);
  EXPECT_FALSE(config) << text;
  return config ? "" : config.error().text();
}

TEST(Config, HasDefaultsForEverything) {
  const Config config = parsed("");
  EXPECT_EQ(config.region, "ap-northeast-1");
  EXPECT_THAT(config.zones, ElementsAre(Zone{"ap-northeast-1a", "apne1-az1"}, Zone{"ap-northeast-1c", "apne1-az2"},
                                        Zone{"ap-northeast-1d", "apne1-az3"}));
  EXPECT_EQ(config.dns_suffix, "amazonaws.com");
  EXPECT_EQ(config.listen.to_string(), "127.0.0.1:8443");
  EXPECT_FALSE(config.http);
  EXPECT_FALSE(config.metrics_listen);
  EXPECT_TRUE(config.upstream_resolvers.empty());
  EXPECT_EQ(config.public_address.to_string(), "203.0.113.10");
  EXPECT_EQ(config.ipv6_pool.to_string(), "2001:db8::/32");
  EXPECT_EQ(config.synthetic_range.to_string(), "100.64.0.0/10");
  EXPECT_TRUE(config.services.empty());
  EXPECT_EQ(config.max_flows, 1000000U);
  EXPECT_EQ(config.max_flows_per_interface, 262144U);
}

TEST(Config, BoundsTheFlows) {
  const Config config = parsed("max_flows = 2048\nmax_flows_per_interface = 100");
  EXPECT_EQ(config.max_flows, 2048U);
  EXPECT_EQ(config.max_flows_per_interface, 100U);
  EXPECT_THAT(error_of("max_flows = 1023"), HasSubstr("max_flows = 1023: is not in 1024"));
  EXPECT_THAT(error_of("max_flows_per_interface = 16000001"),
              HasSubstr("max_flows_per_interface = 16000001: is not in 16"));
  EXPECT_THAT(error_of("max_flows = \"many\""), HasSubstr("max_flows"));
}

TEST(Config, ReadsEveryKey) {
  const Config config = parsed(R"(
region = "eu-central-1"
zones = ["eu-central-1a", "eu-central-1b"]
dns_suffix = "Cloud.example"
listen = "[::1]:9443"
http = "127.0.0.1:8080"
metrics_listen = "192.0.2.1:9100"
upstream_resolvers = ["192.0.2.53", "192.0.2.54:5353", "[2001:db8::53]:53"]
public_address = "198.51.100.1"
ipv6_pool = "fd12:3456:7800::/40"
synthetic_range = "10.128.0.0/16"

[[service]]
name = "kinesis"
upstream = "192.0.2.9:4567"

[[service]]
name = "ecr.api"
upstream = "registry.example:8443"
port = 8443
zones = ["eu-central-1b"]
private_dns_names = ["api.ecr.eu-central-1.cloud.example", "*.ECR.cloud.example"]
)");
  EXPECT_EQ(config.region, "eu-central-1");
  EXPECT_THAT(config.zones, ElementsAre(Zone{"eu-central-1a", "euc1-az1"}, Zone{"eu-central-1b", "euc1-az2"}));
  EXPECT_EQ(config.dns_suffix, "cloud.example");
  EXPECT_EQ(config.listen.to_string(), "[::1]:9443");
  EXPECT_EQ(config.http->to_string(), "127.0.0.1:8080");
  EXPECT_EQ(config.metrics_listen->to_string(), "192.0.2.1:9100");
  ASSERT_EQ(config.upstream_resolvers.size(), 3U);
  EXPECT_EQ(config.upstream_resolvers[0].to_string(), "192.0.2.53:53");
  EXPECT_EQ(config.upstream_resolvers[1].to_string(), "192.0.2.54:5353");
  EXPECT_EQ(config.public_address.to_string(), "198.51.100.1");
  EXPECT_EQ(config.ipv6_pool.to_string(), "fd12:3456:7800::/40");
  EXPECT_EQ(config.synthetic_range.to_string(), "10.128.0.0/16");
  ASSERT_EQ(config.services.size(), 2U);
  const Service kinesis{
      "kinesis", {"kinesis.eu-central-1.cloud.example"}, {"192.0.2.9", 4567}, 443, {"eu-central-1a", "eu-central-1b"}};
  EXPECT_EQ(config.services[0], kinesis);
  const Service registry{"ecr.api",
                         {"api.ecr.eu-central-1.cloud.example", "*.ecr.cloud.example"},
                         {"registry.example", 8443},
                         8443,
                         {"eu-central-1b"}};
  EXPECT_EQ(config.services[1], registry);
}

TEST(Config, CommandLineTakesThePlaceOfTheFile) {
  const Overrides overrides{"us-east-1", "0.0.0.0:1443", "[::1]:80"};
  const Config config = parsed("region = \"eu-west-1\"\nlisten = \"127.0.0.1:1\"\n", overrides);
  EXPECT_EQ(config.region, "us-east-1");
  EXPECT_EQ(config.zones[2], (Zone{"us-east-1c", "use1-az3"}));
  EXPECT_EQ(config.listen.to_string(), "0.0.0.0:1443");
  EXPECT_EQ(config.http->to_string(), "[::1]:80");
}

TEST(Config, CommandLineErrorsNameTheOption) {
  EXPECT_THAT(error_of("", {"Mars", {}, {}}), HasSubstr("--region Mars"));
  EXPECT_THAT(error_of("", {{}, "8443", {}}), HasSubstr("--listen 8443"));
  EXPECT_THAT(error_of("", {{}, {}, "0.0.0.0:80"}), HasSubstr("--http 0.0.0.0:80: plain HTTP is only for a loopback"));
}

TEST(Config, ErrorsNameFileLineKeyAndValue) {
  EXPECT_EQ(error_of("\nregoin = \"x\"\n"), "read the configuration t.toml:2: regoin = \"x\": unknown key");
  EXPECT_EQ(error_of("region = 7"), "read the configuration t.toml:1: region = 7: is not a string");
  EXPECT_EQ(error_of("\n\nhttp = \"192.0.2.1:80\""),
            "read the configuration t.toml:3: http = \"192.0.2.1:80\": plain HTTP is only for a loopback address");
  EXPECT_EQ(error_of("[[service]]\nname = \"x\"\nupstream = \"h:1\"\nport = 70000"),
            "read the configuration t.toml:4: service.port = 70000: is not in 1–65535");
  EXPECT_EQ(error_of("[[service]]\nname = \"x\"\nupstream = \"h:1\"\ncolour = \"red\""),
            "read the configuration t.toml:4: service.colour = \"red\": unknown key");
}

TEST(Config, OfSeveralUnknownKeysTheFirstIsNamed) {
  EXPECT_THAT(error_of("zebra = 1\nalpha = 2\n"), HasSubstr("t.toml:1: zebra"));
}

TEST(Config, RefusesBadValues) {
  EXPECT_THAT(error_of("dns_suffix = \"a..b\""), HasSubstr("not a DNS name"));
  EXPECT_THAT(error_of("listen = \"localhost:1\""), HasSubstr("not ADDRESS:PORT"));
  EXPECT_THAT(error_of("public_address = \"::1\""), HasSubstr("is not an IPv4 address"));
  EXPECT_THAT(error_of("ipv6_pool = \"2001:db8::/57\""), HasSubstr("/16 to /56"));
  EXPECT_THAT(error_of("ipv6_pool = \"10.0.0.0/16\""), HasSubstr("not an IPv6 range"));
  EXPECT_THAT(error_of("ipv6_pool = \"fe80::/32\""), HasSubstr("neither of 2000::/3 nor of fc00::/7"));
  EXPECT_THAT(error_of("ipv6_pool = \"2001:db8::1/32\""), HasSubstr("host bits are set"));
  EXPECT_THAT(error_of("synthetic_range = \"100.64.0.0/25\""), HasSubstr("/8 to /24"));
  EXPECT_THAT(error_of("synthetic_range = \"100.64.0.1/10\""), HasSubstr("synthetic_range = \"100.64.0.1/10\""));
  EXPECT_THAT(error_of("upstream_resolvers = \"192.0.2.1\""), HasSubstr("is not a list"));
  EXPECT_THAT(error_of("upstream_resolvers = [\"dns.example\"]"), HasSubstr("is neither ADDRESS nor ADDRESS:PORT"));
  EXPECT_THAT(error_of("upstream_resolvers = [\"192.0.2.1\", \"192.0.2.1:53\"]"), HasSubstr("is given twice"));
  EXPECT_THAT(error_of("rules_per_security_group = 1001"), HasSubstr("is not in 1–1000"));
  EXPECT_THAT(error_of("zones = []"), HasSubstr("holds 0 zones"));
  EXPECT_THAT(error_of("zones = [\"us-east-1a\"]"), HasSubstr("us-east-1a is not the region's name ap-northeast-1"));
  EXPECT_THAT(error_of("service = 3"), HasSubstr("[[service]]"));
  EXPECT_THAT(error_of("service = [1]"), HasSubstr("[[service]]"));
}

TEST(Config, RefusesBadServices) {
  EXPECT_THAT(error_of("[[service]]\nupstream = \"h:1\""), HasSubstr("t.toml:1: service.name is missing"));
  EXPECT_THAT(error_of("[[service]]\nname = \"x\""), HasSubstr("service.upstream is missing"));
  EXPECT_THAT(error_of("[[service]]\nname = \"x\"\nupstream = \"h\""), HasSubstr("not HOST:PORT"));
  EXPECT_THAT(error_of("[[service]]\nname = \"X\"\nupstream = \"h:1\""), HasSubstr("lower-case"));
  EXPECT_THAT(error_of("[[service]]\nname = \"ec2\"\nupstream = \"h:1\""), HasSubstr("service ec2 is built in"));
  EXPECT_THAT(error_of("[[service]]\nname = \"x\"\nupstream = \"h:1\"\nzones = [\"ap-northeast-1b\"]"),
              HasSubstr("service x: no zone ap-northeast-1b"));
  EXPECT_THAT(error_of("[[service]]\nname = \"x\"\nupstream = \"h:1\"\n[[service]]\nname = \"x\"\nupstream = \"h:2\""),
              HasSubstr("t.toml:4: service x is given twice"));
  EXPECT_THAT(error_of("[[service]]\nname = \"x\"\nupstream = \"h:1\"\nprivate_dns_names = "
                       "[\"sts.ap-northeast-1.amazonaws.com\"]"),
              HasSubstr("is the name of the service sts"));
  EXPECT_THAT(error_of("[[service]]\nname = \"x\"\nupstream = \"h:1\"\n[[service]]\nname = \"y\"\nupstream = \"h:2\"\n"
                       "private_dns_names = [\"x.ap-northeast-1.amazonaws.com\"]"),
              HasSubstr("is a name of the service x"));
}

TEST(Config, SyntaxErrorsNameTheLine) {
  EXPECT_THAT(error_of("region = \"a\"\nlisten = \n"), HasSubstr("t.toml:2: "));
  EXPECT_THAT(error_of("region = \"a\"\nregion = \"b\"\n"), HasSubstr("t.toml:"));
}

TEST(Config, RefusesWhatWouldExhaustTheParser) {
  EXPECT_THAT(error_of("a = " + std::string(100000, '[')), HasSubstr("nested too deeply"));
  EXPECT_THAT(error_of(std::string(2 << 20, '#')), HasSubstr("larger than 1 MiB"));
}

TEST(Config, LoadsAFile) {
  const auto path = std::filesystem::path(testing::TempDir()) / "ginnel-config-test.toml";
  std::ofstream(path) << "region = \"us-west-2\"\n";
  auto config = load(path);
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->region, "us-west-2");
  std::filesystem::remove(path);
  auto gone = load(path);
  ASSERT_FALSE(gone);
  EXPECT_THAT(gone.error().text(), HasSubstr("No such file"));
  EXPECT_FALSE(load(testing::TempDir()));
}

TEST(Config, RegionCodes) {
  EXPECT_EQ(region_code("ap-northeast-1"), "apne1");
  EXPECT_EQ(region_code("us-gov-west-1"), "usgw1");
  EXPECT_EQ(region_code("eu-central-2"), "euc2");
  EXPECT_EQ(region_code("ap-southeast-12"), "apse12");
  EXPECT_EQ(region_code("lab"), "lab");
}

TEST(HostPort, ReadsAndWritesTheSame) {
  for (const char* text : {"a.example:1", "192.0.2.1:443", "[2001:db8::1]:65535"}) {
    auto both = HostPort::parse(text);
    ASSERT_TRUE(both) << text;
    EXPECT_EQ(both->to_string(), text);
  }
  for (const char* text : {"", ":", "a", "a:", ":1", "a:0", "a:65536", "a:1x", "a:-1", "192.0.2:1", "2001:db8::1:443",
                           "[a]:1", "[192.0.2.1]:1", "-a:1", "a b:1"})
    EXPECT_FALSE(HostPort::parse(text)) << text;
}

}  // namespace
}  // namespace ginnel::config

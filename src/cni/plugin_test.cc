#include "cni/plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace ginnel::cni {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

using Variables = std::map<std::string, std::string>;

Variables variables(const std::string& command) {
  return {
      {"CNI_COMMAND", command}, {"CNI_CONTAINERID", "c1"}, {"CNI_NETNS", "/run/netns/blue"}, {"CNI_IFNAME", "eth0"}};
}

constexpr const char* kConfiguration = R"({"cniVersion": "1.0.0", "name": "net", "type": "ginnel-cni",
  "subnetId": "subnet-1", "securityGroupIds": ["sg-1", "sg-2"], "stateDir": "/no/such"})";

Environment of(const Variables& variables) {
  return [variables](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

// The code and the text of an error, as the runtime sees them.
std::pair<int64_t, std::string> error_of(const Variables& environment, const std::string& input) {
  const auto answer = run(of(environment), input);
  EXPECT_EQ(answer.exit_code, 1);
  const auto error = json::parse(answer.text).as_object();
  return {error.at("code").as_int64(), json::value_to<std::string>(error.at("msg"))};
}

TEST(Requests, AreReadFromEnvironmentAndInput) {
  const auto request = read_request(of(variables("ADD")), kConfiguration);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->command, Command::add);
  EXPECT_EQ(request->key(), "net/c1/eth0");
  EXPECT_EQ(request->netns, "/run/netns/blue");
  EXPECT_EQ(request->configuration.subnet, "subnet-1");
  EXPECT_EQ(request->configuration.groups, (std::vector<std::string>{"sg-1", "sg-2"}));
  EXPECT_EQ(request->configuration.state_dir, "/no/such");
}

TEST(Requests, AreRefusedByTheirCodes) {
  const auto with = [](const std::string& command, const std::string& name, const std::string& value) {
    auto out = variables(command);
    out[name] = value;
    return error_of(out, kConfiguration);
  };
  EXPECT_EQ(error_of({}, kConfiguration).first, 4);
  EXPECT_EQ(with("GROW", "CNI_IFNAME", "eth0").first, 4);
  EXPECT_EQ(with("ADD", "CNI_CONTAINERID", "").first, 4);
  EXPECT_EQ(with("ADD", "CNI_CONTAINERID", "a/b").first, 4);
  EXPECT_EQ(with("ADD", "CNI_IFNAME", "a234567890123456").first, 4);
  EXPECT_EQ(with("ADD", "CNI_NETNS", "blue").first, 4);
  EXPECT_EQ(error_of(variables("ADD"), "{").first, 6);
  EXPECT_EQ(error_of(variables("ADD"), "[]").first, 6);
  EXPECT_EQ(error_of(variables("ADD"), R"({"cniVersion": "2.0.0", "name": "n"})").first, 1);
  EXPECT_EQ(error_of(variables("ADD"), R"({"cniVersion": "1.0.0", "name": "n"})"),
            std::pair(int64_t{7}, std::string("'subnetId' is missing")));
  EXPECT_EQ(error_of(variables("ADD"), R"({"cniVersion": "1.0.0", "name": "../n"})").first, 7);
  EXPECT_EQ(error_of(variables("ADD"), R"({"name": "n", "securityGroupIds": [1]})").first, 7);
  EXPECT_THAT(error_of(variables("CHECK"), kConfiguration).second, HasSubstr("prevResult"));
}

TEST(Requests, WithoutADaemonMayBeTriedAgain) {
  for (const char* command : {"ADD", "DEL"}) {
    const auto [code, message] = error_of(variables(command), kConfiguration);
    EXPECT_EQ(code, 11);
    EXPECT_THAT(message, HasSubstr("/no/such/control.sock"));
  }
}

TEST(Requests, DelNeedsNoNamespace) {
  auto environment = variables("DEL");
  environment.erase("CNI_NETNS");
  EXPECT_TRUE(read_request(of(environment), kConfiguration));
}

TEST(Versions, AreToldWithoutAnythingElse) {
  const auto answer = run(of({{"CNI_COMMAND", "VERSION"}}), R"({"cniVersion": "0.4.0"})");
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_EQ(json::parse(answer.text),
            json::parse(R"({"cniVersion": "0.4.0", "supportedVersions": ["0.3.0", "0.3.1", "0.4.0", "1.0.0"]})"));
}

TEST(Results, HaveTheShapeOfTheirVersion) {
  const json::object port{{"cidr", "10.0.1.4/24"},  {"gateway", "10.0.1.1"}, {"mac", "02:01:0a:00:01:04"},
                          {"resolver", "10.0.0.2"}, {"domain", "internal"},  {"device", "eth0"}};
  auto request = read_request(of(variables("ADD")), kConfiguration);
  ASSERT_TRUE(request);
  EXPECT_EQ(json::value(result_of(*request, port)), json::parse(R"({"cniVersion": "1.0.0",
    "interfaces": [{"name": "eth0", "mac": "02:01:0a:00:01:04", "sandbox": "/run/netns/blue"}],
    "ips": [{"address": "10.0.1.4/24", "gateway": "10.0.1.1", "interface": 0}],
    "routes": [{"dst": "0.0.0.0/0", "gw": "10.0.1.1"}],
    "dns": {"nameservers": ["10.0.0.2"], "domain": "internal", "search": ["internal"]}})"));
  request->configuration.version = "0.4.0";
  EXPECT_EQ(result_of(*request, port).at("ips").as_array().at(0).at("version"), "4");
}

}  // namespace
}  // namespace ginnel::cni

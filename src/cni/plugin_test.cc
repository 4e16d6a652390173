#include "cni/plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "cni/result.h"

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
  EXPECT_EQ(error_of(variables("CHECK"), R"({"cniVersion": "0.3.1", "name": "n", "prevResult": {}})").first, 1);
  EXPECT_EQ(error_of(variables("ADD"), R"({"name": "n", "subnetId": "subnet-1", "prevResult": []})").first, 7);
}

TEST(Requests, ForAddressesOfSomebodyElseAreRefused) {
  const auto [code, message] = error_of(
      variables("ADD"), R"({"cniVersion": "1.0.0", "name": "n", "subnetId": "subnet-1", "ipam": {"type": "static"}})");
  EXPECT_EQ(code, 2);
  EXPECT_THAT(message, HasSubstr(R"('ipam' is {"type":"static"})"));
  auto environment = variables("ADD");
  environment["CNI_ARGS"] = "IgnoreUnknown=1;K8S_POD_NAME=p;IP=10.0.1.77";
  EXPECT_EQ(error_of(environment, kConfiguration),
            std::pair(int64_t{4}, std::string("CNI_ARGS has 'IP=10.0.1.77', but the region gives addresses and MACs")));
  environment["CNI_ARGS"] = "IgnoreUnknown=1;K8S_POD_NAME=IP=1";
  EXPECT_TRUE(read_request(of(environment), kConfiguration));
  // What is there is taken away whatever the configuration has become.
  environment = variables("DEL");
  environment["CNI_ARGS"] = "MAC=02:00:00:00:00:01";
  EXPECT_TRUE(read_request(of(environment), R"({"name": "n", "ipam": {"type": "static"}})"));
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

class Results : public ::testing::Test {
 protected:
  Results() { request = *read_request(of(variables("ADD")), kConfiguration); }

  // After what ADD gave for the port.
  std::string difference_after(const json::object& then) {
    request.configuration.previous = nullptr;
    request.configuration.previous = result_of(request, then);
    return difference(request, port, found);
  }
  json::object with(const char* name, const char* value) const {
    json::object out = port;
    out[name] = value;
    return out;
  }

  const json::object port{{"interface", "eni-1"},       {"cidr", "10.0.1.4/24"},     {"gateway", "10.0.1.1"},
                          {"mac", "02:01:0a:00:01:04"}, {"resolver", "10.0.0.2"},    {"domain", "internal"},
                          {"device", "eth0"},           {"cidr6", "2001:db8::4/64"}, {"gateway6", "fe80::1"}};
  Inside found{true, "02:01:0a:00:01:04", {"10.0.1.4/24", "fe80::5/64", "2001:db8::4/64"}, {"10.0.1.1", "fe80::1"}};
  Request request;
};

TEST_F(Results, HaveTheShapeOfTheirVersion) {
  json::object ipv4 = port;
  ipv4.erase("cidr6");
  ipv4.erase("gateway6");
  EXPECT_EQ(json::value(result_of(request, ipv4)), json::parse(R"({"cniVersion": "1.0.0",
    "interfaces": [{"name": "eth0", "mac": "02:01:0a:00:01:04", "sandbox": "/run/netns/blue"}],
    "ips": [{"address": "10.0.1.4/24", "gateway": "10.0.1.1", "interface": 0}],
    "routes": [{"dst": "0.0.0.0/0", "gw": "10.0.1.1"}],
    "dns": {"nameservers": ["10.0.0.2"], "domain": "internal", "search": ["internal"]}})"));
  request.configuration.version = "0.4.0";
  const auto older = result_of(request, port);
  EXPECT_EQ(older.at("ips"), json::parse(R"([
    {"address": "10.0.1.4/24", "gateway": "10.0.1.1", "interface": 0, "version": "4"},
    {"address": "2001:db8::4/64", "gateway": "fe80::1", "interface": 0, "version": "6"}])"));
  EXPECT_EQ(older.at("routes"), json::parse(R"([{"dst": "0.0.0.0/0", "gw": "10.0.1.1"},
                                                {"dst": "::/0", "gw": "fe80::1"}])"));
}

TEST_F(Results, KeepWhatPluginsBeforeHaveMade) {
  request.configuration.previous = json::parse(R"({"cniVersion": "1.0.0",
    "interfaces": [{"name": "host0"}, {"name": "net0", "sandbox": "/run/netns/blue"}],
    "ips": [{"address": "192.0.2.2/24", "interface": 1}], "routes": [{"dst": "192.0.2.0/24"}]})");
  const auto result = result_of(request, port);
  EXPECT_EQ(result.at("interfaces").as_array().size(), 3U);
  EXPECT_EQ(result.at("routes").as_array().size(), 3U);
  EXPECT_EQ(result.at("ips"), json::parse(R"([{"address": "192.0.2.2/24", "interface": 1},
    {"address": "10.0.1.4/24", "gateway": "10.0.1.1", "interface": 2},
    {"address": "2001:db8::4/64", "gateway": "fe80::1", "interface": 2}])"));
  request.configuration.previous = result;
  EXPECT_EQ(difference(request, port, found), "");
}

TEST_F(Results, AreCheckedAgainstThePortAndTheDevice) {
  EXPECT_EQ(difference_after(port), "");
  EXPECT_EQ(difference_after(with("mac", "02:00:00:00:00:09")),
            "the MAC is 02:01:0a:00:01:04, it was 02:00:00:00:00:09");
  EXPECT_EQ(difference_after(with("cidr6", "2001:db8::9/64")), "eni-1 has not the address 2001:db8::9/64 any more");
  found.gateways = {"10.0.1.1"};
  EXPECT_EQ(difference_after(port), "eth0 has no default route by fe80::1 in /run/netns/blue");
  found.addresses = {"10.0.1.4/24"};
  EXPECT_EQ(difference_after(port), "eth0 has not the address 2001:db8::4/64 in /run/netns/blue");
  found.up = false;
  EXPECT_EQ(difference_after(port), "eth0 is down in /run/netns/blue");
  found.mac = "02:00:00:00:00:08";
  EXPECT_EQ(difference_after(port), "eth0 has the MAC 02:00:00:00:00:08, not 02:01:0a:00:01:04");
  request.configuration.previous = json::parse(R"({"interfaces": [{"name": "eth0", "sandbox": "/run/netns/red"}]})");
  EXPECT_EQ(difference(request, port, found), "'prevResult' has no interface eth0 in /run/netns/blue");
  // A previous result may be anything.
  for (const char* odd : {R"({"interfaces": 1})", R"({"interfaces": [1]})", R"({"interfaces": [{}], "ips": [3]})"}) {
    request.configuration.previous = json::parse(odd);
    EXPECT_THAT(difference(request, port, found), HasSubstr("'prevResult' has no interface"));
  }
}

// An address that came later is none of ADD's.
TEST_F(Results, MayHaveLessThanThePortHasNow) {
  json::object ipv4 = port;
  ipv4.erase("cidr6");
  EXPECT_EQ(difference_after(ipv4), "");
}

}  // namespace
}  // namespace ginnel::cni

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "cli/app.h"
#include "cli/client.h"
#include "cli/instance.h"
#include "cli/text.h"

namespace ginnel::cli {
namespace {

using testing::HasSubstr;
using testing::Pair;

struct Outcome {
  int code = 0;
  std::string out, err;
};

Outcome ginnel(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "ginnel");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.code = run(static_cast<int>(argv.size()), argv.data());
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  return outcome;
}

TEST(Command, HelpAndVersionSucceed) {
  EXPECT_THAT(ginnel({"--help"}).out, HasSubstr("serve"));
  EXPECT_THAT(ginnel({"--version"}).out, HasSubstr("ginnel 0."));
  for (const char* command :
       {"serve", "status", "env", "account", "exec", "ca", "drops", "flows", "top", "teardown", "relay"}) {
    const Outcome outcome = ginnel({command, "--help"});
    EXPECT_EQ(outcome.code, kSuccess) << command;
    EXPECT_THAT(outcome.out, HasSubstr("--help")) << command;
  }
}

TEST(Command, WrongUsageIsTwo) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{{},
                                                                     {"dance"},
                                                                     {"status", "--wait", "soon"},
                                                                     {"serve", "--dataplane=magic"},
                                                                     {"exec", "i-1"},
                                                                     {"exec", "--", "true"},
                                                                     {"status", "--", "true"},
                                                                     {"account"},
                                                                     {"account", "create", "--access-key-id", "K"}}) {
    const Outcome outcome = ginnel(arguments);
    EXPECT_EQ(outcome.code, kUsage) << testing::PrintToString(arguments);
    EXPECT_THAT(outcome.err, HasSubstr("ginnel: ")) << testing::PrintToString(arguments);
  }
}

TEST(Command, StateDirStandsBeforeOrAfter) {
  const std::string dir = testing::TempDir() + "no-daemon-here";
  const std::string says = "ginnel: no daemon answers on " + dir + "/control.sock: ";
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"--state-dir", dir, "status"},
                                             {"status", "--state-dir", dir},
                                             {"account", "list", "--state-dir", dir},
                                             {"exec", "--state-dir", dir, "i-1", "--", "true"}}) {
    const Outcome outcome = ginnel(arguments);
    EXPECT_EQ(outcome.code, kFailure);
    EXPECT_THAT(outcome.err, HasSubstr(says));
  }
}

TEST(Command, AFilterIsReadBeforeAnythingElse) {
  const std::string dir = testing::TempDir() + "no-daemon-here";
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"flows", "--filter", "port"},
                                                                     {"flows", "--follow", "--filter", "port"},
                                                                     {"flows", "cut", "protocol=tcp", "port"}}) {
    auto all = arguments;
    all.insert(all.begin(), {"--state-dir", dir});
    const Outcome outcome = ginnel(all);
    EXPECT_EQ(outcome.code, kFailure);
    EXPECT_EQ(outcome.err, "ginnel: read the condition port: it is not NAME=VALUE\n");
  }
}

TEST(Command, ServeRefusesABadConfiguration) {
  const Outcome missing = ginnel({"serve", "--config", testing::TempDir() + "none.toml"});
  EXPECT_EQ(missing.code, kFailure);
  EXPECT_THAT(missing.err, HasSubstr("none.toml: No such file"));
  const Outcome open = ginnel({"serve", "--http", "0.0.0.0:80"});
  EXPECT_EQ(open.code, kFailure);
  EXPECT_THAT(open.err, HasSubstr("--http 0.0.0.0:80: plain HTTP is only for a loopback address"));
}

TEST(Answer, AnErrorIsTheDaemonsOwnText) {
  auto refused = read_answer("GET /v1/instances/i-1", 404, R"({"error": "no instance i-1"})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(), "no instance i-1");
  auto odd = read_answer("GET /v1/ca", 500, "oops");
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().text(), "ask the daemon GET /v1/ca: it answered with status 500");
  EXPECT_FALSE(read_answer("GET /v1/ca", 200, "{"));
  EXPECT_TRUE(read_answer("GET /v1/ca", 200, "[]"));
}

TEST(Text, ObjectsListsAndTables) {
  const auto value = boost::json::parse(R"({"ready": true, "api_endpoint": "https://x", "zones": ["a", "b"], "none": [],
      "vpcs": 2, "links": {"applied": 3}, "accounts": [{"id": "1", "keys": ["A"]}, {"id": "222", "note": null}]})");
  EXPECT_EQ(in_words(value),
            "ready: yes\napi endpoint: https://x\nzones: a, b\nnone: none\nvpcs: 2\nlinks:\n  applied: 3\n"
            "accounts:\n  id   keys  note\n  1    A     -\n  222  -     -\n");
}

TEST(Text, ShellQuoting) {
  EXPECT_EQ(shell_quoted("a b"), "'a b'");
  EXPECT_EQ(shell_quoted("it's $x"), "'it'\\''s $x'");
}

boost::json::value instance_answer() {
  return boost::json::parse(R"({"id": "i-1", "netns": "i-1", "resolver": "10.0.0.2", "region": "us-east-1",
      "search": "ec2.internal", "ca_path": "/s/ca.pem", "access_key_id": "K", "secret_access_key": "S"})");
}

TEST(Instance, EnvironmentLeadsToTheRegionAndNowhereElse) {
  auto instance = Instance::from(instance_answer());
  ASSERT_TRUE(instance) << instance.error().text();
  const Environment environment = environment_in(
      *instance, {{"HOME", "/h"}, {"AWS_ENDPOINT_URL", "x"}, {"https_proxy", "p"}, {"AWS_REGION", "eu-west-1"}});
  EXPECT_THAT(environment,
              testing::UnorderedElementsAre(Pair("HOME", "/h"), Pair("AWS_REGION", "us-east-1"),
                                            Pair("AWS_DEFAULT_REGION", "us-east-1"), Pair("AWS_CA_BUNDLE", "/s/ca.pem"),
                                            Pair("AWS_ACCESS_KEY_ID", "K"), Pair("AWS_SECRET_ACCESS_KEY", "S")));
  EXPECT_EQ(resolv_conf(*instance), "search ec2.internal\nnameserver 10.0.0.2\n");
}

TEST(Instance, RefusesAnAnswerThatLacksSomethingOrLeavesTheFolder) {
  auto answer = instance_answer();
  answer.as_object().erase("region");
  auto lacking = Instance::from(answer);
  ASSERT_FALSE(lacking);
  EXPECT_THAT(lacking.error().text(), HasSubstr("'region'"));
  answer = instance_answer();
  answer.as_object()["netns"] = "../../etc";
  EXPECT_FALSE(Instance::from(answer));
}

}  // namespace
}  // namespace ginnel::cli

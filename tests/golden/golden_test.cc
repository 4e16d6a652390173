// Golden plans: see README.md in this folder.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "planner/planner.h"
#include "planner/print.h"

namespace ginnel::plan {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

model::Region golden_region() {
  model::Region region;
  region.name = "ap-northeast-1";
  region.zones = {{"ap-northeast-1a", "apne1-az1"}, {"ap-northeast-1c", "apne1-az2"}};
  region.public_address = IpAddress::parse("203.0.113.10").value();
  const auto add = [&](const std::string& code, std::vector<std::string> private_names, uint16_t system_port) {
    model::Service service;
    service.code = code;
    service.name = "com.amazonaws.ap-northeast-1." + code;
    service.id = model::service_id(service.name);
    service.private_dns_names = std::move(private_names);
    service.zones = {"ap-northeast-1a", "ap-northeast-1c"};
    service.system_port = system_port;
    region.services.push_back(std::move(service));
  };
  add("ec2", {"ec2.ap-northeast-1.amazonaws.com"}, 443);
  add("kinesis", {"kinesis.ap-northeast-1.amazonaws.com", "*.data-kinesis.ap-northeast-1.amazonaws.com"}, 7001);
  add("plain", {}, 7002);
  return region;
}

struct Golden {
  model::Snapshot snapshot;
  std::string vpc;
  HostFacts facts;
};

Result<Golden> read_golden(const fs::path& path) {
  const json::object root = json::parse(read_text(path)).as_object();
  Golden golden;
  golden.vpc = json::value_to<std::string>(root.at("plan"));
  if (const auto* synthetic = root.if_contains("synthetic")) {
    for (const auto& [id, address] : synthetic->as_object()) {
      GINNEL_TRY(golden.facts.synthetic[id], IpAddress::parse(std::string_view(address.as_string())));
    }
  }
  model::Change change;
  for (const auto& [key, document] : root.at("documents").as_object()) {
    json::object with_id = document.as_object();
    with_id["id"] = std::string(key).substr(std::string(key).find('/') + 1);
    GINNEL_TRY(auto resource, model::read_document(std::string(key), json::serialize(with_id)));
    change.puts.push_back(std::move(resource));
  }
  golden.snapshot = model::Snapshot().with(change);
  return golden;
}

std::vector<std::string> golden_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(GINNEL_GOLDEN_DIR)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void expect_text(const fs::path& path, const std::string& text) {
  const std::string wanted = read_text(path);
  if (std::getenv("GINNEL_UPDATE_GOLDEN") != nullptr && wanted != text) {
    std::ofstream(path, std::ios::binary) << text;
    FAIL() << path << " is written anew";
  }
  EXPECT_EQ(text, wanted) << path;
}

class GoldenPlan : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenPlan, IsTheTextFile) {
  const fs::path dir = GINNEL_GOLDEN_DIR;
  const auto golden = read_golden(dir / (GetParam() + ".json"));
  ASSERT_TRUE(golden) << golden.error().text();
  const auto region = golden_region();
  const auto host = plan_host(region, "0a1b2c3d", Cidr::parse("100.64.0.0/10").value());
  const auto plan = plan_vpc(golden->snapshot, region, golden->vpc, golden->facts, host);
  ASSERT_TRUE(plan) << plan.error().text();
  expect_text(dir / (GetParam() + ".txt"), print(*plan));
}

INSTANTIATE_TEST_SUITE_P(Plans, GoldenPlan, ::testing::ValuesIn(golden_names()),
                         [](const auto& name) { return name.param; });

TEST(GoldenHost, IsTheTextFile) {
  const auto host = plan_host(golden_region(), "0a1b2c3d", Cidr::parse("100.64.0.0/10").value());
  expect_text(fs::path(GINNEL_GOLDEN_DIR) / "host.txt", print(host));
}

}  // namespace
}  // namespace ginnel::plan

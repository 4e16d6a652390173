#include "cli/instance.h"

#include <fmt/format.h>

#include "cli/client.h"

namespace ginnel::cli {
namespace {

constexpr const char* kMisleading[] = {"AWS_ENDPOINT_URL",  "AWS_PROFILE",        "AWS_DEFAULT_PROFILE",
                                       "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "http_proxy",
                                       "https_proxy",       "all_proxy",          "no_proxy",
                                       "HTTP_PROXY",        "HTTPS_PROXY",        "ALL_PROXY",
                                       "NO_PROXY"};

}  // namespace

Result<Instance> Instance::from(const boost::json::value& answer) {
  Instance instance;
  GINNEL_TRY(instance.id, text_member(answer, "id"));
  GINNEL_TRY(instance.netns, text_member(answer, "netns"));
  if (instance.netns.empty() || instance.netns.front() == '.' || instance.netns.find('/') != std::string::npos)
    return fail("read the instance", instance.id, fmt::format("'{}' is not a namespace's name", instance.netns));
  GINNEL_TRY(instance.region, text_member(answer, "region"));
  GINNEL_TRY(instance.ca_path, text_member(answer, "ca_path"));
  GINNEL_TRY(instance.access_key_id, text_member(answer, "access_key_id"));
  GINNEL_TRY(instance.secret_access_key, text_member(answer, "secret_access_key"));
  instance.resolver = text_member(answer, "resolver").value_or("");
  instance.search = text_member(answer, "search").value_or("");
  return instance;
}

Environment environment_in(const Instance& instance, Environment outer) {
  for (const char* name : kMisleading) outer.erase(name);
  outer["AWS_REGION"] = instance.region;
  outer["AWS_DEFAULT_REGION"] = instance.region;
  outer["AWS_CA_BUNDLE"] = instance.ca_path;
  outer["AWS_ACCESS_KEY_ID"] = instance.access_key_id;
  outer["AWS_SECRET_ACCESS_KEY"] = instance.secret_access_key;
  return outer;
}

std::string resolv_conf(const Instance& instance) {
  std::string text;
  if (!instance.search.empty()) text += fmt::format("search {}\n", instance.search);
  if (!instance.resolver.empty()) text += fmt::format("nameserver {}\n", instance.resolver);
  return text;
}

}  // namespace ginnel::cli

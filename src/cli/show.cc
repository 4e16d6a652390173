// status, env, account, ca: the commands that ask the daemon and print.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <thread>

#include "cli/command.h"
#include "cli/text.h"

namespace ginnel::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kBetweenAsks = std::chrono::milliseconds(20);

bool is_ready(const boost::json::value& status) {
  const auto* object = status.if_object();
  const auto* ready = object == nullptr ? nullptr : object->if_contains("ready");
  return ready != nullptr && ready->is_bool() && ready->get_bool();
}

// Asks until the daemon is ready or the time is over; the last answer counts.
Result<int> show_status(const Context& context, double wait_s) {
  const auto deadline = Clock::now() + std::chrono::duration<double>(wait_s);
  auto status = context.client().get("/v1/status");
  while ((!status || !is_ready(*status)) && Clock::now() < deadline) {
    std::this_thread::sleep_for(kBetweenAsks);
    status = context.client().get("/v1/status");
  }
  if (!status) return tl::unexpected(status.error());
  print(context, *status);
  return is_ready(*status) ? kSuccess : kFailure;
}

Status show(const Context& context, const char* target) {
  GINNEL_TRY(const boost::json::value answer, context.client().get(target));
  print(context, answer);
  return {};
}

// Variable of the AWS tools and member of the daemon's answer.
constexpr std::pair<const char*, const char*> kVariables[] = {{"AWS_ENDPOINT_URL", "endpoint_url"},
                                                              {"AWS_CA_BUNDLE", "ca_path"},
                                                              {"AWS_REGION", "region"},
                                                              {"AWS_DEFAULT_REGION", "region"},
                                                              {"AWS_ACCESS_KEY_ID", "access_key_id"},
                                                              {"AWS_SECRET_ACCESS_KEY", "secret_access_key"}};

Status show_env(const Context& context) {
  GINNEL_TRY(const boost::json::value answer, context.client().get("/v1/env"));
  boost::json::object variables;
  for (const auto& [variable, member] : kVariables) {
    GINNEL_TRY(const std::string text, text_member(answer, member));
    variables[variable] = text;
    if (!context.json) fmt::print("export {}={}\n", variable, shell_quoted(text));
  }
  if (context.json) print(context, variables);
  return {};
}

Status show_ca(const Context& context) {
  GINNEL_TRY(const boost::json::value answer, context.client().get("/v1/ca"));
  if (context.json) {
    print(context, answer);
    return {};
  }
  GINNEL_TRY(const std::string certificate, text_member(answer, "certificate"));
  fmt::print("{}", certificate);
  return {};
}

struct NewAccount {
  std::string account_id, access_key_id, secret_access_key;
};

Status create_account(const Context& context, const NewAccount& wanted) {
  boost::json::object body;
  if (!wanted.account_id.empty()) body["account_id"] = wanted.account_id;
  if (!wanted.access_key_id.empty()) body["access_key_id"] = wanted.access_key_id;
  if (!wanted.secret_access_key.empty()) body["secret_access_key"] = wanted.secret_access_key;
  GINNEL_TRY(const boost::json::value answer, context.client().post("/v1/accounts", body));
  print(context, answer);
  return {};
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
  CLI::App* command = add_printing(app, context, "status", "What runs; exit 0 once the daemon is ready");
  auto wait_s = std::make_shared<double>(0);
  command->add_option("--wait", *wait_s, "Wait this many seconds for it to be ready")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, 86400.0));
  command->callback([&context, wait_s] { context.finish(show_status(context, *wait_s)); });
}

void add_env(CLI::App& app, Context& context) {
  CLI::App* command =
      add_printing(app, context, "env", "Lines for eval \"$(ginnel env)\": endpoint, CA, region, credentials");
  command->callback([&context] { context.finish(show_env(context)); });
}

void add_account(CLI::App& app, Context& context) {
  CLI::App* account = app.add_subcommand("account", "Accounts and their keys");
  account->require_subcommand(1);
  account->fallthrough();
  CLI::App* create = add_printing(*account, context, "create", "Make an account with an access key");
  auto wanted = std::make_shared<NewAccount>();
  create->add_option("--account-id", wanted->account_id, "12 digits; a free one where it is left out")->type_name("N");
  CLI::Option* key = create->add_option("--access-key-id", wanted->access_key_id, "A key of one's own")->type_name("K");
  CLI::Option* secret =
      create->add_option("--secret-access-key", wanted->secret_access_key, "Its secret")->type_name("S");
  key->needs(secret);
  secret->needs(key);
  create->callback([&context, wanted] { context.finish(create_account(context, *wanted)); });
  CLI::App* list = add_printing(*account, context, "list", "The accounts of the region");
  list->callback([&context] { context.finish(show(context, "/v1/accounts")); });
}

void add_ca(CLI::App& app, Context& context) {
  CLI::App* command = add_printing(app, context, "ca", "The region's CA certificate, in PEM form");
  command->callback([&context] { context.finish(show_ca(context)); });
}

}  // namespace ginnel::cli

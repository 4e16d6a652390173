#include "cli/app.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "base/version.h"
#include "cli/command.h"
#include "cli/text.h"

namespace ginnel::cli {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 success, 1 failure, 2 wrong usage; exec: the command's own, 126 it cannot be run, 127 not found.";

// "ginnel exec INSTANCE -- CMD…": what stands after the first "--" is the command's own and is not ours to read.
std::vector<std::string> split_command(std::vector<std::string>& arguments) {
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  std::vector<std::string> command;
  if (dashes != arguments.end()) {
    command.assign(dashes + 1, arguments.end());
    arguments.erase(dashes, arguments.end());
  }
  return command;
}

int usage_error(std::string_view text) {
  fmt::print(stderr, "ginnel: {}\nRun ginnel --help for the usage.\n", text);
  return kUsage;
}

}  // namespace

void Context::finish(Status status) {
  if (status) return;
  fmt::print(stderr, "ginnel: {}\n", status.error().text());
  exit_code = kFailure;
}

void Context::finish(Result<int> status) {
  if (status)
    exit_code = *status;
  else
    finish(Status(tl::unexpected(status.error())));
}

CLI::App* add_printing(CLI::App& app, Context& context, const char* name, const char* description) {
  CLI::App* command = app.add_subcommand(name, description);
  command->add_flag("--json", context.json, "Print JSON");
  return command;
}

void print(const Context& context, const boost::json::value& answer) {
  if (context.json)
    fmt::print("{}\n", boost::json::serialize(answer));
  else
    fmt::print("{}", in_words(answer));
}

int run(int argc, char** argv) {
  Context context;
  CLI::App app("Private, one-way access to services: a region of one's own.", "ginnel");
  app.set_version_flag("--version", fmt::format("ginnel {}", version()));
  app.footer(kFooter);
  app.fallthrough();
  app.require_subcommand(1);
  app.add_option("--state-dir", context.state_dir, "Where the region keeps its state")
      ->envname("GINNEL_STATE_DIR")
      ->capture_default_str();
  for (const auto add : {add_serve, add_status, add_env, add_account, add_exec, add_attach, add_detach, add_ports,
                         add_ca, add_drops, add_flows, add_top, add_teardown, add_relay})
    add(app, context);

  std::vector<std::string> arguments(argv + 1, argv + argc);
  context.command = split_command(arguments);
  if (!context.command.empty() && std::find(arguments.begin(), arguments.end(), "exec") == arguments.end())
    return usage_error("only exec takes a command after --");
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::Success& answer) {  // --help, --version
    return app.exit(answer);
  } catch (const CLI::ParseError& error) {
    return usage_error(error.what());
  }
  if (std::fflush(stdout) != 0 && context.exit_code == kSuccess) {
    fmt::print(stderr, "ginnel: write the output: {}\n", fail_errno("", "").value().cause);
    return kFailure;
  }
  return context.exit_code;
}

}  // namespace ginnel::cli

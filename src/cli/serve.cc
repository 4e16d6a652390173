// serve: the daemon, in the foreground.
#include "daemon/serve.h"

#include <filesystem>
#include <map>
#include <memory>

#include "cli/command.h"
#include "config/config.h"

namespace ginnel::cli {
namespace {

struct ServeArguments {
  std::string config_file, dataplane = "ebpf";
  LogLevel log_level = LogLevel::info;
  config::Overrides overrides;
};

Result<int> serve(const Context& context, const ServeArguments& arguments) {
  daemon::ServeOptions options;
  if (arguments.config_file.empty()) {
    GINNEL_TRY(options.config, config::defaults(arguments.overrides));
  } else {
    GINNEL_TRY(options.config, config::load(arguments.config_file, arguments.overrides));
  }
  options.state_dir = context.state_dir;
  options.dataplane = arguments.dataplane == "ebpf";
  options.log_level = arguments.log_level;
  std::error_code error;
  options.executable = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (error) return fail("find the executable", "/proc/self/exe", error.message());
  return daemon::serve(options);
}

}  // namespace

void add_serve(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("serve", "Run the daemon in the foreground; it logs to stderr");
  auto arguments = std::make_shared<ServeArguments>();
  command->add_option("--config", arguments->config_file, "Configuration file")->type_name("FILE.toml");
  command->add_option("--region", arguments->overrides.region, "The region's name")->type_name("NAME");
  command->add_option("--listen", arguments->overrides.listen, "Where the API listens with TLS")
      ->type_name("ADDR:PORT");
  command->add_option("--http", arguments->overrides.http, "Where it listens without TLS too: a loopback address only")
      ->type_name("ADDR:PORT");
  command
      ->add_option("--dataplane", arguments->dataplane,
                   "ebpf: instances are namespaces and packets pass (root); off: the API alone")
      ->check(CLI::IsMember({"ebpf", "off"}))
      ->capture_default_str();
  const std::map<std::string, LogLevel> levels{
      {"debug", LogLevel::debug}, {"info", LogLevel::info}, {"warning", LogLevel::warning}, {"error", LogLevel::error}};
  command->add_option("--log-level", arguments->log_level, "The least that is logged: debug, info, warning, error")
      ->transform(CLI::Transformer(levels))
      ->default_str("info");
  command->callback([&context, arguments] { context.finish(serve(context, *arguments)); });
}

}  // namespace ginnel::cli

// relay: the process that carries connections to upstreams outside any VPC. The daemon starts it.
#include "relay/relay.h"

#include <memory>

#include "cli/command.h"

namespace ginnel::cli {

void add_relay(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("relay", "Carry connections to upstreams (started by the daemon)");
  auto options = std::make_shared<relay::RelayOptions>();
  command->add_option("--control", options->control_path, "Socket file on which it is told its services")
      ->required()
      ->type_name("SOCKET");
  command->callback([&context, options] {
    Log log = Log::to_stderr();
    context.exit_code = relay::run(*options, log);
  });
}

}  // namespace ginnel::cli

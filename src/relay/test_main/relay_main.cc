// For the tests: a relay as a process of its own, and a process that starts one and waits to be killed.
//   relay_main relay --control SOCKET [IDLE_MS [CONNECTIONS]]
//   relay_main start SOCKET LOG LISTEN_PORT UPSTREAM_PORT    prints a line once the service is set
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "relay/client.h"
#include "relay/relay.h"

namespace {

int run_relay(const std::vector<std::string>& args) {
  ginnel::relay::RelayOptions options;
  options.control_path = args[1];
  if (args.size() > 2) options.limits.idle_timeout = std::chrono::milliseconds(std::stoul(args[2]));
  if (args.size() > 3) options.limits.connections = std::stoul(args[3]);
  ginnel::Log log = ginnel::Log::to_stderr();
  return ginnel::relay::run(options, log);
}

int start_and_wait(const std::vector<std::string>& args) {
  auto client = ginnel::relay::Client::ensure_running({"/proc/self/exe", args[0], args[1], {}});
  if (!client) {
    std::fprintf(stderr, "%s\n", client.error().text().c_str());
    return 1;
  }
  const auto set = client->set_services(
      {{"test", static_cast<uint16_t>(std::stoul(args[2])), "127.0.0.1", static_cast<uint16_t>(std::stoul(args[3]))}},
      ginnel::IpAddress::from_v4(0x7f000001));
  if (!set) std::fprintf(stderr, "%s\n", set.error().text().c_str());
  std::puts(set ? "ready" : "failed");
  std::fflush(stdout);
  while (true) ::pause();
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() >= 3 && args[0] == "relay" && args[1] == "--control") {
    return run_relay({args.begin() + 1, args.end()});
  }
  if (args.size() == 5 && args[0] == "start") return start_and_wait({args.begin() + 1, args.end()});
  std::fprintf(stderr, "unknown arguments\n");
  return 2;
}

#include "dataplane/teardown.h"

#include "daemon/serve.h"
#include "daemon/state_dir.h"
#include "relay/client.h"

namespace ginnel::daemon {

Status teardown(const std::filesystem::path& state_dir, Log& log) {
  GINNEL_TRY(const auto state, StateDir::read(state_dir.string()));
  if (auto relay = relay::Client::find(state.file("relay.sock"))) {
    GINNEL_CHECKED(relay->stop());
    log.info("stopped the relay, process {}", relay->pid());
  }
  GINNEL_TRY(const auto report, dataplane::teardown(state.tag));
  log.info("removed {} devices and {} namespaces", report.devices, report.namespaces);
  return {};
}

}  // namespace ginnel::daemon

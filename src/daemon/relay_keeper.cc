#include "daemon/relay_keeper.h"

namespace ginnel::daemon {

Result<std::unique_ptr<RelayKeeper>> RelayKeeper::open(relay::Launch launch, std::vector<plan::RelayService> services,
                                                       const IpAddress& system_address, Log& log) {
  GINNEL_TRY(auto client, relay::Client::ensure_running(launch));
  GINNEL_CHECKED(client.set_services(services, system_address));
  log.info("relay: {}, process {}", client.adopted() ? "adopted" : "started", client.pid());
  return std::unique_ptr<RelayKeeper>(
      new RelayKeeper(std::move(launch), std::move(services), system_address, std::move(client), log));
}

RelayKeeper::RelayKeeper(relay::Launch launch, std::vector<plan::RelayService> services,
                         const IpAddress& system_address, relay::Client client, Log& log)
    : launch_(std::move(launch)),
      services_(std::move(services)),
      system_address_(system_address),
      log_(log),
      client_(std::move(client)) {}

void RelayKeeper::check() {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  const auto status = client_.status();
  if (status) return;
  log_.warning("the relay does not answer and is started anew: {}", status.error().text());
  auto next = relay::Client::ensure_running(launch_);
  if (!next) {
    log_.error("{}", next.error().text());
    return;
  }
  client_ = std::move(*next);
  if (const auto told = client_.set_services(services_, system_address_); !told) log_.error("{}", told.error().text());
}

boost::json::object RelayKeeper::status() {
  const std::lock_guard lock(mutex_);
  const auto status = client_.status();
  if (!status) return {{"running", false}, {"error", status.error().text()}};
  return {{"running", true}, {"pid", client_.pid()}, {"connections", status->connections}};
}

Status RelayKeeper::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  return client_.stop();
}

}  // namespace ginnel::daemon

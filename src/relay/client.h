// The daemon's side of the relay: finds or starts the process and tells it its services. Blocking calls of some
// milliseconds, each with a deadline; one thread at a time.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "planner/plan.h"
#include "relay/protocol.h"

namespace ginnel::relay {

struct Launch {
  std::string executable;    // the `ginnel` program; it is run as "EXECUTABLE relay --control PATH …"
  std::string control_path;  // at most 107 bytes
  std::string log_path;      // of a relay that is started
  std::vector<std::string> more_arguments;
};

class Client {
 public:
  // Adopts the relay that answers on the control socket, or starts one: in the network namespace of the calling
  // thread, as a process that outlives this one. Several starters may race; one relay comes out. A relay of another
  // protocol is told to carry its connections to their end, and a new one is started beside it.
  static Result<Client> ensure_running(const Launch& launch);
  // The relay that answers on the socket; an error where none does.
  static Result<Client> find(const std::string& control_path);

  [[nodiscard]] bool adopted() const { return adopted_; }  // it ran before
  [[nodiscard]] int64_t pid() const { return pid_; }

  // The whole list. An error where it makes no sense, or where a service cannot listen: the others then do, and
  // calling again tries again. Connections of services that are gone live on, unless `close_removed`.
  Status set_services(const std::vector<plan::RelayService>& services, const IpAddress& system_address,
                      bool close_removed = false);
  Result<RelayStatus> status();
  // Resets all connections; returns when the process has ended.
  Status stop();

 private:
  explicit Client(std::string control_path) : control_path_(std::move(control_path)) {}

  std::string control_path_;
  bool adopted_ = true;
  int64_t pid_ = 0;
};

}  // namespace ginnel::relay

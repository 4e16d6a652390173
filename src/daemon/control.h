// The operator's API on DIR/control.sock: JSON over HTTP, for the `ginnel` command. Who can open the socket (mode 0600)
// may do everything.
//
//   GET  /v1/status          what runs
//   GET  /v1/env             endpoint URL, CA, region and the first account's key
//   GET  /v1/accounts        accounts and their key ids
//   POST /v1/accounts        {account_id?, access_key_id?, secret_access_key?} → the account and its new key
//   GET  /v1/instances/ID    what `ginnel exec` needs
//   GET  /v1/ca              the CA's certificate
//   GET  /v1/drops           dropped packets by reason
//   GET  /v1/names           what numbers in the packet program's maps stand for (names.h)
//   GET  /v1/ports           interfaces that are attached to this host
//   POST /v1/attach          {interface, netns | tap | device, ifname?, owner?} → the port (attachments.h)
//                            {container, subnet, groups?, netns, ifname?} makes the interface too, for ginnel-cni
//   POST /v1/attach/look     {interface | container} → the port, and what is wrong with it
//   POST /v1/detach          {interface | container}
//   POST /v1/teardown        stop, and take away what the region has in the kernel
//
// An error is {"error": "…"} with status 400, 404, 405 or 500.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "daemon/committer.h"
#include "daemon/port_control.h"
#include "http/message.h"
#include "http/responder.h"
#include "model/region.h"

namespace ginnel::daemon {

// What the control socket tells and asks of the rest of the daemon. Called from HTTP threads.
struct ControlHooks {
  std::function<boost::json::object()> status;  // what the daemon knows beyond the snapshot
  std::function<boost::json::object()> drops;
  std::function<void()> teardown;
};

// What does not change while the daemon runs.
struct ControlFacts {
  std::string endpoint_url;  // "https://127.0.0.1:8443"
  std::string ca_path, ca_certificate;
};

class Control {
 public:
  // References must outlive this.
  Control(const model::Region& region, ControlFacts facts, Committer& committer, const Clock& clock,
          RandomSource& random, ControlHooks hooks, PortControl& ports);

  void handle(const http::Request& request, http::Responder responder);

 private:
  http::Response get(const std::string& path) const;
  void create_account(const std::string& body, http::Responder responder);
  [[nodiscard]] boost::json::object status() const;
  [[nodiscard]] Result<boost::json::object> env() const;
  [[nodiscard]] boost::json::array accounts() const;
  [[nodiscard]] Result<boost::json::object> instance(const std::string& id) const;

  const model::Region& region_;
  const ControlFacts facts_;
  Committer& committer_;
  const Clock& clock_;
  RandomSource& random_;
  const ControlHooks hooks_;
  PortControl& ports_;
};

}  // namespace ginnel::daemon

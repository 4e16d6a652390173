// The part of the control socket that attaches network interfaces to this host
// (control.h lists the calls).
//
// An attachment is first looked at on the host, then committed, and answered
// once it is in force; one that does not come into force is taken back. Called
// from HTTP threads; answers come from those of the committer and the applier.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "daemon/applier.h"
#include "daemon/attachments.h"
#include "daemon/committer.h"
#include "daemon/host_path.h"
#include "http/message.h"
#include "http/responder.h"

namespace ginnel::daemon {

class PortControl {
 public:
  // References must outlive this, and every answer.
  PortControl(const model::Region& region, Committer& committer, Applier& applier, HostPath& path, const Clock& clock,
              RandomSource& random)
      : region_(region), committer_(committer), applier_(applier), path_(path), clock_(clock), random_(random) {}

  [[nodiscard]] boost::json::array list() const;
  void attach(const std::string& body, http::Responder responder);
  void detach(const std::string& body, http::Responder responder);
  // One that is attached, and what is wrong with its port ("why").
  void look(const std::string& body, http::Responder responder) const;

 private:
  using Answer = std::shared_ptr<http::Responder>;

  Result<model::Change> attachment(const model::Snapshot& snapshot, const AttachRequest& request);
  void committed(const model::NetworkInterface& wanted, const Status& status, const Answer& answer);
  void answer_applied(const model::NetworkInterface& interface, const Status& status, const Answer& answer);

  const model::Region& region_;
  Committer& committer_;
  Applier& applier_;
  HostPath& path_;
  const Clock& clock_;
  RandomSource& random_;
};

}  // namespace ginnel::daemon

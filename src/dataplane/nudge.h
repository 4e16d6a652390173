// Makes both ends of a cut TCP connection send something at once, so that they are reset without waiting for data.
//
// An end is sent a bare acknowledgement, as if from its peer, whose sequence number is none that it expects. It answers
// with its own numbers (RFC 9293 section 3.10.7.4), and that answer meets the cut flow. No more is sent than one frame
// an end, and the other end is not asked where the first one's answer has ended the flow already.
#pragma once

#include <vector>

#include "abi/flow.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "dataplane/maps.h"

namespace ginnel::dataplane {

class Nudger {
 public:
  // For devices of the calling thread's network namespace. Needs CAP_NET_RAW.
  static Result<Nudger> open();

  // `cut` is what mark_flows gave. A device that is gone is no error: its end is gone with it.
  Status nudge(const Map<ginnel_flow_key, ginnel_flow>& flows, const std::vector<ginnel_flow_key>& cut) const;

 private:
  UniqueFd socket_;
};

}  // namespace ginnel::dataplane

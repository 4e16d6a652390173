// Makes both ends of a cut TCP connection send something at once, so that they are reset without waiting for data.
//
// An end is sent a bare acknowledgement, as if from its peer, whose sequence number is none that it expects. It answers
// with its own numbers (RFC 9293 section 3.10.7.4), and that answer meets the cut flow. No more is sent than one frame
// an end, and only the other end is asked where the first one's answer has ended the flow already.
#pragma once

#include "base/unique_fd.h"
#include "dataplane/flow_gc.h"

namespace ginnel::dataplane {

class Nudger {
 public:
  // For devices of the calling thread's network namespace. Needs CAP_NET_RAW.
  static Result<Nudger> open();

  // `marked` is what cut_flows gave. A device that is gone is no error: its end is gone with it.
  Status nudge(const Map<ginnel_flow_key, ginnel_flow>& flows, const std::vector<FlowEntry>& marked) const;

 private:
  UniqueFd socket_;
};

}  // namespace ginnel::dataplane

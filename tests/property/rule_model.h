// What security groups allow, by AWS's documentation alone: "Control traffic to your AWS resources using security
// groups", "Security group rules", and "Security groups for your Network Load Balancer". It shares no code with the
// planner, the data plane or the packet program: it takes rules as the API has them, addresses as text.
#pragma once

#include <netinet/in.h>

#include <string>
#include <vector>

#include "model/snapshot.h"

namespace ginnel::property {

// What a rule is asked about: traffic between an interface and a peer.
struct Traffic {
  int protocol = 0;
  int port = 0;            // TCP, UDP: the receiver's
  int type = 0, code = 0;  // ICMP of both families
  std::string peer;        // the other end's address
  std::string peer_vpc;    // where that is
  std::string own_vpc;
};

class RuleModel {
 public:
  explicit RuleModel(const model::Snapshot& snapshot) : snapshot_(snapshot) {}

  // Whether a rule of any of the groups allows it.
  [[nodiscard]] bool allows(const std::vector<std::string>& groups, bool egress, const Traffic& traffic) const;

 private:
  [[nodiscard]] bool covers(const model::SecurityGroupRule& rule, const Traffic& traffic) const;
  [[nodiscard]] bool has_peer(const model::SecurityGroupRule& rule, const Traffic& traffic) const;

  const model::Snapshot& snapshot_;
};

// "10.0.0.0/8" has "10.1.2.3"; addresses of another family are in no block.
[[nodiscard]] bool is_in_block(const std::string& block, const std::string& address);

}  // namespace ginnel::property

// First packets of flows in one random region, and what the model says of them.
#pragma once

#include <string>
#include <vector>

#include "random_region.h"
#include "rule_model.h"

namespace ginnel::property {

// The first packet of a flow.
struct Case {
  const Host* from = nullptr;
  std::string to_address;
  const Host* to = nullptr;  // nullptr: an endpoint's address, or the load balancer's
  Traffic traffic;
  std::string packet;  // a line of packet_test::build()
  std::string again;   // a later packet of that flow
  std::string answer;  // empty: nothing answers
};

class Questions {
 public:
  // Both must outlive it.
  Questions(Random& random, const model::Snapshot& snapshot) : random_(random), snapshot_(snapshot), model_(snapshot) {}

  Case next();

  // The reason of the drop; empty if it is let through.
  [[nodiscard]] std::string verdict(const Case& asked) const;

  [[nodiscard]] std::string tell(const Case& asked) const;

 private:
  void to_host(Case& out);
  void to_listener(Case& out, const Addresses& addresses);
  void transport(Case& out, bool tcp, int port = 0);
  void message(Case& out);
  int near(int port);
  int next_port() { return port_ = port_ == 60000 ? 1024 : port_ + 1; }

  [[nodiscard]] const std::vector<std::string>& groups_of(const std::string& interface) const;
  [[nodiscard]] bool asks(const std::vector<std::string>& groups, bool egress, Traffic traffic,
                          const std::string& peer) const;
  [[nodiscard]] bool has_target(const Case& asked) const;
  [[nodiscard]] std::string behind_load_balancer(const Case& asked, const std::string& client, bool endpoint) const;
  [[nodiscard]] bool names_balancer(const std::vector<std::string>& target, Traffic forward,
                                    const std::string& node) const;

  Random& random_;
  const model::Snapshot& snapshot_;
  RuleModel model_;
  bool ipv6_ = false;  // of the packet that is being made
  int port_ = 1023;
};

}  // namespace ginnel::property

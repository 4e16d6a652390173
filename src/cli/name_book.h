// Names of the numbers that flows and counters hold.
//
// The daemon knows all of them (GET /v1/names). Where none answers, the packet program's own maps still tell the
// interfaces of this host and the endpoints of endpoint services; VPCs and the rest then go by their numbers.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <map>
#include <string>

#include "base/result.h"
#include "dataplane/flow_filter.h"
#include "dataplane/running_flows.h"

namespace ginnel::cli {

class NameBook {
 public:
  // What is learnt adds to what is known.
  Status learn(const boost::json::value& answer);  // of the daemon
  void learn(const dataplane::KernelNames& names);
  [[nodiscard]] bool has_daemon() const { return has_daemon_; }

  // Called, once until the next allow_more(), where a name is missing: it may learn more.
  void on_missing(std::function<void(NameBook&)> more) { more_ = std::move(more); }
  void allow_more() { may_ask_ = true; }

  // "vpc-…", "system", or the number.
  [[nodiscard]] std::string vpc(plan::VpcNumber number);
  // "vpce-…", "resolver", "LOAD-BALANCER:PORT", or the number; empty for 0.
  [[nodiscard]] std::string link(plan::LinkNumber number);
  // Empty where it is not known.
  [[nodiscard]] std::string interface(plan::VpcNumber vpc, const IpAddress& address);

  // For filters, which also take the number of a VPC. Refers to this.
  [[nodiscard]] dataplane::FlowNames lookup() const;

 private:
  void learn_interface(const std::string& name, dataplane::FlowInterface interface);
  template <typename Table, typename Key>
  std::string find(const Table& table, const Key& key);
  [[nodiscard]] tl::unexpected<Error> unknown(const char* what) const;

  bool has_daemon_ = false, may_ask_ = true;
  std::function<void(NameBook&)> more_;
  std::map<plan::VpcNumber, std::string> vpcs_;
  std::map<plan::LinkNumber, std::string> links_;
  std::map<std::pair<plan::VpcNumber, IpAddress>, std::string> addresses_;
  std::map<std::string, dataplane::FlowInterface> interfaces_;
};

}  // namespace ginnel::cli

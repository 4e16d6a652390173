// The resolver of all VPCs of this host: who asks is known from the source address, which the data path makes unique.
//
// Serves in a thread of its own from construction to destruction. What it answers is published by set_*; those may be
// called from any thread and are in force when they return. Depends on nothing but plans.
#pragma once

#include <memory>
#include <vector>

#include "base/log.h"
#include "dns/directory.h"
#include "dns/recursion.h"
#include "dns/responder.h"
#include "dns/socket_address.h"
#include "dns/tcp_listener.h"

namespace ginnel::dns {

class Resolver {
 public:
  struct Options {
    std::vector<SocketAddress> listen;  // UDP and TCP each; port 0: any, the same for both
    Recursion::Options recursion;
    TcpLimits tcp;
    size_t most_recursions_each = 128;  // of one asker
  };

  // An Error says what could not be bound or set up. The log must outlive the resolver.
  static Result<std::unique_ptr<Resolver>> start(const Options& options, Log& log);
  ~Resolver();

  // An Error names what is no name; nothing has changed then.
  Status set_host(const plan::HostPlan& host) { return directory_.set_host(host); }
  // The VPC's ports may ask from now on, and see its private names; its public names are there for everybody.
  // dns_support off: its ports get no answer at all.
  Status set_vpc(const plan::VpcPlan& vpc) { return directory_.set_vpc(vpc); }
  void remove_vpc(plan::VpcNumber number) { directory_.remove_vpc(number); }

  // Where it listens, with the ports that were chosen.
  [[nodiscard]] std::vector<SocketAddress> addresses() const;
  [[nodiscard]] const Statistics& statistics() const;

 private:
  class Server;
  Resolver();

  Directory directory_;
  std::unique_ptr<Server> server_;
};

}  // namespace ginnel::dns

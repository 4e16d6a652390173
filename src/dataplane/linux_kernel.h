// The real kernel: operations as netlink requests, mounts and map writes.
#pragma once

#include <map>
#include <string>

#include "dataplane/attach.h"
#include "dataplane/devices.h"
#include "dataplane/flow_gc.h"
#include "dataplane/kernel.h"
#include "dataplane/netns.h"
#include "dataplane/nudge.h"
#include "dataplane/policies.h"
#include "dataplane/system_port.h"
#include "dataplane/tables.h"

namespace ginnel::dataplane {

// A port whose device stands.
struct LocalPort {
  plan::VpcNumber vpc = 0;
  uint32_t ifindex = 0;
  std::string netns;    // of a pair
  bool device = false;  // a tap or a device
  // Once its row in the map stands:
  IpAddress address;
  std::optional<IpAddress> address6;
  IpAddress synthetic;
};

// One thread. Everything that it refers to outlives it.
class LinuxKernel final : public Kernel {
 public:
  struct Parts {
    const Namespaces& namespaces;
    Devices& devices;
    Attacher& attacher;
    Tables& tables;
    FlowEnder& ender;
    Policies& policies;
    int program_fd;
    SystemPort system;
    const Nudger& nudger;
    uint32_t table_size;  // of balancers
  };

  LinuxKernel(const Parts& parts, std::map<std::string, LocalPort> ports) : parts_(parts), ports_(std::move(ports)) {}

  Status execute(plan::VpcNumber vpc, const Operation& operation) override;
  Status settle(plan::VpcNumber vpc) override;

  [[nodiscard]] const std::map<std::string, LocalPort>& ports() const { return ports_; }
  // Ports on what is somebody else's (a namespace, a device) or may be in somebody's way (a tap) that could not be
  // made, and why. They are passed over, so that their VPC's other ports go on; a new attachment or a new start tries
  // again.
  [[nodiscard]] const std::map<std::string, std::string>& away() const { return away_; }
  // The device of a port went without us: what was written for it is struck out, and its flows are cut at the next
  // settle.
  void lost(const std::string& interface_id);
  // To be cut at the next settle.
  void add_gone(Gone gone);

 private:
  Status perform(plan::VpcNumber vpc, const Put<Policy>& put);
  Status perform(plan::VpcNumber vpc, const Remove<Policy>& remove);
  Status perform(plan::VpcNumber vpc, const Put<Namespace>& put);
  Status perform(plan::VpcNumber vpc, const Remove<Namespace>& remove);
  Status perform(plan::VpcNumber vpc, const Put<Device>& put);
  Status perform(plan::VpcNumber vpc, const Remove<Device>& remove);
  Status perform(plan::VpcNumber vpc, const Put<PortEntry>& put);
  Status perform(plan::VpcNumber vpc, const Remove<PortEntry>& remove);
  Status perform(plan::VpcNumber vpc, const Put<Attachment>& put);
  Status perform(plan::VpcNumber vpc, const Remove<Attachment>& remove);
  Status perform(plan::VpcNumber vpc, const Put<Route>& put);
  Status perform(plan::VpcNumber vpc, const Remove<Route>& remove);
  Status perform(plan::VpcNumber vpc, const Put<Destination>& put);
  Status perform(plan::VpcNumber vpc, const Remove<Destination>& remove);
  Status perform(plan::VpcNumber vpc, const Put<Member>& put);
  Status perform(plan::VpcNumber vpc, const Remove<Member>& remove);
  Status perform(plan::VpcNumber vpc, const Put<Link>& put);
  Status perform(plan::VpcNumber vpc, const Remove<Link>& remove);
  Status perform(plan::VpcNumber vpc, const Put<Target>& put);
  Status perform(plan::VpcNumber vpc, const Remove<Target>& remove);
  Status perform(plan::VpcNumber vpc, const Put<Balancer>& put);
  Status perform(plan::VpcNumber vpc, const Remove<Balancer>& remove);
  Status perform(plan::VpcNumber vpc, const Put<ProbeLink>& put);
  Status perform(plan::VpcNumber vpc, const Remove<ProbeLink>& remove);

  [[nodiscard]] Result<LocalPort*> port(const std::string& interface_id);
  Status put_device(plan::VpcNumber vpc, const Put<Device>& put);
  Status release(const std::string& interface_id);
  void addresses_gone(const LocalPort& port);
  // 0 without groups.
  [[nodiscard]] Result<PolicyId> policy_of(plan::VpcNumber vpc, const std::optional<GroupSet>& groups) const;

  Parts parts_;
  std::map<std::string, LocalPort> ports_;  // by interface id
  std::map<std::string, std::string> away_;
  Gone gone_;
};

// How the objects look in their maps. `policy` is that of their groups.
[[nodiscard]] ginnel_link link_row(const Link& link, PolicyId policy, const SystemPort& system);
[[nodiscard]] ginnel_link probe_row(plan::VpcNumber vpc, uint16_t port, const ProbeLink& probe, PolicyId policy);
[[nodiscard]] ginnel_balancer balancer_row(plan::VpcNumber vpc, const Balancer& balancer, PolicyId policy,
                                           uint32_t table_size);

}  // namespace ginnel::dataplane

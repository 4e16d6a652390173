// Who may ask, and what each of them sees: made from plans, published as a whole.
//
// The reading side takes one pointer for each query and works on a value that never changes. The writing side may be
// called from any thread; when a call returns, every query that begins later sees its effect.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "base/persistent_map.h"
#include "dns/zones.h"
#include "planner/plan.h"

namespace ginnel::dns {

// What the resolver knows of one VPC.
struct VpcView {
  plan::VpcNumber number = 0;
  bool dns_support = true;
  Zones private_zones;
};

// Everything at one moment.
struct State {
  PersistentMap<IpAddress, std::shared_ptr<const VpcView>> sources;  // by synthetic address
  Zones public_zones;

  // Nothing: nobody with this address may ask.
  [[nodiscard]] const VpcView* view_of(const IpAddress& source) const {
    const auto* view = sources.find(source);
    return view ? view->get() : nullptr;
  }
  // The VPC's private names first, then the public ones.
  [[nodiscard]] Found find(const VpcView& view, const Name& name) const;
};

class Directory {
 public:
  Directory();

  [[nodiscard]] std::shared_ptr<const State> state() const;

  // An Error names the name that is none; nothing has changed then.
  Status set_host(const plan::HostPlan& host);
  // Replaces what was published of this VPC: the addresses of its ports and its names, all at once.
  Status set_vpc(const plan::VpcPlan& vpc);
  void remove_vpc(plan::VpcNumber number);

 private:
  // What was published, to be taken back.
  struct Published {
    std::vector<IpAddress> sources;
    std::vector<plan::Name> private_names, public_names;
    bool dns_support = true;
    std::shared_ptr<const VpcView> view;
  };

  void publish(State next);

  std::mutex writing_;
  std::map<plan::VpcNumber, Published> published_;  // guarded by writing_
  mutable std::mutex reading_;                      // for the pointer alone
  std::shared_ptr<const State> state_;
};

}  // namespace ginnel::dns

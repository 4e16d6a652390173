// A running program's maps become those of a program with another layout, while packets flow.
//
//   copy()      everything, while the old program goes on
//   hold()      no flow is opened any more (GINNEL_SETTING_HOLD), and what changed since copy() is copied again
//   …           the caller puts the new program on every port
//   finish()    flows are opened again, and what the old program noted meanwhile is added
//
// A packet of a known flow is let through at any moment: its entry is in both maps before the first port changes over.
// An old program that knows no hold (layout 2) may open flows until its port changes over; their entries follow in
// finish(), some milliseconds later. See docs/decisions/0018-maps-are-carried-over.md. One thread; the programs'
// descriptors outlive it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "dataplane/carrier.h"
#include "dataplane/flow_carrier.h"
#include "dataplane/programs.h"
#include "dataplane/running.h"

namespace ginnel::dataplane {

class Migration {
 public:
  // Nothing is changed yet. Refuses layouts that cannot be compared.
  static Result<Migration> prepare(const RunningProgram& old, uint32_t from_version, Program& fresh, Log& log);

  Status copy();
  Status hold();
  Status finish();
  // Instead of finish(), when the old program stays: it may open flows again.
  Status give_up();

  // Whether the old program has flows at all.
  [[nodiscard]] bool has_flows() const { return flows_.has_value(); }

 private:
  Migration(const RunningProgram& old, uint32_t from_version, Program& fresh, Log& log);
  Status match_maps();
  Status match(const MapContents& from, const MapContents& to);
  Status set_hold(bool on);

  const RunningProgram& old_;
  uint32_t from_version_;
  Program& fresh_;
  Log& log_;
  std::unique_ptr<KernelTypes> types_ = std::make_unique<KernelTypes>();
  std::vector<Carrier> carriers_;
  std::optional<FlowCarrier> flows_;
  // The old program's settings: where, and how they are written; none if it knows no hold.
  std::optional<MapContents> old_settings_;
  std::optional<RecordCopy> to_old_settings_;
  bool counts_ = false;  // whether the old program counts beside its flows
  uint64_t held_ns_ = 0;
};

}  // namespace ginnel::dataplane

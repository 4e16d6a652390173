#include "dataplane/migration.h"

#include <linux/bpf.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <set>

#include "abi/settings.h"
#include "dataplane/layout_changes.h"

namespace ginnel::dataplane {
namespace {

constexpr const char* kFlows = "flows";
constexpr const char* kPortCounts = "port_counts";
constexpr const char* kSettings = "settings";

// Until every run of a program that began before has ended: they run inside RCU's reading sections, for which this
// command waits (membarrier(2): MEMBARRIER_CMD_GLOBAL).
void wait_for_running_programs() { syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0); }

uint64_t now_ns() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
}

// They forget by themselves and are filled again.
bool is_cache(uint32_t kind) { return kind == BPF_MAP_TYPE_LRU_HASH || kind == BPF_MAP_TYPE_LRU_PERCPU_HASH; }

}  // namespace

Migration::Migration(const RunningProgram& old, uint32_t from_version, Program& fresh, Log& log)
    : old_(old), from_version_(from_version), fresh_(fresh), log_(log) {}

Result<Migration> Migration::prepare(const RunningProgram& old, uint32_t from_version, Program& fresh, Log& log) {
  Migration out(old, from_version, fresh, log);
  GINNEL_CHECKED(out.match_maps());
  return out;
}

Status Migration::match_maps() {
  std::set<std::string> ours;
  counts_ = old_.maps.contains(kPortCounts);
  for (const auto& [name, fd] : fresh_.maps()) {
    ours.insert(kernel_map_name(name));
    const auto found = old_.maps.find(kernel_map_name(name));
    if (is_own_map(name) || found == old_.maps.end()) continue;
    GINNEL_TRY(const MapContents to, MapContents::of(fd, name, *types_));
    GINNEL_TRY(const MapContents from, MapContents::of(found->second.get(), name, *types_));
    GINNEL_CHECKED(match(from, to));
  }
  for (const auto& [name, fd] : old_.maps) {
    if (!is_own_map(name) && !ours.contains(name)) {
      log_.warning("data plane: this layout has no map {}, what the old one's holds is given up", name);
    }
  }
  return {};
}

Status Migration::match(const MapContents& from, const MapContents& to) {
  if (is_cache(to.kind)) return {};
  if (to.name == kSettings) {
    GINNEL_TRY(to_old_settings_, RecordCopy::between(to.value, from.value, "map settings"));
    old_settings_ = from;
    return {};
  }
  GINNEL_TRY(Carrier carrier, Carrier::between(from, to));
  if (to.name == kFlows) {
    flows_.emplace(std::move(carrier), fresh_.tables().flows, from_version_);
  } else {
    carriers_.push_back(std::move(carrier));
  }
  return {};
}

Status Migration::set_hold(bool on) {
  ginnel_settings wanted{};
  if (on) wanted.flags = GINNEL_SETTING_HOLD;
  if (old_settings_) {
    std::vector<uint8_t> value(old_settings_->entry_size());
    if (!to_old_settings_->convert(reinterpret_cast<const uint8_t*>(&wanted), value.data())) {
      return fail("write map", kSettings, "the old layout has no room for it");
    }
    GINNEL_CHECKED(old_settings_->write(std::vector<uint8_t>(sizeof(__u32)), value, 1));
  }
  return fresh_.tables().settings.put(0, wanted);
}

Status Migration::copy() {
  for (Carrier& each : carriers_) {
    GINNEL_CHECKED(each.copy());
    if (each.unfit() != 0)
      log_.warning("data plane: {} entries of map {} do not fit its new layout", each.unfit(), each.name());
  }
  return flows_ ? flows_->copy() : Status{};
}

Status Migration::hold() {
  held_ns_ = now_ns();
  GINNEL_CHECKED(set_hold(true));
  wait_for_running_programs();
  for (Carrier& each : carriers_) GINNEL_CHECKED(each.copy_again());
  return flows_ ? flows_->copy_again() : Status{};
}

Status Migration::finish() {
  wait_for_running_programs();
  // Before flows are opened again, since how many there are must not be missed by one.
  for (Carrier& each : carriers_) {
    if (each.counts()) GINNEL_CHECKED(each.finish());
  }
  // Whatever the old program could open is there already, if it was held.
  if (old_settings_ && counts_) GINNEL_CHECKED(fresh_.tables().settings.put(0, {}));
  if (flows_) GINNEL_CHECKED(flows_->finish());
  if (!counts_) GINNEL_CHECKED(begin_counts(fresh_.tables()));
  for (Carrier& each : carriers_) {
    if (!each.counts()) GINNEL_CHECKED(each.finish());
  }
  GINNEL_CHECKED(fresh_.tables().settings.put(0, {}));
  log_.info(
      "data plane: carried over from layout {} to {}: {} entries of flows, {} do not fit; no flow was opened for {} ms",
      from_version_, GINNEL_LAYOUT_VERSION, flows_ ? flows_->entries() : 0, flows_ ? flows_->unfit() : 0,
      (now_ns() - held_ns_) / 1000000);
  return {};
}

Status Migration::give_up() { return set_hold(false); }

}  // namespace ginnel::dataplane

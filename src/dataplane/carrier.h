// One map's entries on their way from a running program to one of another layout. See migration.h.
//
// What an entry is to the migration follows from who writes it. The daemon's own maps stand still while it opens the
// data plane: they are copied once. Of counters both programs add to their own copy, and the sums are put together.
// What else a program writes is copied again when nothing new begins any more.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "dataplane/map_contents.h"
#include "dataplane/record_copy.h"

namespace ginnel::dataplane {

// Both maps outlive it. One thread.
class Carrier {
 public:
  static Result<Carrier> between(const MapContents& from, const MapContents& to);

  // The old map's entries in the new layout, so many at a time. Those that do not fit into it are left out.
  using Each = std::function<Status(std::vector<uint8_t>& keys, std::vector<uint8_t>& values, uint32_t count)>;
  Status read(const Each& each);
  // Puts what read() gave into the new map.
  Status write(const std::vector<uint8_t>& keys, const std::vector<uint8_t>& values, uint32_t count) const {
    return to_.write(keys, values, count);
  }

  // While the old program works, and no other does.
  Status copy();
  // Once nothing new begins.
  Status copy_again();
  // When only the new program works: what the old one did since.
  Status finish();

  [[nodiscard]] const std::string& name() const { return to_.name; }
  // Whether it holds nothing but counters.
  [[nodiscard]] bool counts() const { return role_ == Role::counters; }
  [[nodiscard]] size_t unfit() const { return unfit_; }  // entries left out at the last reading

 private:
  Carrier(const MapContents& from, const MapContents& to, RecordCopy key, RecordCopy value);
  Status copy_inner_maps();
  bool convert_entry(const uint8_t* from, uint8_t* to) const;
  Status add_what_was_counted(const std::string& key, const std::string& counted);
  Status put_what_changed(const std::string& key, const std::string& entry);

  enum class Role { fixed, inner_maps, counters, live };
  MapContents from_, to_;
  RecordCopy key_, value_;
  Role role_ = Role::fixed;
  std::unordered_map<std::string, std::string> copied_;  // of counters and live entries, as they were last copied
  size_t unfit_ = 0;
};

}  // namespace ginnel::dataplane

#include "api/counter.h"

namespace ginnel::api {

uint32_t next_number(const model::Snapshot& snapshot, model::Change& change, std::string_view kind) {
  for (auto& resource : change.puts) {
    auto* counter = std::get_if<model::Counter>(&resource);
    if (counter != nullptr && counter->id == kind) return counter->next++;
  }
  const auto* stored = snapshot.find<model::Counter>(kind);
  model::Counter counter = stored == nullptr ? model::Counter{.id = std::string(kind)} : *stored;
  const uint32_t number = counter.next++;
  change.put(std::move(counter));
  return number;
}

}  // namespace ginnel::api

// Numbers that are never given out twice (model::Counter).
#pragma once

#include <string_view>

#include "model/snapshot.h"

namespace ginnel::api {

// The next number of the kind ("vpc", "security-group", "vpc-endpoint"), from 1; the change keeps that it is taken.
// May be called several times with one change.
[[nodiscard]] uint32_t next_number(const model::Snapshot& snapshot, model::Change& change, std::string_view kind);

}  // namespace ginnel::api

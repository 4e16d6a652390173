// What cases expect of the counters (abi/count.h): "port_count", "link_count", "port_drops", "link_drops".
#pragma once

#include <string>

#include "words.h"
#include "world.h"

namespace ginnel::packet_test {

// False if the command is none of these. Expectations that fail are failures of the test at hand.
bool expect_counts(World& world, const std::string& command, Words words);

}  // namespace ginnel::packet_test

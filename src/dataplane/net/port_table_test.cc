// The two maps of ports are one table.
#include "dataplane/port_table.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>

#include "dataplane/net/loaded_program.h"

namespace ginnel::dataplane {
namespace {

ginnel_port port_of(const char* id, uint32_t vpc) {
  ginnel_port out{};
  out.vpc = vpc;
  std::strncpy(out.interface_id, id, sizeof out.interface_id - 1);
  return out;
}

class PortTableTest : public LoadedProgramTest, public testing::WithParamInterface<uint32_t> {
 protected:
  PortTable& table() { return program_->tables().ports; }
  std::map<uint32_t, std::string> rows() {
    std::map<uint32_t, std::string> out;
    const auto status =
        table().for_each([&](__u32 ifindex, const ginnel_port& port) { out[ifindex] = port.interface_id; });
    EXPECT_TRUE(status) << status.error().text();
    return out;
  }
};

TEST_P(PortTableTest, HoldsARowUntilItIsErased) {
  using Rows = std::map<uint32_t, std::string>;
  const uint32_t ifindex = GetParam();
  EXPECT_EQ(rows(), Rows{});
  EXPECT_EQ(table().erase(ifindex).value(), false);
  ASSERT_GOOD(table().put(ifindex, port_of("eni-1", 1)));
  EXPECT_EQ(rows(), (Rows{{ifindex, "eni-1"}}));
  ASSERT_GOOD(table().put(ifindex, port_of("eni-2", 2)));
  EXPECT_EQ(rows(), (Rows{{ifindex, "eni-2"}}));
  EXPECT_EQ(table().erase(ifindex).value(), true);
  EXPECT_EQ(rows(), Rows{});
  EXPECT_EQ(table().erase(ifindex).value(), false);
}

INSTANTIATE_TEST_SUITE_P(Devices, PortTableTest,
                         testing::Values(1U, GINNEL_PORT_SLOTS - 1, GINNEL_PORT_SLOTS, 1U << 30));

}  // namespace
}  // namespace ginnel::dataplane

#include "dataplane/drop_meaning.h"

#include <gtest/gtest.h>

#include "abi/drop_reason.h"
#include "dataplane/counts.h"

namespace ginnel::dataplane {
namespace {

TEST(DropMeaning, EveryReasonHasOne) {
  EXPECT_EQ(drop_meaning("ingress_denied"), "no ingress rule of the receiver's security groups allows it");
  EXPECT_EQ(drop_meaning("not_a_port"), "the device is not known as a port");
  for (uint32_t reason = 1; reason < GINNEL_DROP_COUNT; ++reason) {
    EXPECT_NE(drop_meaning(drop_reason_name(reason)), "") << drop_reason_name(reason);
  }
  EXPECT_EQ(drop_meaning("none"), "");
  EXPECT_EQ(drop_meaning("colour"), "");
}

}  // namespace
}  // namespace ginnel::dataplane

#include "dataplane/flow_follower.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ginnel::dataplane {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Flow flow(uint64_t id, FlowState state = FlowState::established, uint64_t packets = 10) {
  Flow out;
  out.id = id;
  out.state = state;
  out.packets_sent = packets;
  out.idle_limit_s = 350;
  return out;
}

class FollowerTest : public testing::Test {
 protected:
  // What a reading of these flows tells.
  std::vector<std::string> read(const std::vector<Flow>& flows, uint32_t now_s = 1000) {
    std::vector<std::string> out;
    const auto tell = [&](const FlowEvent& event) {
      const bool opened = event.kind == FlowEventKind::opened;
      out.push_back(fmt::format("{} {}", event.flow->id, opened ? "opened" : event.why));
    };
    follower_.begin(now_s);
    for (const auto& each : flows) follower_.see(each, tell);
    follower_.end(tell);
    return out;
  }
  FlowFollower follower_;
};

TEST_F(FollowerTest, WhatWasThereBeforeIsNoNews) {
  EXPECT_THAT(read({flow(1), flow(2, FlowState::closed)}), IsEmpty());
  EXPECT_THAT(read({flow(1), flow(2, FlowState::closed)}), IsEmpty());
  EXPECT_THAT(read({flow(1)}), IsEmpty()) << "2 had ended before";
  EXPECT_EQ(follower_.size(), 1U);
}

TEST_F(FollowerTest, OpensAndEndsOnce) {
  EXPECT_THAT(read({}), IsEmpty());
  EXPECT_THAT(read({flow(1, FlowState::opening)}), ElementsAre("1 opened"));
  EXPECT_THAT(read({flow(1)}), IsEmpty());
  EXPECT_THAT(read({flow(1, FlowState::closing)}), IsEmpty());
  EXPECT_THAT(read({flow(1, FlowState::closed)}), ElementsAre("1 closed"));
  EXPECT_THAT(read({flow(1, FlowState::closed)}), IsEmpty());
  EXPECT_THAT(read({}), IsEmpty());
  EXPECT_EQ(follower_.size(), 0U);
}

TEST_F(FollowerTest, AShortFlowIsBothAtOnce) {
  EXPECT_THAT(read({}), IsEmpty());
  EXPECT_THAT(read({flow(1, FlowState::reset)}), ElementsAre("1 opened", "1 reset"));
}

TEST_F(FollowerTest, SaysWhyAFlowIsGone) {
  Flow cut = flow(2), idle = flow(3);
  cut.cut = true;
  idle.idle_s = 340;
  EXPECT_THAT(read({flow(1), cut, idle}, 1000), IsEmpty());
  EXPECT_THAT(read({}, 1010), UnorderedElementsAre("1 gone", "2 cut", "3 idle"));
}

TEST_F(FollowerTest, TheSamePortsAgain) {
  EXPECT_THAT(read({flow(1), flow(2)}), IsEmpty());
  EXPECT_THAT(read({flow(1, FlowState::opening, 1), flow(2, FlowState::closed, 20)}),
              ElementsAre("1 replaced", "1 opened", "2 closed"));
  EXPECT_THAT(read({flow(1, FlowState::opening, 2), flow(2, FlowState::opening, 21)}), ElementsAre("2 opened"));
  EXPECT_THAT(read({flow(1, FlowState::established, 3), flow(2, FlowState::closed, 22)}), ElementsAre("2 closed"));
}

}  // namespace
}  // namespace ginnel::dataplane

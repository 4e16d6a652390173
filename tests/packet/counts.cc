#include "counts.h"

#include <gtest/gtest.h>

#include <cstring>

namespace ginnel::packet_test {
namespace {

// The members that the line names: "opened=2".
struct Member {
  const char* name;
  uint64_t value;
};

void expect_members(Words& words, const std::vector<Member>& members) {
  for (const Member& member : members) {
    if (const auto expected = words.take(member.name)) {
      EXPECT_EQ(member.value, number(*expected)) << member.name;
    }
  }
  words.finish();
}

void expect_port(World& world, Words words) {
  const auto found = world.program().port_counts().find(world.device(words.next("port")).ifindex());
  const ginnel_port_count count = found ? *found : ginnel_port_count{};
  expect_members(words, {{"sent", count.sent_packets},
                         {"sent_bytes", count.sent_bytes},
                         {"received", count.received_packets},
                         {"received_bytes", count.received_bytes},
                         {"opened", count.opened},
                         {"accepted", count.accepted},
                         {"sent_resets", count.sent_resets},
                         {"received_resets", count.received_resets},
                         {"tracked", count.tracked}});
}

ginnel_link_count_key link_key(Words& words) {
  ginnel_link_count_key key{};
  key.link = static_cast<uint32_t>(number(words.next("link")));
  key.vpc = static_cast<uint32_t>(words.number_or("vpc", 1));
  key.balancer = static_cast<uint32_t>(words.number_or("balancer", 0));
  key.address = to_abi(address(words.next("address")));
  return key;
}

void expect_link(const World& world, Words words) {
  const auto found = world.program().link_counts().find(link_key(words));
  const ginnel_link_count count = found ? *found : ginnel_link_count{};
  expect_members(words, {{"forward", count.forward_packets},
                         {"forward_bytes", count.forward_bytes},
                         {"reverse", count.reverse_packets},
                         {"reverse_bytes", count.reverse_bytes},
                         {"opened", count.opened},
                         {"forward_resets", count.forward_resets},
                         {"reverse_resets", count.reverse_resets}});
}

void expect_drops(const ginnel_drop_count* count, Words& words) {
  const std::string reason = words.next("reason");
  const uint64_t expected = number(words.next("packets"));
  words.finish();
  uint64_t packets = 0;
  for (uint32_t each = 0; count != nullptr && each < GINNEL_DROP_COUNT; each++) {
    if (drop_name(each) == reason) packets = count->packets[each];
  }
  EXPECT_EQ(packets, expected) << reason;
}

}  // namespace

bool expect_counts(World& world, const std::string& command, Words words) {
  if (command == "port_count") {
    expect_port(world, words);
  } else if (command == "link_count") {
    expect_link(world, words);
  } else if (command == "port_drops") {
    const auto count = world.program().port_drops().find(world.device(words.next("port")).ifindex());
    expect_drops(count.get(), words);
  } else if (command == "link_drops") {
    const auto count = world.program().link_drops().find(link_key(words));
    expect_drops(count.get(), words);
  } else {
    return false;
  }
  return true;
}

}  // namespace ginnel::packet_test

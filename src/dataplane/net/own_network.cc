#include "dataplane/net/own_network.h"

#include <sched.h>
#include <unistd.h>

#include <filesystem>

#include "base/random.h"
#include "dataplane/links.h"
#include "dataplane/teardown.h"

namespace ginnel::dataplane {

void OwnNetwork::SetUp() {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces and loads packet programs";
  SystemRandom random;
  tag_ = random_hex(random, 8);
  ASSERT_EQ(unshare(CLONE_NEWNET), 0);
  auto netlink = Netlink::open();
  ASSERT_TRUE(netlink);
  ASSERT_GOOD(set_up(*netlink, "lo"));
}

void OwnNetwork::TearDown() {
  if (tag_.empty()) return;
  EXPECT_EQ(why(teardown(tag_)), "");
  EXPECT_EQ(leftovers(tag_), "");
}

std::string leftovers(const std::string& tag) {
  std::string out;
  auto netlink = Netlink::open();
  if (!netlink) return why(netlink);
  const auto links = list_links(*netlink);
  if (!links) return why(links);
  for (const auto& link : *links) {
    if (link.name != "lo") out += "device " + link.name + "\n";
  }
  for (const char* directory : {"/run/netns", "/etc/netns"}) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
      if (entry.path().filename().string().find(tag) != std::string::npos) out += entry.path().string() + "\n";
    }
  }
  return out;
}

}  // namespace ginnel::dataplane

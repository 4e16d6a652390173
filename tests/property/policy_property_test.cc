// Random regions through the planner and the data plane into the kernel's maps, and random first packets of flows
// through the real program by BPF_PROG_TEST_RUN: each is let through, or dropped under the reason that the model gives;
// and again after each of a few changes, of which only the difference goes to the kernel.
// What is tracked goes on whatever becomes of the rules.
//
// GINNEL_POLICY_SEED=N runs another sequence; a failure names the seed, the region of the sequence and the packet.
#include <gtest/gtest.h>
#include <linux/pkt_cls.h>

#include <cstdlib>
#include <map>

#include "dataplane/attach.h"
#include "dataplane/dataplane.h"
#include "dataplane/links.h"
#include "dataplane/names.h"
#include "dataplane/net/own_network.h"
#include "dataplane/running.h"
#include "frame.h"
#include "planner/planner.h"
#include "planner/print.h"
#include "questions.h"

namespace ginnel::property {
namespace {

constexpr int kRegions = 200, kStatesARegion = 4, kPacketsAState = 200, kTrackedARegion = 20;
constexpr MacAddress kRouterMac{{0x02, 0xfe, 0, 0, 0, 1}};

uint64_t seed() {
  const char* given = std::getenv("GINNEL_POLICY_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 0) : 1;
}

constexpr const char* kDenials[] = {"egress_denied", "ingress_denied", "balancer_denied", "target_denied", "no_target"};
using Reasons = std::map<std::string, uint64_t>;

class Policies : public dataplane::OwnNetwork {
 protected:
  void SetUp() override {
    OwnNetwork::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    host_plan_ = plan::plan_host(region_, tag_, Cidr::parse("100.64.0.0/10").value());
    dataplane::Options options;
    options.flow_entries = 1 << 12;
    options.table_size = 13;
    auto opened = dataplane::Dataplane::open(host_plan_, options, log_);
    ASSERT_GOOD(opened);
    dataplane_ = std::move(*opened);
  }
  void TearDown() override {
    dataplane_.reset();
    OwnNetwork::TearDown();
  }

  void apply(const model::Snapshot& snapshot) {
    for (const char* vpc : {"vpc-2", "vpc-1"}) {
      auto plan = plan::plan_vpc(snapshot, region_, vpc, dataplane_->facts(), host_plan_);
      ASSERT_GOOD(plan);
      ASSERT_GOOD(dataplane_->apply(*plan));
    }
    if (program_ == nullptr) find_program();
  }

  // Once the first ports carry it.
  void find_program() {
    auto netlink = dataplane::Netlink::open();
    auto attacher = dataplane::make_attacher(dataplane::AttachMode::automatic, 1);
    ASSERT_GOOD(attacher);
    auto running = dataplane::find_running(*netlink, **attacher, tag_);
    ASSERT_GOOD(running);
    ASSERT_TRUE(running->has_value());
    program_ = std::make_unique<dataplane::RunningProgram>(std::move(**running));
    const auto links = dataplane::list_links(*netlink);
    ASSERT_GOOD(links);
    for (const Host& each : kHosts) {
      for (const auto& link : *links) {
        if (link.name == dataplane::host_device_name(tag_, each.interface)) ifindex_[each.name] = link.index;
      }
    }
    ASSERT_EQ(ifindex_.size(), kHosts.size());
  }

  // Whether the packet is let through.
  bool passes(const Host& from, const std::string& packet) {
    const auto frame = packet_test::build(packet_test::split(packet), MacAddress::parse(from.mac).value(), kRouterMac);
    __sk_buff context{};
    context.ifindex = ifindex_.at(from.name);
    std::vector<uint8_t> out(frame.bytes.size() + 256);
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    options.data_in = frame.bytes.data();
    options.data_size_in = static_cast<uint32_t>(frame.bytes.size());
    options.data_out = out.data();
    options.data_size_out = static_cast<uint32_t>(out.size());
    options.ctx_in = &context;
    options.ctx_size_in = sizeof context;
    options.repeat = 1;
    EXPECT_EQ(bpf_prog_test_run_opts(program_->program.get(), &options), 0) << packet;
    return options.retval == TC_ACT_REDIRECT;
  }

  void forget_flows() const {
    const int flows = program_->maps.at("flows").get();
    for (ginnel_flow_key key{}; bpf_map_get_next_key(flows, nullptr, &key) == 0;) bpf_map_delete_elem(flows, &key);
  }

  // The namespaces' own packets, such as those of neighbour discovery, are dropped under other reasons.
  Reasons drops() const {
    const auto counts = dataplane_->drops();
    EXPECT_GOOD(counts);
    Reasons out;
    for (const char* reason : kDenials) {
      if (counts && counts->contains(reason))
        out[reason] = counts->at(reason);
      else
        out[reason] = 0;
    }
    return out;
  }

  // First packets, each of a flow of its own.
  void judge(Questions& questions) {
    const Reasons before = drops();
    Reasons expected;
    for (int i = 0; i < kPacketsAState; ++i) {
      const Case asked = questions.next();
      const std::string verdict = questions.verdict(asked);
      ++(verdict.empty() ? seen_["passed"] : expected[verdict]);
      ASSERT_EQ(passes(*asked.from, asked.packet), verdict.empty()) << verdict << " " << questions.tell(asked);
      if (!verdict.empty()) continue;
      if (asked.to != nullptr && !asked.answer.empty()) {
        ASSERT_TRUE(passes(*asked.to, asked.answer)) << "the answer: " << asked.answer;
      }
      forget_flows();
    }
    for (const auto& [reason, count] : drops()) ASSERT_EQ(count - before.at(reason), expected[reason]) << reason;
    for (const auto& [reason, count] : expected) seen_[reason] += count;
  }

  // What is tracked goes on when every rule is gone; nothing else begins.
  void track(Questions& questions, const model::Snapshot& snapshot) {
    std::vector<Case> tracked;
    for (int i = 0; i < 10 * kTrackedARegion && tracked.size() < kTrackedARegion; ++i) {
      Case asked = questions.next();
      if (questions.verdict(asked).empty() && passes(*asked.from, asked.packet)) tracked.push_back(std::move(asked));
    }
    ASSERT_NO_FATAL_FAILURE(apply(without_rules(snapshot)));
    for (const Case& each : tracked) {
      ASSERT_TRUE(passes(*each.from, each.again)) << "tracked: " << each.again;
      if (each.to == nullptr || each.answer.empty()) continue;
      ASSERT_TRUE(passes(*each.to, each.answer)) << "tracked: " << each.answer;
    }
    seen_["survived"] += tracked.size();
    forget_flows();
    for (int i = 0; i < kTrackedARegion; ++i) {
      const Case asked = questions.next();
      ASSERT_FALSE(passes(*asked.from, asked.packet)) << "without any rule: " << questions.tell(asked);
    }
  }

  Reasons seen_;  // and "passed", "survived"
  model::Region region_ = region();
  plan::HostPlan host_plan_;
  Log log_ = Log::discard();
  std::unique_ptr<dataplane::Dataplane> dataplane_;
  std::unique_ptr<dataplane::RunningProgram> program_;
  std::map<std::string, uint32_t> ifindex_;  // by the host's name
};

TEST_F(Policies, AreJudgedAsTheModelSays) {
  Random random(seed());
  for (int n = 0; n < kRegions; ++n) {
    SCOPED_TRACE("GINNEL_POLICY_SEED=" + std::to_string(seed()) + " region " + std::to_string(n));
    model::Snapshot snapshot = random_region(random, "i-" + tag_);
    for (int state = 0; state < kStatesARegion; ++state) {
      SCOPED_TRACE("after " + std::to_string(state) + " changes");
      ASSERT_NO_FATAL_FAILURE(apply(snapshot));
      Questions questions(random, snapshot);
      ASSERT_NO_FATAL_FAILURE(judge(questions));
      if (state + 1 == kStatesARegion) {
        ASSERT_NO_FATAL_FAILURE(track(questions, snapshot));
      }
      snapshot = changed(random, snapshot);
    }
  }
  // The regions are such that everything happens.
  constexpr uint64_t kPackets = uint64_t{kRegions} * kStatesARegion * kPacketsAState;
  static_assert(kPackets >= 100000);
  EXPECT_GT(seen_["passed"], kPackets / 10);
  EXPECT_LT(seen_["passed"], kPackets * 7 / 10);
  for (const char* reason : kDenials) EXPECT_GT(seen_[reason], kPackets / 200) << reason;
  EXPECT_GT(seen_["survived"], uint64_t{kRegions} * kTrackedARegion / 2);
  for (const auto& [what, count] : seen_) std::printf("%s %lu\n", what.c_str(), static_cast<unsigned long>(count));
}

}  // namespace
}  // namespace ginnel::property

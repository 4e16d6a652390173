#include "daemon/applier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>

#include "planner/planner.h"
#include "store/memory_store.h"

namespace ginnel::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Writes down what it is told; can be made to fail.
class RecordingSink final : public PlanSink {
 public:
  Status apply_path(const plan::VpcPlan& plan) override {
    const std::lock_guard lock(mutex_);
    ++attempts_;
    changed_.notify_all();
    if (failing_) return fail("apply", plan.vpc_id, "the test says so");
    calls_.push_back("path " + plan.vpc_id + " links " + std::to_string(endpoint_links(plan)));
    return {};
  }
  Status remove_path(plan::VpcNumber number) override { return note("remove path " + std::to_string(number)); }
  void publish_names(const plan::VpcPlan& plan) override {
    (void)note("names " + plan.vpc_id + " " + std::to_string(plan.private_names.size()));
  }
  void withdraw_names(plan::VpcNumber number) override { (void)note("withdraw names " + std::to_string(number)); }
  Status sweep(const std::set<plan::VpcNumber>& known) override {
    return note("sweep all but " + std::to_string(known.size()));
  }
  plan::HostFacts facts() override { return {}; }

  void fail_from_now(bool failing) {
    const std::lock_guard lock(mutex_);
    failing_ = failing;
  }
  std::vector<std::string> take_calls() {
    const std::lock_guard lock(mutex_);
    return std::exchange(calls_, {});
  }
  bool wait_for_attempts(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return attempts_ >= count; });
  }

 private:
  static size_t endpoint_links(const plan::VpcPlan& plan) {
    return static_cast<size_t>(std::count_if(plan.links.begin(), plan.links.end(),
                                             [](const plan::Link& link) { return link.owner.starts_with("vpce-"); }));
  }
  Status note(std::string call) {
    const std::lock_guard lock(mutex_);
    calls_.push_back(std::move(call));
    return {};
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> calls_;
  int attempts_ = 0;
  bool failing_ = false;
};

model::Region one_service() {
  model::Region region;
  region.name = "ap-northeast-1";
  region.zones = {{"ap-northeast-1a", "apne1-az1"}};
  model::Service ec2;
  ec2.code = "ec2";
  ec2.name = "com.amazonaws.ap-northeast-1.ec2";
  ec2.private_dns_names = {"ec2.ap-northeast-1.amazonaws.com"};
  ec2.zones = {"ap-northeast-1a"};
  region.services = {ec2};
  region.public_address = *IpAddress::parse("203.0.113.10");
  return region;
}

model::Change network() {
  model::Change change;
  change.put(model::Vpc{.id = "vpc-1", .account = "1", .number = 1, .cidr = "10.0.0.0/16", .dns_hostnames = true});
  change.put(model::Subnet{
      .id = "subnet-1", .account = "1", .vpc = "vpc-1", .cidr = "10.0.1.0/24", .zone = "ap-northeast-1a"});
  change.put(model::SecurityGroup{.id = "sg-1", .account = "1", .vpc = "vpc-1", .name = "default", .number = 1});
  return change;
}

model::Change endpoint(const std::string& state) {
  model::Change change;
  change.put(model::NetworkInterface{.id = "eni-1",
                                     .account = "1",
                                     .vpc = "vpc-1",
                                     .subnet = "subnet-1",
                                     .zone = "ap-northeast-1a",
                                     .address = "10.0.1.7",
                                     .mac = "02:00:0a:00:01:07",
                                     .groups = {"sg-1"},
                                     .type = "vpc_endpoint",
                                     .endpoint = "vpce-1"});
  change.put(model::VpcEndpoint{.id = "vpce-1",
                                .account = "1",
                                .vpc = "vpc-1",
                                .number = 1,
                                .service_name = "com.amazonaws.ap-northeast-1.ec2",
                                .state = state,
                                .subnets = {"subnet-1"},
                                .groups = {"sg-1"},
                                .interfaces = {"eni-1"},
                                .dns_hash = "abcdefgh"});
  return change;
}

class ApplierTest : public ::testing::Test {
 protected:
  ApplierTest() : applier_(region_, host_, clock_, log_) {
    committer_ = *Committer::open(store_, log_, [this](const model::SnapshotPtr& snapshot, const auto& touched) {
      applier_.touch(touched);
      const std::lock_guard lock(mutex_);
      newest_ = snapshot;
      published_.notify_all();
    });
    commit(network());
  }
  ~ApplierTest() override {
    applier_.stop();
    committer_.reset();
  }

  void commit(const model::Change& change) {
    ASSERT_TRUE(committer_->run([&](const model::Snapshot&) { return change; }));
  }
  // Waits until the endpoint has this state ("" for gone).
  bool endpoint_becomes(const std::string& state) {
    std::unique_lock lock(mutex_);
    return published_.wait_for(lock, std::chrono::seconds(20), [&] {
      const auto* found = newest_->find<model::VpcEndpoint>("vpce-1");
      return found ? found->state == state : state.empty();
    });
  }

  model::Region region_ = one_service();
  plan::HostPlan host_ = plan::plan_host(region_, "00000000", *Cidr::parse("100.64.0.0/10"));
  SystemClock clock_;
  Log log_ = Log::discard();
  store::MemoryStore store_;
  RecordingSink sink_;
  Applier applier_;
  std::mutex mutex_;
  std::condition_variable published_;
  model::SnapshotPtr newest_;
  std::unique_ptr<Committer> committer_;
};

TEST_F(ApplierTest, AStartPlansEveryVpcAndThenSweeps) {
  ASSERT_TRUE(applier_.start(*committer_, sink_));
  EXPECT_THAT(sink_.take_calls(), ElementsAre("path vpc-1 links 0", "names vpc-1 0", "sweep all but 2"));
  EXPECT_EQ(applier_.applied_count(), 1U);
}

TEST_F(ApplierTest, NamesFollowThePathAndThenTheEndpointIsAvailable) {
  ASSERT_TRUE(applier_.start(*committer_, sink_));
  (void)sink_.take_calls();
  commit(endpoint("pending"));
  ASSERT_TRUE(endpoint_becomes("available"));
  EXPECT_THAT(sink_.take_calls(), ElementsAre("names vpc-1 0", "path vpc-1 links 1", "names vpc-1 1"));
}

TEST_F(ApplierTest, NamesGoBeforeThePathAndThenTheEndpointIsGone) {
  commit(endpoint("available"));
  ASSERT_TRUE(applier_.start(*committer_, sink_));
  (void)sink_.take_calls();
  commit(endpoint("deleting"));
  ASSERT_TRUE(endpoint_becomes(""));
  EXPECT_THAT(sink_.take_calls(), ElementsAre("names vpc-1 0", "path vpc-1 links 0", "names vpc-1 0"));
}

TEST_F(ApplierTest, AnEndpointWhosePathFailsStaysPendingUntilARetrySucceeds) {
  ASSERT_TRUE(applier_.start(*committer_, sink_));
  sink_.fail_from_now(true);
  commit(endpoint("pending"));
  ASSERT_TRUE(sink_.wait_for_attempts(3));  // the start's, and two that fail
  EXPECT_EQ(committer_->snapshot()->find<model::VpcEndpoint>("vpce-1")->state, "pending");
  EXPECT_EQ(applier_.failed_count(), 1U);
  sink_.fail_from_now(false);
  EXPECT_TRUE(endpoint_becomes("available"));
}

TEST_F(ApplierTest, ADrainedTargetIsGoneWithinSeconds) {
  model::Change change;
  model::TargetGroup group;
  group.id = "tg-1";
  group.vpc = "vpc-1";
  group.attributes = {{"deregistration_delay.timeout_seconds", "1"}};
  change.put(group);
  change.put(model::Listener{.id = "l-1", .account = "1", .load_balancer = "lb-1", .target_group = "tg-1"});
  model::Target target;
  target.id = "tg-1|10.0.1.9:80";
  target.group = "tg-1";
  target.target = "10.0.1.9";
  target.deregistered = clock_.now().time_since_epoch().count();
  change.put(target);
  commit(change);
  ASSERT_TRUE(applier_.start(*committer_, sink_));
  std::unique_lock lock(mutex_);
  EXPECT_TRUE(
      published_.wait_for(lock, std::chrono::seconds(20), [&] { return newest_->table<model::Target>().size() == 0; }));
}

TEST_F(ApplierTest, AVpcThatIsGoneLeavesTheHost) {
  ASSERT_TRUE(applier_.start(*committer_, sink_));
  (void)sink_.take_calls();
  model::Change change;
  change.erase(*committer_->snapshot()->find<model::Vpc>("vpc-1"));
  commit(change);
  applier_.stop();  // a VPC that was touched before the stop is brought up to date
  EXPECT_THAT(sink_.take_calls(), ElementsAre("withdraw names 1", "remove path 1"));
  EXPECT_EQ(applier_.applied_count(), 0U);
}

}  // namespace
}  // namespace ginnel::daemon

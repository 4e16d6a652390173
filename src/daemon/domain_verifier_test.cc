#include "daemon/domain_verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/rdata.h"
#include "dns/test_upstream.h"
#include "store/memory_store.h"

namespace ginnel::daemon {
namespace {

using namespace std::chrono_literals;
using dns::test::TestUpstream;

dns::Name name(const std::string& text) { return *dns::Name::parse(text); }

class DomainVerifierTest : public testing::Test {
 protected:
  DomainVerifierTest() {
    options_.recursion.upstreams = {upstream_.address()};
    options_.recursion.cache = false;
    options_.recursion.time_out = 5s;
    options_.first_pause = options_.longest_pause = 5ms;
    options_.give_up = 20s;
  }
  ~DomainVerifierTest() override {
    verifier_->stop();
    committer_.reset();
  }

  void start() {
    verifier_ = std::make_unique<DomainVerifier>(options_, log_);
    committer_ = *Committer::open(store_, log_, [this](const model::SnapshotPtr& snapshot, const auto&) {
      verifier_->published(snapshot);
      const std::lock_guard lock(mutex_);
      newest_ = snapshot;
      published_.notify_all();
    });
    ASSERT_TRUE(verifier_->start(*committer_));
  }
  void put(model::EndpointService service) {
    ASSERT_TRUE(committer_->run([&](const model::Snapshot&) {
      model::Change change;
      change.put(service);
      return change;
    }));
  }
  static model::EndpointService service(model::TimeMs asked = 1) {
    model::EndpointService out;
    out.id = "vpce-svc-1";
    out.account = "1";
    out.private_dns_name = "api.example.com";
    out.txt_name = "_abc";
    out.txt_value = "vpce:0123456789";
    out.verification_asked = asked;
    return out;
  }
  bool becomes(const std::string& state) {
    std::unique_lock lock(mutex_);
    return published_.wait_for(lock, 20s, [&] {
      const auto* found = newest_ ? newest_->find<model::EndpointService>("vpce-svc-1") : nullptr;
      return found && found->private_dns_state == state && found->verification_asked == 0;
    });
  }
  void publish_record(const std::string& at, std::vector<std::string> strings) {
    const std::lock_guard lock(mutex_);
    records_[at] = std::move(strings);
  }

  std::optional<dns::Message> answer(const dns::Message& query) {
    auto reply = TestUpstream::reply_to(query);
    const auto& question = query.questions.front();
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(question.name.to_text());
    if (found != records_.end() && question.type == dns::type::kTxt) {
      reply.answers = {dns::txt_record(question.name, {"something else"}, 3600),
                       dns::txt_record(question.name, found->second, 3600)};
    } else {
      reply.header.rcode = dns::rcode::kNxDomain;
      reply.authorities = {dns::soa_record(name("example.com"), {name("ns.example.com"), name("h.example.com")}, 3600)};
    }
    return reply;
  }

  Log log_ = Log::discard();
  std::mutex mutex_;
  std::condition_variable published_;
  std::map<std::string, std::vector<std::string>> records_;
  model::SnapshotPtr newest_;
  TestUpstream upstream_{[this](const dns::Message& query, bool) { return answer(query); }};
  DomainVerifier::Options options_;
  store::MemoryStore store_;
  std::unique_ptr<DomainVerifier> verifier_;
  std::unique_ptr<Committer> committer_;
};

TEST_F(DomainVerifierTest, TheRecordUnderTheDomainVerifiesIt) {
  publish_record("_abc.api.example.com", {"vpce:", "0123456789"});
  start();
  put(service());
  EXPECT_TRUE(becomes("verified"));
}

TEST_F(DomainVerifierTest, TheRecordAtTheDomainItselfVerifiesItToo) {
  publish_record("api.example.com", {"vpce:0123456789"});
  start();
  put(service());
  EXPECT_TRUE(becomes("verified"));
}

TEST_F(DomainVerifierTest, AWildcardsDomainIsTheNameWithoutTheStar) {
  publish_record("_abc.example.com", {"vpce:0123456789"});
  start();
  auto wildcard = service();
  wildcard.private_dns_name = "*.example.com";
  put(wildcard);
  EXPECT_TRUE(becomes("verified"));
}

TEST_F(DomainVerifierTest, ATextThatOnlyHoldsTheValueDoesNot) {
  publish_record("_abc.api.example.com", {"vpce:01234567890"});
  publish_record("api.example.com", {"VPCE:0123456789"});
  options_.give_up = 20ms;
  start();
  put(service());
  EXPECT_TRUE(becomes("failed"));
}

TEST_F(DomainVerifierTest, ARecordThatComesLaterIsFoundPastTheCaches) {
  start();
  put(service());
  while (upstream_.queries() < 4) std::this_thread::yield();  // it was looked for, twice
  publish_record("_abc.api.example.com", {"vpce:0123456789"});
  EXPECT_TRUE(becomes("verified"));
}

TEST_F(DomainVerifierTest, AFailedNameIsLookedForAgainWhenThatIsAsked) {
  options_.give_up = 20ms;
  start();
  put(service());
  ASSERT_TRUE(becomes("failed"));
  publish_record("_abc.api.example.com", {"vpce:0123456789"});
  auto again = service(2);
  again.private_dns_state = "pendingVerification";
  put(again);
  EXPECT_TRUE(becomes("verified"));
}

TEST_F(DomainVerifierTest, NothingIsLookedUpBeforeItIsAsked) {
  publish_record("_abc.api.example.com", {"vpce:0123456789"});
  start();
  put(service(0));
  auto other = service();
  other.id = "vpce-svc-2";
  other.private_dns_name = "b.example.com";
  other.txt_name = "_x";
  put(other);
  while (upstream_.queries() < 2) std::this_thread::yield();
  EXPECT_EQ(committer_->snapshot()->find<model::EndpointService>("vpce-svc-1")->private_dns_state,
            "pendingVerification");
}

TEST_F(DomainVerifierTest, AStartLooksForWhatWasAskedBefore) {
  publish_record("_abc.api.example.com", {"vpce:0123456789"});
  ASSERT_TRUE(store_.commit({.puts = {{model::store_key(service()), model::store_value(service())}}}));
  start();
  EXPECT_TRUE(becomes("verified"));
}

}  // namespace
}  // namespace ginnel::daemon

#include "daemon/outbox.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>

#include "http/server.h"
#include "store/memory_store.h"

namespace ginnel::daemon {
namespace {

using namespace std::chrono_literals;

const std::string kTopic = "arn:aws:sns:ap-northeast-1:111122223333:one";

class OutboxTest : public testing::Test {
 protected:
  OutboxTest() {
    const auto bound = server_.listen({IpAddress::from_v4(0x7f000001), 0, false});
    EXPECT_TRUE(bound);
    config_.webhooks = {{kTopic, {false, {"127.0.0.1", bound->port}, "/"}}};
    open();
  }
  ~OutboxTest() override {
    close();
    std::filesystem::remove_all(folder_);
  }

  void open() {
    outbox_ = std::make_unique<Outbox>(Outbox::Parts{config_, *authority_, folder_ + "/certs", clock_, random_, log_});
    committer_ = *Committer::open(store_, log_, [this](const model::SnapshotPtr& snapshot, const auto&) {
      outbox_->published(snapshot);
      const std::lock_guard lock(mutex_);
      newest_ = snapshot;
      changed_.notify_all();
    });
    newest_ = committer_->snapshot();
  }
  void close() {
    outbox_->stop();
    committer_.reset();
  }
  void take(const http::Request& request, http::Responder responder) {
    unsigned status = 0;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      status = status_;
    }
    changed_.notify_all();
    responder.send({status, {}, ""});
  }
  void put(const std::string& id) {
    ASSERT_TRUE(committer_->run([&](const model::Snapshot&) {
      model::Change change;
      change.put(model::OutboxMessage{id, "111122223333", kTopic, "{}", clock_.now().time_since_epoch().count()});
      return change;
    }));
  }
  bool becomes(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, condition);
  }
  bool outbox_is_empty() const { return newest_->table<model::OutboxMessage>().size() == 0; }

  SystemClock clock_;
  SystemRandom random_;
  Log log_ = Log::discard();
  const std::string folder_ = testing::TempDir() + "outbox_test_" + std::to_string(::getpid());
  config::Config config_ = *config::defaults();
  std::unique_ptr<tls::Authority> authority_ =
      std::make_unique<tls::Authority>(*tls::Authority::open(folder_ + "/ca", clock_, random_));
  std::mutex mutex_;
  std::condition_variable changed_;
  model::SnapshotPtr newest_;
  std::vector<http::Request> requests_;
  unsigned status_ = 200;
  http::Server server_{
      {1, {}}, [this](const auto& request, auto responder) { take(request, std::move(responder)); }, clock_, log_};
  store::MemoryStore store_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<Committer> committer_;
};

TEST_F(OutboxTest, ARowIsPostedAndThenDeleted) {
  ASSERT_TRUE(outbox_->start(*committer_));
  put("id-1");
  EXPECT_TRUE(becomes([this] { return outbox_is_empty(); }));
  EXPECT_EQ(requests_.size(), 1U);
  EXPECT_FALSE(store_.get("outbox-message/id-1")->has_value());
}

TEST_F(OutboxTest, ARowThatIsNotDeliveredIsDeliveredByTheNextDaemon) {
  {
    const std::lock_guard lock(mutex_);
    status_ = 503;
  }
  ASSERT_TRUE(outbox_->start(*committer_));
  put("id-1");
  ASSERT_TRUE(becomes([this] { return requests_.size() == 1; }));
  close();
  ASSERT_TRUE(store_.get("outbox-message/id-1")->has_value());
  {
    const std::lock_guard lock(mutex_);
    status_ = 200;
  }
  open();
  ASSERT_TRUE(outbox_->start(*committer_));
  EXPECT_TRUE(becomes([this] { return outbox_is_empty(); }));
}

TEST_F(OutboxTest, TheCertificateIsServedAtThePathThatTheNotificationNames) {
  ASSERT_TRUE(outbox_->start(*committer_));
  put("id-1");
  ASSERT_TRUE(becomes([this] { return !requests_.empty(); }));
  const std::string url(boost::json::parse(requests_.front().body).at("SigningCertURL").as_string());
  const std::string host = "https://sns.ap-northeast-1.amazonaws.com";
  ASSERT_TRUE(url.starts_with(host + "/SimpleNotificationService-") && url.ends_with(".pem")) << url;
  http::Request request;
  request.method = "GET";
  request.target = url.substr(host.size());
  const auto response = outbox_->certificate(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200U);
  EXPECT_TRUE(authority_->has_signed(response->body));
  request.target += "?x";
  EXPECT_FALSE(outbox_->certificate(request));
  request.target = "/";
  EXPECT_FALSE(outbox_->certificate(request));
}

TEST_F(OutboxTest, ARenewalKeepsACertificateThatStillServes) {
  ASSERT_TRUE(outbox_->start(*committer_));
  const auto files = [this] { return std::filesystem::last_write_time(folder_ + "/certs/_notifications.crt"); };
  const auto before = files();
  EXPECT_TRUE(outbox_->renew());
  EXPECT_EQ(files(), before);
}

}  // namespace
}  // namespace ginnel::daemon

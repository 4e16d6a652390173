// The notifier against real HTTP servers; its pauses are milliseconds long.
#include "notify/notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <boost/json.hpp>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>

#include "http/server.h"

namespace ginnel::notify {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

const std::string kTopic = "arn:aws:sns:ap-northeast-1:111122223333:one", kOther = kTopic + "-other";
constexpr auto kDeadline = 20s;

// Whether `signature` (base64) is the certificate's key's over `text`: RSA with SHA-256.
bool verifies(const std::string& certificate_pem, const std::string& text, const std::string& signature) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(
      BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size())), BIO_free_all);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr),
                                                                X509_free);
  if (!certificate) return false;
  std::vector<unsigned char> raw(signature.size());
  const int padded = EVP_DecodeBlock(raw.data(), reinterpret_cast<const unsigned char*>(signature.data()),
                                     static_cast<int>(signature.size()));
  if (padded < 0) return false;
  raw.resize(static_cast<size_t>(padded) - static_cast<size_t>(std::count(signature.begin(), signature.end(), '=')));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, X509_get0_pubkey(certificate.get())) ==
             1 &&
         EVP_DigestVerify(context.get(), raw.data(), raw.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

// A receiver: keeps what it gets, and answers as the test says.
class Receiver {
 public:
  Receiver(Log& log, std::function<void(http::Responder, int)> answer, const tls::Certificate* certificate = nullptr)
      : answer_(std::move(answer)),
        server_(
            {1, {}}, [this](auto request, auto responder) { take(std::move(request), std::move(responder)); }, clock_,
            log) {
    EXPECT_TRUE(!certificate || server_.set_certificate(*certificate));
    const auto bound = server_.listen({IpAddress::from_v4(0x7f000001), 0, certificate != nullptr});
    EXPECT_TRUE(bound);
    port_ = bound->port;
  }
  [[nodiscard]] Webhook hook(const std::string& topic) const { return {topic, false, "127.0.0.1", port_, "/hook?x=1"}; }
  [[nodiscard]] uint16_t port() const { return port_; }
  std::optional<http::Request> next() {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, kDeadline, [this] { return !requests_.empty(); })) return std::nullopt;
    auto first = std::move(requests_.front());
    requests_.pop_front();
    return first;
  }

 private:
  void take(http::Request request, http::Responder responder) {
    int count = 0;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
      count = ++count_;
    }
    arrived_.notify_all();
    answer_(std::move(responder), count);
  }

  SystemClock clock_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<http::Request> requests_;
  int count_ = 0;
  uint16_t port_ = 0;
  std::function<void(http::Responder, int)> answer_;
  http::Server server_;
};

void say_ok(http::Responder responder, int) { responder.send({200, {}, ""}); }

std::string header(const http::Request& request, std::string_view name) {
  const auto* value = http::find_header(request.headers, name);
  return value ? *value : "(none)";
}
std::string id_of(const std::optional<http::Request>& request) {
  return request ? header(*request, "x-amz-sns-message-id") : "(nothing came)";
}

// What a receiver builds from the body to check the signature.
std::string signed_text_of(const boost::json::object& body) {
  std::string out;
  for (const auto* key : {"Message", "MessageId", "Timestamp", "TopicArn", "Type"}) {
    out.append(key).append("\n").append(std::string(body.at(key).as_string())).append("\n");
  }
  return out;
}

class NotifierTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = testing::TempDir() + "notifier_test_" + std::to_string(::getpid());
    authority_ = std::make_unique<tls::Authority>(*tls::Authority::open(folder_, SystemClock(), random_));
    signing_ =
        *authority_->issue({{"sns.ap-northeast-1.amazonaws.com"}, {}}, SystemClock(), random_, tls::KeyKind::rsa2048);
  }
  static void TearDownTestSuite() {
    authority_.reset();
    std::filesystem::remove_all(folder_);
  }

  Message message(const std::string& id, const std::string& topic = kTopic, std::chrono::milliseconds age = 0ms) {
    return {id, topic, R"({"Event":"Connect"})", clock_.now() - age};
  }
  void put(Message message) {
    const std::lock_guard lock(mutex_);
    outbox_.push_back(std::move(message));
  }
  void start(std::vector<Webhook> hooks) {
    options_.webhooks = std::move(hooks);
    options_.authority_pem = authority_->certificate_pem();
    options_.certificate_url_base = "https://sns.ap-northeast-1.amazonaws.com";
    auto started = Notifier::start(
        options_, *tls::Signer::make(signing_), [this] { return waiting(); },
        [this](const Message& done) { remove(done.id); }, clock_, random_, log_);
    ASSERT_TRUE(started) << started.error().text();
    notifier_ = std::move(*started);
  }
  bool outbox_becomes(size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kDeadline, [&] { return outbox_.size() == count; });
  }
  std::vector<Message> waiting() {
    const std::lock_guard lock(mutex_);
    return outbox_;
  }
  void remove(const std::string& id) {
    const std::lock_guard lock(mutex_);
    std::erase_if(outbox_, [&](const Message& one) { return one.id == id; });
    changed_.notify_all();
  }
  bool logs(const std::string& text) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kDeadline, [&] {
      return std::any_of(lines_.begin(), lines_.end(),
                         [&](const auto& line) { return line.find(text) != std::string::npos; });
    });
  }

  static inline std::string folder_;
  static inline SystemRandom random_;
  static inline std::unique_ptr<tls::Authority> authority_;
  static inline tls::Certificate signing_;
  SystemClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Message> outbox_;
  std::vector<std::string> lines_;
  Log log_{[this](LogLevel, std::string_view line) {
             const std::lock_guard lock(mutex_);
             lines_.emplace_back(line);
             changed_.notify_all();
           },
           LogLevel::info};
  Notifier::Options options_{.first_pause = 5ms, .longest_pause = 20ms, .time_out = 5s};
  std::unique_ptr<Notifier> notifier_;
};

TEST_F(NotifierTest, ANotificationHasTheFormOfSnsAndAGoodSignature) {
  Receiver receiver(log_, say_ok);
  put(message("id-1"));
  start({receiver.hook(kTopic)});
  const auto request = receiver.next();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "POST");
  EXPECT_EQ(request->target, "/hook?x=1");
  EXPECT_EQ(header(*request, "x-amz-sns-message-type"), "Notification");
  EXPECT_EQ(header(*request, "x-amz-sns-message-id"), "id-1");
  EXPECT_EQ(header(*request, "x-amz-sns-topic-arn"), kTopic);
  EXPECT_EQ(header(*request, "Content-Type"), "text/plain; charset=UTF-8");
  EXPECT_EQ(header(*request, "Host"), "127.0.0.1:" + std::to_string(receiver.port()));

  const auto body = boost::json::parse(request->body).as_object();
  const auto text = [&](const char* key) { return std::string(body.at(key).as_string()); };
  EXPECT_EQ(body.size(), 8U);
  EXPECT_EQ(text("Type"), "Notification");
  EXPECT_EQ(text("MessageId"), "id-1");
  EXPECT_EQ(text("TopicArn"), kTopic);
  EXPECT_EQ(text("Message"), R"({"Event":"Connect"})");
  EXPECT_EQ(text("SignatureVersion"), "2");
  const auto signer = *tls::Signer::make(signing_);
  EXPECT_EQ(text("SigningCertURL"), "https://sns.ap-northeast-1.amazonaws.com" + certificate_path(signer));
  const std::string signed_text = signed_text_of(body);
  EXPECT_TRUE(verifies(signing_.chain, signed_text, text("Signature")));
  EXPECT_FALSE(verifies(signing_.chain, signed_text + "x", text("Signature")));
  EXPECT_TRUE(outbox_becomes(0));
}

TEST_F(NotifierTest, WhatFailsIsTriedAgainInOrder) {
  Receiver receiver(log_, [](http::Responder responder, int count) {
    responder.send({count < 3 ? 500U : 204U, {}, ""});
  });
  put(message("id-b", kTopic, 1s));
  put(message("id-a", kTopic, 2s));
  start({receiver.hook(kTopic)});
  std::vector<std::string> ids;
  for (int n = 0; n < 4; ++n) ids.push_back(id_of(receiver.next()));
  EXPECT_THAT(ids, ElementsAre("id-a", "id-a", "id-a", "id-b"));
  EXPECT_TRUE(outbox_becomes(0));
}

TEST_F(NotifierTest, ANewMessageGoesOutWhenItIsToldOf) {
  Receiver receiver(log_, say_ok);
  start({receiver.hook(kTopic)});
  put(message("id-1"));
  notifier_->wake();
  EXPECT_EQ(id_of(receiver.next()), "id-1");
  EXPECT_TRUE(outbox_becomes(0));
  put(message("id-2"));
  notifier_->wake();
  EXPECT_EQ(id_of(receiver.next()), "id-2");
}

TEST_F(NotifierTest, ADeadReceiverBlocksNoOther) {
  std::vector<http::Responder> unanswered;
  Receiver hanging(log_, [&](http::Responder responder, int) { unanswered.push_back(std::move(responder)); });
  Receiver live(log_, say_ok);
  Webhook refusing = live.hook(kTopic + "-refusing");
  refusing.port = 1;
  Webhook nameless = live.hook(kTopic + "-nameless");
  nameless.host = "no-such-host.invalid";
  for (const auto* suffix : {"", "-refusing", "-nameless"}) put(message(std::string("dead") + suffix, kTopic + suffix));
  for (int n = 0; n < 20; ++n) put(message("live-" + std::to_string(n), kOther));
  start({hanging.hook(kTopic), refusing, nameless, live.hook(kOther)});
  ASSERT_TRUE(hanging.next());
  for (int n = 0; n < 20; ++n) EXPECT_TRUE(live.next());
  EXPECT_TRUE(outbox_becomes(3));  // those of the dead
  notifier_.reset();
}

TEST_F(NotifierTest, AReceiverThatDoesNotAnswerTimesOutAndIsAskedAgain) {
  std::vector<http::Responder> unanswered;
  Receiver receiver(log_, [&](http::Responder responder, int count) {
    if (count == 1) return unanswered.push_back(std::move(responder));
    responder.send({200, {}, ""});
  });
  options_.time_out = 50ms;
  put(message("id-1"));
  start({receiver.hook(kTopic)});
  EXPECT_EQ(id_of(receiver.next()), "id-1");
  EXPECT_EQ(id_of(receiver.next()), "id-1");
  EXPECT_TRUE(outbox_becomes(0));
  EXPECT_TRUE(logs("timed out"));
}

TEST_F(NotifierTest, ARestartDeliversWhatIsLeft) {
  std::atomic<unsigned> status = 503;
  Receiver receiver(log_, [&](http::Responder responder, int) { responder.send({status, {}, ""}); });
  put(message("id-1"));
  start({receiver.hook(kTopic)});
  ASSERT_EQ(id_of(receiver.next()), "id-1");
  notifier_.reset();
  EXPECT_EQ(waiting().size(), 1U);
  status = 200;
  start({receiver.hook(kTopic)});
  EXPECT_EQ(id_of(receiver.next()), "id-1");
  EXPECT_TRUE(outbox_becomes(0));
}

TEST_F(NotifierTest, ATopicWithoutAWebhookLosesItsMessagesWithALine) {
  put(message("id-1"));
  start({});
  EXPECT_TRUE(outbox_becomes(0));
  EXPECT_TRUE(logs("the configuration has no webhook for " + kTopic));
}

TEST_F(NotifierTest, AMessageThatIsTooOldIsGivenUpAndTheNextOneGoes) {
  Receiver receiver(log_, say_ok);
  put(message("old", kTopic, 24h));
  put(message("new", kTopic, 23h));
  start({receiver.hook(kTopic)});
  EXPECT_EQ(id_of(receiver.next()), "new");
  EXPECT_TRUE(outbox_becomes(0));
  EXPECT_TRUE(logs("notification old for " + kTopic + " is given up"));
}

TEST_F(NotifierTest, ByTlsTheReceiverMustBeWhoItSaysItIs) {
  const auto certificate = *authority_->issue({{"localhost"}, {}}, clock_, random_);
  Receiver good(log_, say_ok, &certificate);
  put(message("to-localhost", kTopic));
  put(message("to-an-address", kOther));
  options_.longest_pause = options_.first_pause = 1h;  // one attempt each
  const Webhook by_name{kTopic, true, "localhost", good.port(), "/"};
  const Webhook by_address{kOther, true, "127.0.0.1", good.port(), "/"};  // not in the certificate
  start({by_name, by_address});
  EXPECT_EQ(id_of(good.next()), "to-localhost");
  EXPECT_TRUE(outbox_becomes(1));
  EXPECT_TRUE(logs("notification to-an-address is not delivered (attempt 1, "));
  EXPECT_EQ(waiting().front().id, "to-an-address");
}

TEST_F(NotifierTest, ANewSignerSignsFromThenOn) {
  Receiver receiver(log_, say_ok);
  start({receiver.hook(kTopic)});
  const auto renewed =
      *authority_->issue({{"sns.ap-northeast-1.amazonaws.com"}, {}}, clock_, random_, tls::KeyKind::rsa2048);
  notifier_->set_signer(*tls::Signer::make(renewed));
  put(message("id-1"));
  notifier_->wake();
  const auto request = receiver.next();
  ASSERT_TRUE(request);
  const auto body = boost::json::parse(request->body).as_object();
  EXPECT_TRUE(verifies(renewed.chain, signed_text_of(body), std::string(body.at("Signature").as_string())));
  EXPECT_TRUE(
      std::string(body.at("SigningCertURL").as_string()).ends_with(certificate_path(*tls::Signer::make(renewed))));
}

TEST(Signer, RefusesAKeyThatIsNotRsa) {
  const std::string folder = testing::TempDir() + "signer_test_" + std::to_string(::getpid());
  SystemRandom random;
  {
    const auto authority = tls::Authority::open(folder, SystemClock(), random);
    ASSERT_TRUE(authority);
    const auto certificate = authority->issue({{"x.example.com"}, {}}, SystemClock(), random);
    EXPECT_FALSE(tls::Signer::make(*certificate));
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ginnel::notify

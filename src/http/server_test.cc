#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <future>
#include <thread>

#include "http/test_client.h"
#include "http/unix_client.h"

namespace ginnel::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const IpAddress kLoopback = IpAddress::from_v4(INADDR_LOOPBACK);

// Says what it was asked.
Response echo(const Request& request) {
  Response out{200, {{"X-Method", request.method}, {"X-Target", request.target}}, request.body};
  for (const Header& header : request.headers) {
    if (header.name.starts_with("X-")) out.headers.push_back({"Echo-" + header.name, "[" + header.value + "]"});
  }
  return out;
}

std::string header_of(const Response& response, std::string_view name) {
  const std::string* value = find_header(response.headers, name);
  return value ? *value : "(none)";
}

// Keeps requests until the test answers them.
class Desk {
 public:
  void put(Request request, Responder responder) {
    const std::lock_guard lock(mutex_);
    waiting_.emplace_back(std::move(request), std::move(responder));
    arrived_.notify_all();
  }
  std::pair<Request, Responder> take() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !waiting_.empty(); });
    auto first = std::move(waiting_.front());
    waiting_.pop_front();
    return first;
  }
  size_t size() {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::pair<Request, Responder>> waiting_;
};

class ServerTest : public ::testing::Test {
 protected:
  uint16_t start(Handler handler, Limits limits = {}) {
    server_ = std::make_unique<Server>(ServerOptions{2, limits}, std::move(handler), clock_, log_);
    const Result<Socket> socket = server_->listen({kLoopback, 0, false, false});
    EXPECT_TRUE(socket) << socket.error().text();
    return socket->port;
  }
  uint16_t start_echo(Limits limits = {}) {
    return start([](const Request& request, Responder responder) { responder.send(echo(request)); }, limits);
  }
  Handler at_desk() {
    return [this](Request request, Responder responder) { desk_.put(std::move(request), std::move(responder)); };
  }

  ManualClock clock_{WallTime(std::chrono::sys_days(std::chrono::year(1994) / 11 / 6)) + 8h + 49min + 37s};
  Log log_ = Log::discard();
  Desk desk_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  PlainClient client(start_echo());
  for (int i = 0; i < 3; ++i) {
    const Response response = client.ask("POST /a%2Fb?x=%20 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(header_of(response, "x-target"), "/a%2Fb?x=%20");
    EXPECT_EQ(header_of(response, "Date"), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(header_of(response, "Connection"), "(none)");
    EXPECT_EQ(response.body, "hi");
  }
  EXPECT_EQ(server_->counters().accepted, 1U);
  EXPECT_EQ(server_->counters().requests, 3U);
}

TEST_F(ServerTest, HeadersComeInOrderWithTheirOwnText) {
  PlainClient client(start([](const Request& request, Responder responder) {
    std::string all;
    for (const Header& header : request.headers) all += header.name + "=" + header.value + ";";
    responder.send({200, {}, all});
  }));
  const Response response =
      client.ask("GET / HTTP/1.1\r\nhOst: h\r\nX-B:  two  words \r\nX-A: \r\nX-b: again\r\nX-C: ,;\"=\r\n\r\n");
  EXPECT_EQ(response.body, "hOst=h;X-B=two  words;X-b=again;X-A=;X-C=,;\"=;");
}

TEST_F(ServerTest, TellsPeerAndLocalAddress) {
  std::promise<Request> seen;
  const uint16_t port = start([&](Request request, Responder responder) {
    seen.set_value(std::move(request));
    responder.send({});
  });
  PlainClient client(port);
  client.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const Request request = seen.get_future().get();
  EXPECT_EQ(request.peer.address, kLoopback);
  EXPECT_NE(request.peer.port, 0U);
  EXPECT_EQ(request.local, (Socket{kLoopback, port}));
  EXPECT_FALSE(request.tls);
  EXPECT_FALSE(request.unix_peer);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  PlainClient client(start(at_desk()));
  std::string many;
  for (int i = 0; i < 5; ++i) many += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  client.send(many);
  for (int i = 0; i < 5; ++i) {
    auto [request, responder] = desk_.take();
    EXPECT_EQ(request.target, "/" + std::to_string(i));
    EXPECT_EQ(desk_.size(), 0U);  // the next one is not read before this one is answered
    responder.send({200, {}, request.target});
  }
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.reader().next().body, "/" + std::to_string(i));
}

TEST_F(ServerTest, AnswersLaterFromAnotherThread) {
  PlainClient client(start(at_desk()));
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  std::thread committer([this] { desk_.take().second.send({202, {}, "later"}); });
  EXPECT_EQ(client.reader().next().status, 202U);
  committer.join();
}

TEST_F(ServerTest, AnAnswerForAClientThatIsGoneIsDropped) {
  const uint16_t port = start(at_desk());
  auto client = std::make_unique<PlainClient>(port);
  client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  auto [request, responder] = desk_.take();
  client.reset();
  responder.send({200, {}, std::string(1 << 20, 'x')});
  EXPECT_TRUE(eventually([this] { return server_->counters().open == 0; }));
}

TEST_F(ServerTest, AnAnswerAfterTheServerIsGoneIsDropped) {
  PlainClient client(start(at_desk()));
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  auto [request, responder] = desk_.take();
  server_.reset();
  responder.send({});
  EXPECT_EQ(client.reader().next().status, 0U);
}

TEST_F(ServerTest, AHandlerThatForgetsOrThrowsAnswers500) {
  PlainClient client(start([](const Request& request, Responder) {
    if (request.target == "/throw") throw std::runtime_error("no");
  }));
  EXPECT_EQ(client.ask("GET /forget HTTP/1.1\r\nHost: h\r\n\r\n").status, 500U);
  EXPECT_EQ(client.ask("GET /throw HTTP/1.1\r\nHost: h\r\n\r\n").status, 500U);
}

TEST_F(ServerTest, ABrokenResponseHeaderBecomesA500AndBreaksNothing) {
  PlainClient client(start([](const Request&, Responder responder) {
    responder.send({200, {{"X-Bad", "a\r\nX-Injected: yes"}}, "body"});
  }));
  const Response response = client.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(response.status, 500U);
  EXPECT_EQ(header_of(response, "X-Injected"), "(none)");
}

TEST_F(ServerTest, BigBodiesBothWays) {
  PlainClient client(start_echo());
  std::string body(16U << 20, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31 + (i >> 11));
  std::thread writer([&] {
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  });
  const Response response = client.reader().next();
  writer.join();
  EXPECT_EQ(response.status, 200U);
  EXPECT_TRUE(response.body == body);
}

TEST_F(ServerTest, ChunkedBodies) {
  PlainClient client(start_echo());
  const Response response = client.ask(
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "4;ext=1\r\nwiki\r\n5\r\npedia\r\n0\r\nTrailer: x\r\n\r\n");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.body, "wikipedia");
  EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200U);
}

TEST_F(ServerTest, Continue100IsSaidBeforeTheBodyIsSent) {
  PlainClient client(start_echo());
  const Response go = client.ask("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(go.status, 100U);
  EXPECT_EQ(client.ask("abc").body, "abc");
}

TEST_F(ServerTest, Continue100IsNotSaidWhereTheBodyIsTooLong) {
  PlainClient client(start_echo());
  const Response refused =
      client.ask("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 16777217\r\n\r\n");
  EXPECT_EQ(refused.status, 413U);
  EXPECT_TRUE(client.reader().ends());
}

TEST_F(ServerTest, AnAnswerToHeadHasNoBodyButItsLength) {
  PlainClient client(start([](const Request&, Responder responder) { responder.send({200, {}, "12345"}); }));
  client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(header_of(client.reader().next(true), "Content-Length"), "5");
  EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").body, "12345");
}

TEST_F(ServerTest, OldAndClosingClientsAreClosed) {
  const uint16_t port = start_echo();
  PlainClient old(port);
  EXPECT_EQ(old.ask("GET / HTTP/1.0\r\n\r\n").status, 200U);
  EXPECT_TRUE(old.reader().ends());
  PlainClient old_but_staying(port);
  EXPECT_EQ(header_of(old_but_staying.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), "Connection"),
            "keep-alive");
  EXPECT_EQ(old_but_staying.ask("GET / HTTP/1.0\r\n\r\n").status, 200U);
  PlainClient closing(port);
  EXPECT_EQ(header_of(closing.ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), "Connection"), "close");
  EXPECT_TRUE(closing.reader().ends());
}

TEST_F(ServerTest, AClientMayCloseItsSendingSideAndStillGetsTheAnswer) {
  PlainClient client(start(at_desk()));
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  client.shutdown_send();
  desk_.take().second.send({200, {}, "still"});
  EXPECT_EQ(client.reader().next().body, "still");
  EXPECT_TRUE(client.reader().ends());
}

struct BadRequest {
  const char* what;
  std::string bytes;
  unsigned status;
};

TEST_F(ServerTest, MalformedRequestsAreRefusedAndTheServerGoesOn) {
  const std::string host = "Host: h\r\n";
  const std::vector<BadRequest> table = {
      {"not HTTP", "\x16\x03\x01\x02\x00 hello\r\n\r\n", 400},
      {"no version", "GET /\r\n\r\n", 400},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {"space in the target", "GET /a b HTTP/1.1\r\n" + host + "\r\n", 400},
      {"bad method", "G(T / HTTP/1.1\r\n" + host + "\r\n", 400},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", "GET / HTTP/1.1\r\n" + host + "Host: other\r\n\r\n", 400},
      {"header without a colon", "GET / HTTP/1.1\r\n" + host + "nonsense\r\n\r\n", 400},
      {"space before the colon", "GET / HTTP/1.1\r\n" + host + "X-A : b\r\n\r\n", 400},
      {"zero byte in a value", "GET / HTTP/1.1\r\n" + host + std::string("X-A: a\0b\r\n\r\n", 12), 400},
      {"length not a number", "POST / HTTP/1.1\r\n" + host + "Content-Length: x\r\n\r\n", 400},
      {"negative length", "POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},
      {"two lengths", "POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
      {"length that overflows", "POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999999\r\n\r\n", 400},
      {"length and chunked", "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
       400},
      {"chunked and length", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
       400},
      {"other coding", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n", 501},
      {"chunked is not last", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked, gzip\r\n\r\n", 501},
      {"bad chunk size", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
      {"chunk without its end", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", 400},
      {"other expectation", "POST / HTTP/1.1\r\n" + host + "Expect: wonders\r\nContent-Length: 1\r\n\r\na", 417},
      {"long headers", "GET / HTTP/1.1\r\n" + host + "X-A: " + std::string(70000, 'a') + "\r\n\r\n", 431},
      {"long target", "GET /" + std::string(70000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 431},
      {"long body", "POST / HTTP/1.1\r\n" + host + "Content-Length: 16777217\r\n\r\n" + std::string(100000, 'a'), 413},
  };
  const uint16_t port = start_echo();
  for (const BadRequest& bad : table) {
    PlainClient client(port);
    EXPECT_EQ(client.ask(bad.bytes).status, bad.status) << bad.what;
    EXPECT_TRUE(client.reader().ends()) << bad.what;
  }
  EXPECT_EQ(server_->counters().malformed, table.size());
  EXPECT_EQ(server_->counters().requests, 0U);
  EXPECT_EQ(PlainClient(port).ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200U);
}

TEST_F(ServerTest, AChunkedBodyThatGrowsTooLongIsRefused) {
  Limits limits;
  limits.body_bytes = 10;
  PlainClient client(start_echo(limits));
  EXPECT_EQ(
      client.ask("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n12345678\r\n")
          .status,
      413U);
}

TEST_F(ServerTest, SlowClientsAreClosed) {
  struct Slow {
    const char* what;
    std::chrono::milliseconds Limits::*limit;
    std::string bytes;
  };
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n";
  for (const Slow& slow : {Slow{"says nothing", &Limits::idle, ""}, Slow{"half a header", &Limits::header, head},
                           Slow{"half a body", &Limits::body, head + "\r\nhalf"}}) {
    Limits limits;
    limits.*slow.limit = 50ms;
    PlainClient client(start_echo(limits));
    client.send(slow.bytes);
    EXPECT_TRUE(client.reader().ends()) << slow.what;
    EXPECT_TRUE(eventually([this] { return server_->counters().timeouts == 1; })) << slow.what;
    EXPECT_EQ(server_->counters().requests, 0U);
  }
}

TEST_F(ServerTest, ADrippingHeaderDoesNotMoveTheLimit) {
  Limits limits;
  limits.header = 100ms;
  PlainClient client(start_echo(limits));
  client.send("GET / HTTP/1.1\r\n");
  // A byte every few milliseconds: far from the limit of the size when the time is over.
  EXPECT_TRUE(eventually([&] { return client.readable_within(5ms) || !client.send("X"); }));
  EXPECT_TRUE(eventually([this] { return server_->counters().timeouts == 1; }));
  EXPECT_EQ(server_->counters().malformed, 0U);
}

TEST_F(ServerTest, ConnectionsOverTheLimitAreClosedAndCounted) {
  Limits limits;
  limits.connections = 2;
  const uint16_t port = start_echo(limits);
  PlainClient first(port), second(port);
  EXPECT_EQ(first.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200U);
  EXPECT_EQ(second.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200U);
  PlainClient third(port);
  EXPECT_TRUE(third.reader().ends());
  EXPECT_EQ(server_->counters().refused, 1U);
  first.close();
  EXPECT_TRUE(eventually([this] { return server_->counters().open == 1; }));
  EXPECT_EQ(PlainClient(port).ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200U);
}

TEST_F(ServerTest, StopAnswersWhatIsInFlightAndClosesTheRest) {
  const uint16_t port = start(at_desk());
  PlainClient idle(port), busy(port);
  busy.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  auto in_flight = desk_.take();
  std::thread stopper([this] { server_->stop(std::chrono::seconds(kTestDeadline_s)); });
  EXPECT_TRUE(idle.reader().ends());
  in_flight.second.send({200, {}, "done"});
  const Response response = busy.reader().next();
  EXPECT_EQ(response.body, "done");
  EXPECT_EQ(header_of(response, "Connection"), "close");
  stopper.join();
  EXPECT_FALSE(PlainClient(port).connected());
}

TEST_F(ServerTest, StopClosesWhatIsNotAnsweredInTime) {
  PlainClient client(start(at_desk()));
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  auto in_flight = desk_.take();
  server_->stop(20ms);
  EXPECT_TRUE(client.reader().ends());
}

TEST_F(ServerTest, ListenersComeAndGoWhileOthersServe) {
  PlainClient client(start_echo());
  const Socket second = server_->listen({IpAddress::from_v4(0x7f000002), 0, false, false}).value();
  const Result<Socket> again = server_->listen({second.address, second.port, false, false});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().text(), "listen on 127.0.0.2:" + std::to_string(second.port) + ": Address already in use");
  EXPECT_EQ(again.error().code, EADDRINUSE);
  server_->close_listener(second);
  EXPECT_TRUE(eventually([&] { return server_->listen({second.address, second.port, false, false}).has_value(); }));
  EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200U);
}

TEST_F(ServerTest, PlainListenersAreForLoopbackAddressesOnly) {
  for (const char* good : {"127.0.0.1", "127.9.9.9", "::1"}) {
    EXPECT_TRUE(check_plain_address(IpAddress::parse(good).value())) << good;
  }
  for (const char* bad : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "fe80::1"}) {
    const Status refused = check_plain_address(IpAddress::parse(bad).value());
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().text(),
              "listen without TLS on " + std::string(bad) + ": only a loopback address may have a plain listener");
  }
  start_echo();
  EXPECT_FALSE(server_->listen({IpAddress::from_v4(0), 0, false, false}));
}

TEST_F(ServerTest, AnOpenListenerMayHaveAnyAddress) {
  start_echo();
  EXPECT_TRUE(server_->listen({IpAddress::from_v4(0), 0, false, false, true}));
}

class UnixServerTest : public ServerTest {
 protected:
  UnixServerTest() {
    char pattern[] = "/tmp/ginnel-http-XXXXXX";
    folder_ = ::mkdtemp(pattern);
    path_ = folder_ + "/control";
  }
  ~UnixServerTest() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::string folder_, path_;
};

TEST_F(UnixServerTest, ServesASocketFileThatOnlyItsOwnerMayUse) {
  start([](const Request& request, Responder responder) {
    const UnixPeer peer = request.unix_peer.value_or(UnixPeer{});
    responder.send({201, {{"X-Peer", fmt::format("{} {}", peer.pid, peer.uid)}}, request.method + " " + request.body});
  });
  ASSERT_TRUE(server_->listen_unix(path_));
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const Result<Response> response = unix_call(path_, "PUT", "/account", "{}", {{"Content-Type", "application/json"}});
  ASSERT_TRUE(response) << response.error().text();
  EXPECT_EQ(response->status, 201U);
  EXPECT_EQ(response->body, "PUT {}");
  EXPECT_EQ(header_of(*response, "X-Peer"), fmt::format("{} {}", ::getpid(), ::getuid()));
  server_->stop(0ms);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(UnixServerTest, TheClientSaysWhatIsWrong) {
  EXPECT_EQ(unix_call(path_, "GET", "/", "").error().text(), "connect " + path_ + ": No such file or directory");
  start(at_desk());
  ASSERT_TRUE(server_->listen_unix(path_));
  const Result<Response> late = unix_call(path_, "GET", "/", "", {}, 50ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ETIMEDOUT);
  auto in_flight = std::async(std::launch::async, [&] { return unix_call(path_, "GET", "/", ""); });
  desk_.take();  // of the call before
  const auto held = desk_.take();
  server_->stop(0ms);
  EXPECT_EQ(in_flight.get().error().text(), "read the answer of " + path_ + ": the connection ended early");
}

TEST_F(UnixServerTest, BigAnswersAndRefusedBigRequests) {
  Limits limits;
  limits.body_bytes = 1000;
  start([](const Request&, Responder responder) { responder.send({200, {}, std::string(5U << 20, 'z')}); }, limits);
  ASSERT_TRUE(server_->listen_unix(path_));
  EXPECT_EQ(unix_call(path_, "GET", "/", "")->body.size(), 5U << 20);
  EXPECT_EQ(unix_call(path_, "PUT", "/", std::string(1U << 20, 'a'))->status, 413U);
}

}  // namespace
}  // namespace ginnel::http

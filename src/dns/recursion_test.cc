// Names that are not Ginnel's: through the resolver to an upstream that the test runs.
#include "dns/recursion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "dns/resolv_conf.h"
#include "dns/resolver.h"
#include "dns/test_upstream.h"

namespace ginnel::dns {
namespace {

using namespace test;  // NOLINT: its names are made for this
using std::chrono::milliseconds;
using testing::ElementsAre;

const char* const kOne = "127.0.0.11";
const char* const kTwo = "127.0.0.21";
const char* const kEc2 = "ec2.ap-northeast-1.amazonaws.com";

std::optional<Message> answer_example(const Message& query, bool tcp) {
  const Question& question = query.questions.front();
  const auto is = [&](const char* text) { return question.name == name(text); };
  Message reply = TestUpstream::reply_to(query);
  const auto soa = soa_record(name("example.com"), {name("ns.example.com"), name("h.example.com")}, 60);
  if (is("www.example.com") && question.type == type::kA) {
    reply.answers = {name_record(question.name, type::kCname, name("a.example.com"), 300),
                     address_record(name("a.example.com"), ip("192.0.2.1"), 200)};
  } else if (is("a.example.com")) {  // libunbound follows aliases itself
    reply.answers = {address_record(question.name, ip("192.0.2.1"), 200)};
  } else if (is("alias.example.com")) {
    reply.answers = {name_record(question.name, type::kCname, name(kEc2), 300),
                     address_record(name(kEc2), ip("198.51.100.1"), 200)};
  } else if (is("text.example.com") && question.type == type::kTxt) {
    reply.answers = {txt_record(question.name, {"one", "two"}, 60)};
  } else if (is("odd.example.com")) {
    reply.answers = {{question.name, 65280, kClassIn, 60, std::string("\0\1\2", 3)}};
  } else if (is("large.example.com")) {
    if (!tcp) reply.header.truncated = true;
    for (uint32_t n = 0; tcp && n < 300; ++n) {
      reply.answers.push_back(address_record(question.name, IpAddress::from_v4(0xc0000200 + n), 60));
    }
  } else if (is("silent.example.com")) {
    return std::nullopt;
  } else if (is("5.0.0.10.in-addr.arpa")) {
    reply.answers = {name_record(question.name, type::kPtr, name("host.corp.example.com"), 60)};
  } else {
    reply.header.rcode = is("www.example.com") ? rcode::kNoError : rcode::kNxDomain;
    reply.authorities = {soa};
  }
  return reply;
}

class RecursionTest : public testing::Test {
 protected:
  RecursionTest() {
    options_.listen = {{ip("127.0.0.1"), 0}};
    options_.recursion.upstreams = {upstream_.address()};
  }

  void start() {
    auto resolver = Resolver::start(options_, log_);
    ASSERT_TRUE(resolver) << resolver.error().text();
    resolver_ = std::move(*resolver);
    server_ = resolver_->addresses().at(0);
    ASSERT_TRUE(resolver_->set_host(host()));
    ASSERT_TRUE(resolver_->set_vpc(vpc_one()));
    ASSERT_TRUE(resolver_->set_vpc(vpc_two()));
  }

  Message ask(const std::string& text, uint16_t type = type::kA, const char* from = kOne) {
    const auto answer = UdpClient(server_, from).ask(query(text, type));
    EXPECT_TRUE(answer) << "no answer for " << text;
    return answer.value_or(Message());
  }

  Log log_ = Log::discard();
  TestUpstream upstream_{answer_example};
  Resolver::Options options_;
  std::unique_ptr<Resolver> resolver_;
  SocketAddress server_;
};

TEST_F(RecursionTest, AForeignNameIsAnsweredByTheUpstreamWithItsAliases) {
  start();
  const auto reply = ask("WWW.example.com");
  EXPECT_EQ(reply.header, (Header{4242, true, false, false, true, true, false, false, kOpcodeQuery, rcode::kNoError}));
  EXPECT_EQ(reply.questions[0].name.to_text(), "WWW.example.com");
  ASSERT_EQ(reply.answers.size(), 2u);
  EXPECT_EQ(target_of(reply.answers[0]), name("a.example.com"));
  EXPECT_EQ(reply.answers[0].ttl_s, 300u);
  EXPECT_THAT(addresses_in(reply), ElementsAre("192.0.2.1"));
  const int asked = upstream_.queries();
  EXPECT_EQ(ask("www.example.com", type::kA, kTwo).answers.size(), 2u);
  EXPECT_EQ(upstream_.queries(), asked) << "the second time it is known";
}

TEST_F(RecursionTest, AnyTypeIsCarried) {
  start();
  EXPECT_EQ(txt_of(ask("text.example.com", type::kTxt).answers.at(0)), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(ask("odd.example.com", 65280).answers.at(0).data, std::string("\0\1\2", 3));
  EXPECT_EQ(target_of(ask("5.0.0.10.in-addr.arpa", type::kPtr).answers.at(0)), name("host.corp.example.com"))
      << "reverse zones of private addresses are the upstream's too";
}

TEST_F(RecursionTest, NoDataAndNoSuchNameKeepTheirSoa) {
  start();
  auto reply = ask("www.example.com", type::kAaaa);
  EXPECT_EQ(reply.header.rcode, rcode::kNoError);
  EXPECT_TRUE(reply.answers.empty());
  EXPECT_EQ(reply.authorities.at(0).type, type::kSoa);
  reply = ask("missing.example.com");
  EXPECT_EQ(reply.header.rcode, rcode::kNxDomain);
  EXPECT_EQ(reply.authorities.at(0).type, type::kSoa);
}

TEST_F(RecursionTest, AnAliasToAPrivateNameEndsInTheVpc) {
  start();
  EXPECT_THAT(addresses_in(ask("alias.example.com")), ElementsAre("10.0.0.5", "10.0.1.5"));
  EXPECT_THAT(addresses_in(ask("alias.example.com", type::kA, kTwo)), ElementsAre("203.0.113.10"));
}

TEST_F(RecursionTest, ALargeAnswerComesByTcp) {
  start();
  EXPECT_TRUE(ask("large.example.com").header.truncated);
  EXPECT_EQ(TcpClient(server_, kOne).ask(query("large.example.com")).value().answers.size(), 300u);
}

TEST_F(RecursionTest, OwnNamesNeverReachTheUpstream) {
  start();
  EXPECT_EQ(ask(kEc2).answers.size(), 2u);
  EXPECT_EQ(ask(kEc2, type::kAaaa).answers.size(), 0u);
  EXPECT_EQ(ask("vpce-none.ec2.ap-northeast-1.vpce.amazonaws.com").header.rcode, rcode::kNxDomain);
  EXPECT_EQ(upstream_.queries(), 0);
}

TEST_F(RecursionTest, ADeadUpstreamMeansServfailAndHoldsUpNobody) {
  options_.recursion.time_out = milliseconds(300);
  start();
  UdpClient waiting(server_, kOne);
  waiting.send(query("silent.example.com"));
  TcpClient pipelined(server_, kOne);
  auto second = query(kEc2);
  second.header.id = 2;
  ASSERT_TRUE(pipelined.send(query("silent.example.com")) && pipelined.send(second));
  EXPECT_EQ(pipelined.receive().value().header.id, 2) << "answers overtake";
  for (int n = 0; n < 100; ++n) EXPECT_EQ(ask(kEc2).answers.size(), 2u);
  EXPECT_EQ(waiting.receive().value().header.rcode, rcode::kServFail);
  EXPECT_EQ(pipelined.receive().value().header.rcode, rcode::kServFail);
  EXPECT_EQ(resolver_->statistics().failed, 2u);
  EXPECT_EQ(ask("www.example.com").answers.size(), 2u) << "other names go on";
}

TEST_F(RecursionTest, NobodyListensUpstreamThenSomebodyDoes) {
  SocketAddress where;
  { where = bind_socket({ip("127.0.0.1"), 0}, SOCK_DGRAM)->address; }
  options_.recursion.upstreams = {where};
  options_.recursion.time_out = milliseconds(500);
  start();
  EXPECT_EQ(ask("www.example.com").header.rcode, rcode::kServFail);
  const TestUpstream late(answer_example, where);
  // Names of their own, as a failure is kept for some seconds.
  const auto deadline = std::chrono::steady_clock::now() + milliseconds(kDeadlineMs);
  uint16_t rcode = rcode::kServFail;
  for (int n = 0; rcode == rcode::kServFail && std::chrono::steady_clock::now() < deadline; ++n) {
    rcode = ask(fmt::format("n{}.example.com", n)).header.rcode;
  }
  EXPECT_EQ(rcode, rcode::kNxDomain);
}

TEST_F(RecursionTest, TheSecondUpstreamAnswersWhereTheFirstDoesNot) {
  const TestUpstream mute([](const Message&, bool) { return std::nullopt; });
  options_.recursion.upstreams = {mute.address(), upstream_.address()};
  options_.recursion.time_out = milliseconds(20000);
  start();
  for (int n = 0; n < 4; ++n) EXPECT_EQ(ask(fmt::format("n{}.example.com", n)).header.rcode, rcode::kNxDomain);
}

TEST_F(RecursionTest, WithoutUpstreamsForeignNamesFail) {
  options_.recursion.upstreams.emplace();
  start();
  EXPECT_EQ(ask("www.example.com").header.rcode, rcode::kServFail);
  EXPECT_EQ(ask(kEc2).answers.size(), 2u);
}

TEST_F(RecursionTest, OnlySoManyQuestionsWait) {
  options_.recursion.time_out = milliseconds(20000);
  options_.recursion.most_outstanding = 3;
  options_.most_recursions_each = 2;
  start();
  UdpClient first(server_, kOne), second(server_, kTwo);
  first.send(query("silent.example.com"));
  first.send(query("silent.example.com", type::kTxt));
  EXPECT_EQ(ask("www.example.com").header.rcode, rcode::kServFail) << "the asker has two";
  second.send(query("silent.example.com", type::kMx));
  EXPECT_EQ(ask("www.example.com", type::kA, kTwo).header.rcode, rcode::kServFail) << "there are three";
  EXPECT_EQ(ask(kEc2).answers.size(), 2u);
  resolver_.reset();  // with questions that wait
}

TEST_F(RecursionTest, ManyDifferentQuestionsAtOnceAreAllAnswered) {
  options_.recursion.time_out = milliseconds(20000);
  start();
  UdpClient client(server_, kOne);
  constexpr int kQuestions = 100;
  for (int n = 0; n < kQuestions; ++n) {
    auto message = query(fmt::format("many{}.example.com", n));
    message.header.id = static_cast<uint16_t>(n);
    client.send(message);
  }
  std::set<uint16_t> ids;
  for (int n = 0; n < kQuestions; ++n) {
    const auto answer = client.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->header.rcode, rcode::kNxDomain);
    ids.insert(answer->header.id);
  }
  EXPECT_EQ(ids.size(), static_cast<size_t>(kQuestions));
}

TEST_F(RecursionTest, UpstreamsAreReadFromTheHostsFile) {
  std::unique_ptr<TestUpstream> upstream;
  if (!bind_socket({ip("127.0.0.54"), 53}, SOCK_DGRAM)) GTEST_SKIP() << "port 53 is not to be had here";
  upstream = std::make_unique<TestUpstream>(answer_example, SocketAddress{ip("127.0.0.54"), 53});
  std::string path = (std::filesystem::temp_directory_path() / "ginnel-dns-XXXXXX").string();
  const UniqueFd file(::mkstemp(path.data()));
  std::ofstream(path) << "search example.com\nnameserver 127.0.0.54\n";
  options_.recursion.upstreams.reset();
  options_.recursion.resolv_conf = path;
  start();
  std::filesystem::remove(path);
  EXPECT_EQ(ask("www.example.com").answers.size(), 2u);
}

TEST_F(RecursionTest, AHostWithoutAFileHasNoUpstreams) {
  options_.recursion.upstreams.reset();
  options_.recursion.resolv_conf = "/nonexistent/resolv.conf";
  start();
  EXPECT_EQ(ask("www.example.com").header.rcode, rcode::kServFail);
}

TEST(ResolvConfTest, NameServersAreReadInOrder) {
  EXPECT_THAT(name_servers_of("# nameserver 192.0.2.9\nnameserver 192.0.2.1\n\tnameserver 192.0.2.8\n"
                              "nameserver\t2001:db8::1  # two\nnameserver fe80::1%eth0\nnameserverx 192.0.2.7\n"
                              "nameserver\nnameserver 192.0.2.2"),
              ElementsAre(SocketAddress{ip("192.0.2.1"), 53}, SocketAddress{ip("2001:db8::1"), 53},
                          SocketAddress{ip("192.0.2.2"), 53}));
  EXPECT_TRUE(name_servers_of("").empty());
}

}  // namespace
}  // namespace ginnel::dns

// Which name is answered how, to whom.
#include "dns/answer.h"

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/rdata.h"
#include "dns/test_region.h"

namespace ginnel::dns {
namespace {

using namespace test;  // NOLINT: its names are made for this
using testing::ElementsAre;
using testing::IsEmpty;

const char* const kOne = "127.0.0.11";
const char* const kTwo = "127.0.0.21";
const char* const kSilent = "127.0.0.31";

class AnswerTest : public testing::Test {
 protected:
  AnswerTest() {
    EXPECT_TRUE(directory_.set_vpc(vpc_one()));
    EXPECT_TRUE(directory_.set_host(host()));
    EXPECT_TRUE(directory_.set_vpc(vpc_two()));
    EXPECT_TRUE(directory_.set_vpc(vpc_silent()));
  }

  Decision ask(const char* source, const Message& message) { return decide(*directory_.state(), ip(source), message); }

  // "10.0.0.5 10.0.1.5", "NODATA", "NXDOMAIN", "recurse", "silence", "rcode N". NODATA and NXDOMAIN have the SOA of
  // `zone_` and no answer.
  std::string result(const char* source, const std::string& text, uint16_t type = type::kA) {
    return describe(ask(source, query(text, type)));
  }

  std::string describe(const Decision& decision) {
    if (decision.what == Decision::What::silence) return "silence";
    if (decision.what == Decision::What::recurse) return "recurse";
    const Message& reply = decision.reply;
    if (reply.header.rcode > rcode::kNxDomain) return "rcode " + std::to_string(reply.header.rcode);
    if (!reply.answers.empty()) {
      EXPECT_EQ(reply.header.rcode, rcode::kNoError);
      return fmt::format("{}", fmt::join(addresses_in(reply), " "));
    }
    EXPECT_EQ(reply.authorities.size(), 1u);
    zone_.clear();
    if (!reply.authorities.empty() && reply.authorities[0].type == type::kSoa) {
      zone_ = reply.authorities[0].name.to_text();
      EXPECT_LE(reply.authorities[0].ttl_s, 60u);
    }
    return reply.header.rcode == rcode::kNxDomain ? "NXDOMAIN" : "NODATA";
  }

  Directory directory_;
  std::string zone_;
};

TEST_F(AnswerTest, APrivateNameIsSeenInItsVpcAloneAndShadowsThePublicOne) {
  EXPECT_EQ(result(kOne, "ec2.ap-northeast-1.amazonaws.com"), "10.0.0.5 10.0.1.5");
  EXPECT_EQ(result("127.0.0.12", "ec2.ap-northeast-1.amazonaws.com"), "10.0.0.5 10.0.1.5");
  EXPECT_EQ(result(kTwo, "ec2.ap-northeast-1.amazonaws.com"), "203.0.113.10");
  EXPECT_EQ(result(kTwo, "six.example"), "recurse");
}

TEST_F(AnswerTest, NamesHaveNoCaseAndKeepTheirs) {
  const auto decision = ask(kOne, query("EC2.ap-Northeast-1.AMAZONAWS.com"));
  EXPECT_EQ(addresses_in(decision.reply).size(), 2u);
  EXPECT_EQ(decision.reply.questions[0].name.to_text(), "EC2.ap-Northeast-1.AMAZONAWS.com");
  EXPECT_EQ(decision.reply.answers[0].name.to_text(), "EC2.ap-Northeast-1.AMAZONAWS.com");
}

TEST_F(AnswerTest, AMissingTypeIsNoData) {
  EXPECT_EQ(result(kOne, "ec2.ap-northeast-1.amazonaws.com", type::kAaaa), "NODATA");
  EXPECT_EQ(zone_, "ec2.ap-northeast-1.amazonaws.com");
  EXPECT_EQ(result(kOne, "ec2.ap-northeast-1.amazonaws.com", type::kTxt), "NODATA");
  EXPECT_EQ(result(kOne, kRegional, type::kAaaa), "NODATA");
  EXPECT_EQ(zone_, "ap-northeast-1.vpce.amazonaws.com");
  EXPECT_EQ(result(kTwo, "ec2.ap-northeast-1.amazonaws.com", type::kAaaa), "NODATA");
}

TEST_F(AnswerTest, BothFamiliesAndTheirTimeToLive) {
  EXPECT_EQ(result(kOne, "six.example"), "10.0.0.6");
  EXPECT_EQ(result(kOne, "six.example", type::kAaaa), "fd00::6");
  const auto any = ask(kOne, query("six.example", type::kAny)).reply;
  EXPECT_THAT(addresses_in(any), ElementsAre("10.0.0.6", "fd00::6"));
  EXPECT_EQ(any.answers[0].ttl_s, 30u);
  EXPECT_EQ(ask(kOne, query(kRegional)).reply.answers[0].ttl_s, 60u);
}

TEST_F(AnswerTest, WhatIsUnderAPrivateNameDoesNotExist) {
  EXPECT_EQ(result(kOne, "a.ec2.ap-northeast-1.amazonaws.com"), "NXDOMAIN");
  EXPECT_EQ(zone_, "ec2.ap-northeast-1.amazonaws.com");
  EXPECT_EQ(result(kOne, "a.b.six.example", type::kTxt), "NXDOMAIN");
  EXPECT_EQ(zone_, "six.example");
}

TEST_F(AnswerTest, WildcardsStandForAllThatIsUnderThem) {
  EXPECT_EQ(result(kOne, "x1.execute-api.ap-northeast-1.amazonaws.com"), "10.0.1.9");
  EXPECT_EQ(result(kOne, "a.b.execute-api.ap-northeast-1.amazonaws.com"), "10.0.1.9");
  EXPECT_EQ(result(kOne, "*.execute-api.ap-northeast-1.amazonaws.com"), "10.0.1.9");
  EXPECT_EQ(result(kOne, "x1.execute-api.ap-northeast-1.amazonaws.com", type::kAaaa), "NODATA");
  EXPECT_EQ(result(kOne, "execute-api.ap-northeast-1.amazonaws.com"), "NODATA") << "the zone is there, the name is not";
  EXPECT_EQ(zone_, "execute-api.ap-northeast-1.amazonaws.com");
  EXPECT_EQ(result(kTwo, "x1.execute-api.ap-northeast-1.amazonaws.com"), "recurse");
  EXPECT_EQ(result(kTwo, "shard.kinesis.ap-northeast-1.amazonaws.com"), "203.0.113.10");
  EXPECT_EQ(result(kTwo, "kinesis.ap-northeast-1.amazonaws.com"), "203.0.113.10");
}

TEST_F(AnswerTest, AnExistingNameStopsTheWildcardAboveIt) {
  auto vpc = vpc_two();
  vpc.public_names = {{"*.s.ap-northeast-1.vpce.amazonaws.com", {ip("10.0.0.1")}},
                      {"b.a.s.ap-northeast-1.vpce.amazonaws.com", {ip("10.0.0.2")}}};
  ASSERT_TRUE(directory_.set_vpc(vpc));
  EXPECT_EQ(result(kTwo, "x.s.ap-northeast-1.vpce.amazonaws.com"), "10.0.0.1");
  EXPECT_EQ(result(kTwo, "b.a.s.ap-northeast-1.vpce.amazonaws.com"), "10.0.0.2");
  EXPECT_EQ(result(kTwo, "a.s.ap-northeast-1.vpce.amazonaws.com"), "NODATA") << "a name is under it (RFC 4592 2.2.2)";
  EXPECT_EQ(result(kTwo, "c.a.s.ap-northeast-1.vpce.amazonaws.com"), "NXDOMAIN") << "its closest ancestor is a.s";
  EXPECT_EQ(result(kTwo, "x.b.a.s.ap-northeast-1.vpce.amazonaws.com"), "NXDOMAIN");
}

TEST_F(AnswerTest, EndpointNamesAreSeenEverywhere) {
  for (const char* source : {kOne, kTwo}) {
    EXPECT_EQ(result(source, kRegional), "10.0.0.5 10.0.1.5");
    EXPECT_EQ(result(source, kZonalA), "10.0.0.5");
    EXPECT_EQ(result(source, "bucket.vpce-0b-9999.s3.ap-northeast-1.vpce.amazonaws.com"), "10.0.0.7");
    EXPECT_EQ(result(source, "vpce-0b-9999.s3.ap-northeast-1.vpce.amazonaws.com"), "NODATA") << "no healthy zone";
  }
}

TEST_F(AnswerTest, GinnelOwnsTheEndpointsZoneAndNothingAboveIt) {
  EXPECT_EQ(result(kTwo, "vpce-0c-1.ec2.ap-northeast-1.vpce.amazonaws.com"), "NXDOMAIN");
  EXPECT_EQ(zone_, "ap-northeast-1.vpce.amazonaws.com");
  EXPECT_EQ(result(kTwo, "ap-northeast-1.vpce.amazonaws.com"), "NODATA");
  EXPECT_EQ(result(kTwo, "ec2.ap-northeast-1.vpce.amazonaws.com"), "NODATA");
  EXPECT_EQ(result(kTwo, "eu-west-1.vpce.amazonaws.com"), "recurse");
  EXPECT_EQ(result(kTwo, "vpce.amazonaws.com"), "recurse");
  EXPECT_EQ(result(kTwo, "lambda.ap-northeast-1.amazonaws.com"), "recurse");
  EXPECT_EQ(result(kTwo, "amazonaws.com"), "recurse");
  EXPECT_EQ(result(kTwo, "."), "recurse");
  EXPECT_EQ(result(kTwo, "xec2.ap-northeast-1.amazonaws.com"), "recurse");
}

TEST_F(AnswerTest, TheOriginOfAZoneHasItsSoa) {
  const auto reply = ask(kOne, query("ec2.ap-northeast-1.amazonaws.com", type::kSoa)).reply;
  ASSERT_EQ(reply.answers.size(), 1u);
  EXPECT_EQ(soa_of(reply.answers[0])->mailbox, name("hostmaster.ec2.ap-northeast-1.amazonaws.com"));
  EXPECT_THAT(reply.authorities, IsEmpty());
}

TEST_F(AnswerTest, TheFlagsAreThoseOfAResolverThatOwnsTheName) {
  auto message = query("ec2.ap-northeast-1.amazonaws.com");
  message.header.checking_disabled = message.header.authentic_data = true;
  const auto header = ask(kOne, message).reply.header;
  EXPECT_EQ(header, (Header{4242, true, true, false, true, true, false, false, kOpcodeQuery, rcode::kNoError}));
}

TEST_F(AnswerTest, AddressesTakeTurnsInBeingFirst) {
  auto message = query(kRegional);
  message.header.id = 0;
  const auto even = ask(kOne, message).reply.answers.front();
  message.header.id = 1;
  EXPECT_FALSE(ask(kOne, message).reply.answers.front() == even);
}

TEST_F(AnswerTest, WhoIsNotKnownIsRefusedAndWhoHasNoDnsIsNotAnswered) {
  EXPECT_EQ(result("127.0.0.99", "ec2.ap-northeast-1.amazonaws.com"), "rcode 5");
  EXPECT_EQ(result("127.0.0.99", "example.com"), "rcode 5");
  EXPECT_EQ(result(kSilent, "ec2.ap-northeast-1.amazonaws.com"), "silence");
  EXPECT_EQ(result(kSilent, "example.com"), "silence");
}

TEST_F(AnswerTest, OddQueriesGetTheirErrors) {
  auto message = query("example.com");
  message.header.response = true;
  EXPECT_EQ(describe(ask(kOne, message)), "silence");
  message = query("example.com");
  message.header.opcode = 5;
  EXPECT_EQ(describe(ask(kOne, message)), "rcode 4");
  message = query("example.com");
  message.questions.clear();
  EXPECT_EQ(ask(kOne, message).reply.header.rcode, rcode::kFormErr);
  message = query("example.com");
  message.questions.push_back(message.questions[0]);
  EXPECT_EQ(ask(kOne, message).reply.header.rcode, rcode::kFormErr);
  message = query("example.com");
  message.edns = Edns{1232, 1, false, {}};
  EXPECT_EQ(describe(ask(kOne, message)), "rcode 16");
  message = query("example.com");
  message.questions[0].qclass = 3;
  EXPECT_EQ(describe(ask(kOne, message)), "rcode 5");
  EXPECT_EQ(result(kOne, "ec2.ap-northeast-1.amazonaws.com", type::kAxfr), "rcode 5");
  EXPECT_EQ(result(kOne, "example.com", type::kTsig), "rcode 4");
  EXPECT_EQ(ask(kOne, query("example.com", type::kOpt)).reply.header.rcode, rcode::kFormErr);
  message = query("example.com");
  message.header.recursion_desired = false;
  EXPECT_EQ(describe(ask(kOne, message)), "rcode 5") << "not ours, and it may not be asked for";
}

TEST_F(AnswerTest, EdnsIsAnsweredWithEdns) {
  auto message = query(kRegional);
  EXPECT_FALSE(ask(kOne, message).reply.edns);
  EXPECT_EQ(udp_limit(message), 512u);
  message.edns = Edns{4096, 0, true, {{10, "cookie"}}};
  EXPECT_EQ(ask(kOne, message).reply.edns, (Edns{kLargestUdpAnswer, 0, true, {}}));
  EXPECT_EQ(udp_limit(message), kLargestUdpAnswer);
  message.edns->udp_size = 100;
  EXPECT_EQ(udp_limit(message), 512u);
}

TEST_F(AnswerTest, PlansReplaceAndTakeAway) {
  auto vpc = vpc_one();
  vpc.private_names.clear();
  vpc.ports.pop_back();
  vpc.public_names = {{kZonalA, {ip("10.0.0.55")}}};
  ASSERT_TRUE(directory_.set_vpc(vpc));
  EXPECT_EQ(result(kOne, "ec2.ap-northeast-1.amazonaws.com"), "203.0.113.10");
  EXPECT_EQ(result(kOne, "x1.execute-api.ap-northeast-1.amazonaws.com"), "recurse") << "its zone is gone too";
  EXPECT_EQ(result("127.0.0.12", kZonalA), "rcode 5");
  EXPECT_EQ(result(kTwo, kZonalA), "10.0.0.55");
  EXPECT_EQ(result(kTwo, kRegional), "NXDOMAIN");

  directory_.remove_vpc(1);
  EXPECT_EQ(result(kOne, kZonalA), "rcode 5");
  EXPECT_EQ(result(kTwo, kZonalA), "NXDOMAIN");
  directory_.remove_vpc(1);  // once more is no harm

  auto other = host();
  other.public_names.clear();
  ASSERT_TRUE(directory_.set_host(other));
  EXPECT_EQ(result(kTwo, "ec2.ap-northeast-1.amazonaws.com"), "recurse");
}

TEST_F(AnswerTest, ANameThatIsNoneChangesNothing) {
  auto vpc = vpc_one();
  vpc.private_names = {{"good.example", {ip("10.0.0.1")}}, {"bad..example", {ip("10.0.0.1")}}};
  const auto status = directory_.set_vpc(vpc);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().text(), testing::HasSubstr("bad..example"));
  EXPECT_EQ(result(kOne, "good.example"), "recurse");
  EXPECT_EQ(result(kOne, "six.example"), "10.0.0.6");
  auto other = host();
  other.public_names = {{std::string(64, 'x'), {}}};
  EXPECT_FALSE(directory_.set_host(other));
  EXPECT_EQ(result(kTwo, "ec2.ap-northeast-1.amazonaws.com"), "203.0.113.10");
}

TEST_F(AnswerTest, AnUpstreamsAnswerIsCopied) {
  Message reply = ask(kOne, query("www.example.com")).reply;
  Message upstream;
  upstream.header.authentic_data = true;
  upstream.answers = {name_record(name("www.example.com"), type::kCname, name("a.example.net"), 300),
                      address_record(name("a.example.net"), ip("192.0.2.1"), 200),
                      {name("a.example.net"), type::kRrsig, kClassIn, 200, "signature"}};
  upstream.authorities = {{name("example.net"), type::kNsec, kClassIn, 200, "x"}};
  finish(reply, upstream, *directory_.state(), ip(kOne));
  EXPECT_EQ(reply.answers, std::vector<Record>(upstream.answers.begin(), upstream.answers.end() - 1));
  EXPECT_THAT(reply.authorities, IsEmpty());
  EXPECT_FALSE(reply.header.authentic_data);

  auto with_dnssec = query("www.example.com");
  with_dnssec.edns = Edns{1232, 0, true, {}};
  reply = ask(kOne, with_dnssec).reply;
  finish(reply, upstream, *directory_.state(), ip(kOne));
  EXPECT_EQ(reply.answers.size(), 3u) << "who asks for signatures gets them";
}

TEST_F(AnswerTest, AnAliasThatLeadsHomeIsAnsweredFromHome) {
  Message upstream;
  upstream.header.rcode = rcode::kNxDomain;
  upstream.answers = {
      name_record(name("api.corp.example"), type::kCname, name("alias.corp.example"), 300),
      name_record(name("alias.corp.example"), type::kCname, name("ec2.ap-northeast-1.amazonaws.com"), 30),
      address_record(name("ec2.ap-northeast-1.amazonaws.com"), ip("198.51.100.1"), 60)};
  Message reply = ask(kOne, query("api.corp.example")).reply;
  finish(reply, upstream, *directory_.state(), ip(kOne));
  EXPECT_EQ(reply.header.rcode, rcode::kNoError);
  EXPECT_EQ(reply.answers.size(), 4u);
  EXPECT_THAT(addresses_in(reply), ElementsAre("10.0.0.5", "10.0.1.5"));
  reply = ask(kTwo, query("api.corp.example")).reply;
  finish(reply, upstream, *directory_.state(), ip(kTwo));
  EXPECT_THAT(addresses_in(reply), ElementsAre("203.0.113.10"));
}

TEST_F(AnswerTest, AnAliasInCirclesEnds) {
  Message upstream;
  upstream.answers = {name_record(name("a.example"), type::kCname, name("b.example"), 300),
                      name_record(name("b.example"), type::kCname, name("a.example"), 300)};
  Message reply = ask(kOne, query("a.example")).reply;
  finish(reply, upstream, *directory_.state(), ip(kOne));
  EXPECT_EQ(reply.answers.size(), 2u);
}

}  // namespace
}  // namespace ginnel::dns

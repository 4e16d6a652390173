// The codec: examples, any message there and back, and any bytes without harm.
#include "dns/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <random>

#include "dns/rdata.h"

namespace ginnel::dns {
namespace {

using testing::HasSubstr;

Name name(std::string_view text) {
  auto parsed = Name::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Name());
}

std::string error_of(const Bytes& message) {
  const auto decoded = decode(message);
  return decoded ? "decoded" : decoded.error().text();
}

// A header with these counts, then `rest`.
Bytes with_counts(uint8_t questions, uint8_t answers, uint8_t authorities, uint8_t additionals, std::string_view rest) {
  Bytes out = {0x12, 0x34, 0x81, 0x80, 0, questions, 0, answers, 0, authorities, 0, additionals};
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

template <size_t N>
std::string_view raw(const char (&literal)[N]) {
  return {literal, N - 1};
}

TEST(NameTest, ReadsAndWritesText) {
  EXPECT_EQ(name("Ec2.ap-northeast-1.amazonaws.com.").to_text(), "Ec2.ap-northeast-1.amazonaws.com");
  EXPECT_EQ(name(".").to_text(), ".");
  EXPECT_EQ(name("a\\.b.\\\\.\\000\\255x.c").to_text(), "a\\.b.\\\\.\\000\\255x.c");
  EXPECT_EQ(name("*.x").wire(), std::string("\1*\1x\0", 5));
}

TEST(NameTest, RefusesWhatIsNoName) {
  const auto cause = [](const std::string& text) {
    const auto parsed = Name::parse(text);
    return parsed ? "parsed" : parsed.error().text();
  };
  EXPECT_THAT(cause(""), HasSubstr("it is empty"));
  EXPECT_THAT(cause("a..b"), HasSubstr("an empty label"));
  EXPECT_THAT(cause(".a"), HasSubstr("an empty label"));
  EXPECT_THAT(cause(std::string(64, 'a') + ".b"), HasSubstr("longer than 63 bytes"));
  EXPECT_THAT(cause("a\\"), HasSubstr("ends in a backslash"));
  EXPECT_THAT(cause("a\\12"), HasSubstr("a digit without two more"));
  EXPECT_THAT(cause("a\\256"), HasSubstr("over \\255"));
  const std::string label(63, 'a');
  const std::string longest = label + '.' + label + '.' + label + '.' + std::string(61, 'b');
  EXPECT_EQ(name(longest).wire().size(), kLongestName);
  EXPECT_THAT(cause(longest + 'b'), HasSubstr("longer than 255 bytes"));
  EXPECT_FALSE(name(longest).child("a"));
}

TEST(NameTest, ComparesWithoutCase) {
  EXPECT_EQ(name("EC2.Example"), name("ec2.eXAMPLE"));
  EXPECT_FALSE(name("ec2.example") == name("ec3.example"));
  EXPECT_TRUE(name("a.b.C").is_under(name("B.c")));
  EXPECT_TRUE(name("b.c").is_under(name("b.c")));
  EXPECT_TRUE(name("b.c").is_under(Name()));
  EXPECT_FALSE(name("xb.c").is_under(name("b.c")));
  EXPECT_FALSE(name("c").is_under(name("b.c")));
  EXPECT_EQ(TreeKey(name("A.b.c")).bytes, "\1c\1b\1a");
}

TEST(CodecTest, ReadsAQueryOfDig) {
  const auto message = decode(with_counts(1, 0, 0, 1,
                                          raw("\3eC2\7example\0\0\1\0\1"
                                              "\0\0\x29\x04\xd0\0\0\x80\0\0\x0c\0\x0a\0\x08"
                                              "12345678")));
  ASSERT_TRUE(message) << message.error().text();
  EXPECT_EQ(message->header.id, 0x1234);
  EXPECT_TRUE(message->header.response && message->header.recursion_desired && message->header.recursion_available);
  ASSERT_EQ(message->questions.size(), 1u);
  EXPECT_EQ(message->questions[0].name.to_text(), "eC2.example") << "the case is kept";
  ASSERT_TRUE(message->edns);
  EXPECT_EQ(message->edns->udp_size, 1232);
  EXPECT_TRUE(message->edns->dnssec_ok);
  EXPECT_EQ(message->edns->options, (std::vector<EdnsOption>{{10, "12345678"}}));
}

TEST(CodecTest, FollowsCompression) {
  const auto message = decode(with_counts(1, 2, 0, 0,
                                          raw("\1a\1b\0\0\1\0\1"
                                              "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1c\xc0\x0e"
                                              "\xc0\x21\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\5")));
  ASSERT_TRUE(message) << message.error().text();
  EXPECT_EQ(target_of(message->answers[0]), name("c.b"));
  EXPECT_EQ(message->answers[1].name, name("c.b"));
  EXPECT_EQ(address_of(message->answers[1])->to_string(), "10.0.0.5");
}

TEST(CodecTest, RefusesWhatIsBroken) {
  EXPECT_THAT(error_of({}), HasSubstr("shorter than a header"));
  EXPECT_THAT(error_of(Bytes(11)), HasSubstr("shorter than a header"));
  EXPECT_THAT(error_of(with_counts(1, 0, 0, 0, "")), HasSubstr("a name passes the end"));
  EXPECT_THAT(error_of(with_counts(1, 0, 0, 0, raw("\3ab"))), HasSubstr("a name passes the end"));
  EXPECT_THAT(error_of(with_counts(1, 0, 0, 0, raw("\0\0\1\0"))), HasSubstr("it ends too early"));
  EXPECT_THAT(error_of(with_counts(1, 0, 0, 0, raw("\0\0\1\0\1x"))), HasSubstr("bytes are left over"));
  EXPECT_THAT(error_of(with_counts(1, 0, 0, 0, raw("\x41x\0\0\1\0\1"))), HasSubstr("an unknown kind of label"));
  EXPECT_THAT(error_of(with_counts(0, 1, 0, 0, raw("\0\0\1\0\1\0\0\0\0\0\5"))), HasSubstr("a record passes the end"));
  EXPECT_THAT(error_of(with_counts(0, 1, 0, 0, raw("\0\0\1\0\1\0\0\0\0\0\3abc"))), HasSubstr("of type 1 is wrong"));
  EXPECT_THAT(error_of(with_counts(0, 1, 0, 0, raw("\0\0\x10\0\1\0\0\0\0\0\2\5a"))), HasSubstr("of type 16 is wrong"));
  EXPECT_THAT(error_of(with_counts(0, 1, 0, 0, raw("\0\0\2\0\1\0\0\0\0\0\2\0x"))), HasSubstr("another length"));
}

TEST(CodecTest, NoPointerMakesItLoop) {
  EXPECT_THAT(error_of(with_counts(1, 0, 0, 0, raw("\xc0\x0c\0\1\0\1"))), HasSubstr("does not point backwards"));
  EXPECT_THAT(error_of(with_counts(1, 0, 0, 0, raw("\1a\xc0\x0c\0\1\0\1"))), HasSubstr("does not point backwards"));
  EXPECT_THAT(error_of(with_counts(1, 0, 0, 0, raw("\xc0\x20\0\1\0\1"))), HasSubstr("does not point backwards"));
  EXPECT_THAT(error_of(with_counts(1, 0, 0, 0, raw("\xc0"))), HasSubstr("a name passes the end"));
}

TEST(CodecTest, NoCompressionMakesANameTooLong) {
  const std::string label = '\x3f' + std::string(63, 'a');
  const std::string three = label + label + label + std::string(raw("\0\0\1\0\1"));
  EXPECT_EQ(error_of(with_counts(1, 0, 0, 0, three)), "decoded");
  const std::string fits = '\x3d' + std::string(61, 'a') + std::string(raw("\xc0\x0c\0\1\0\1"));
  EXPECT_EQ(error_of(with_counts(2, 0, 0, 0, three + fits)), "decoded");
  const std::string too_long = '\x3e' + std::string(62, 'a') + std::string(raw("\xc0\x0c\0\1\0\1"));
  EXPECT_THAT(error_of(with_counts(2, 0, 0, 0, three + too_long)), HasSubstr("longer than 255 bytes"));
}

TEST(CodecTest, OneOptRecordIsEnough) {
  const std::string opt(raw("\0\0\x29\x04\xd0\0\0\0\0\0\0"));
  EXPECT_EQ(error_of(with_counts(0, 0, 0, 1, opt)), "decoded");
  EXPECT_THAT(error_of(with_counts(0, 0, 0, 2, opt + opt)), HasSubstr("a second OPT record"));
  EXPECT_THAT(error_of(with_counts(0, 1, 0, 0, opt)), HasSubstr("outside of the additional section"));
  EXPECT_THAT(error_of(with_counts(0, 0, 0, 1, "\1a" + opt)), HasSubstr("not the root's"));
}

TEST(CodecTest, CompressesNamesOnce) {
  Message message;
  message.questions = {{name("www.example.com"), type::kA, kClassIn}};
  message.answers = {name_record(name("www.example.com"), type::kCname, name("a.example.com"), 60),
                     address_record(name("a.example.com"), IpAddress::from_v4(0x0a000005), 60)};
  // Header, question, then two records whose owners are pointers and a CNAME of one label and a pointer.
  EXPECT_EQ(encode(message).size(), 12u + 17 + 4 + (2 + 10 + 4) + (2 + 10 + 4));
  EXPECT_EQ(decode(encode(message)).value(), message);
}

TEST(CodecTest, TruncatesToTheLimitAndSaysSo) {
  Message message;
  message.questions = {{name("many.example"), type::kA, kClassIn}};
  message.edns = Edns{1232, 0, false, {}};
  for (uint32_t n = 0; n < 100; ++n) {
    message.answers.push_back(address_record(name("many.example"), IpAddress::from_v4(n), 60));
  }
  const auto cut = encode(message, 1232);
  EXPECT_LE(cut.size(), 1232u);
  const auto decoded = decode(cut).value();
  EXPECT_TRUE(decoded.header.truncated);
  EXPECT_TRUE(decoded.answers.empty());
  EXPECT_EQ(decoded.questions, message.questions);
  EXPECT_TRUE(decoded.edns);
  EXPECT_EQ(decode(encode(message)).value(), message) << "TCP carries all of it";

  message.answers.resize(3);
  message.additionals.assign(1, txt_record(name("t"), {std::string(250, 'x'), std::string(250, 'y')}, 60));
  const auto without_additionals = decode(encode(message, 512)).value();
  EXPECT_FALSE(without_additionals.header.truncated);
  EXPECT_EQ(without_additionals.answers.size(), 3u);
  EXPECT_TRUE(without_additionals.additionals.empty());
}

TEST(RdataTest, TypedDataComesBack) {
  const Soa soa{name("ns.example"), name("hostmaster.example"), 1, 2, 3, 4, 5};
  EXPECT_EQ(soa_of(soa_record(name("example"), soa, 60)), soa);
  const Srv srv{1, 2, 443, name("target.example")};
  EXPECT_EQ(srv_of(srv_record(name("_x._tcp.example"), srv, 60)), srv);
  EXPECT_EQ(txt_of(txt_record(name("t"), {"a", "", "b"}, 60)), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(txt_of(txt_record(name("t"), {std::string(300, 'x')}, 60)),
            (std::vector<std::string>{std::string(255, 'x'), std::string(45, 'x')}));
  EXPECT_EQ(txt_of(txt_record(name("t"), {}, 60)), (std::vector<std::string>{""}));
  const auto v6 = IpAddress::parse("fd00:ec2::253").value();
  EXPECT_EQ(address_record(name("a"), v6, 60).type, type::kAaaa);
  EXPECT_EQ(address_of(address_record(name("a"), v6, 60)), v6);
  EXPECT_EQ(address_of(soa_record(name("example"), soa, 60)), std::nullopt);
  EXPECT_EQ(target_of(srv_record(name("a"), srv, 60)), std::nullopt);
}

// ---- properties -----------------------------------------------------------------------------------------------------

std::string any_bytes(int most) {
  return *rc::gen::resize(most, rc::gen::container<std::string>(rc::gen::arbitrary<char>()));
}

Name any_name() {
  Name out;
  for (int n = *rc::gen::inRange(0, 5); n > 0; --n) {
    std::string label = *rc::gen::oneOf(rc::gen::element<std::string>("a", "B", "example", "com", "*"),
                                        rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::arbitrary<char>())));
    label.resize(std::min<size_t>(label.size(), kLongestLabel));
    if (auto longer = out.child(label)) out = *longer;
  }
  return out;
}

Record any_record() {
  const Name owner = any_name();
  const auto ttl_s = *rc::gen::arbitrary<uint32_t>();
  switch (*rc::gen::inRange(0, 7)) {
    case 0:
      return address_record(owner, IpAddress::from_v4(*rc::gen::arbitrary<uint32_t>()), ttl_s);
    case 1:
      return address_record(owner, IpAddress::parse("2001:db8::1").value(), ttl_s);
    case 2:
      return name_record(owner,
                         *rc::gen::elementOf(std::vector<uint16_t>{type::kNs, type::kCname, type::kPtr, type::kDname}),
                         any_name(), ttl_s);
    case 3:
      return soa_record(owner, {any_name(), any_name(), 1, 2, 3, 4, *rc::gen::arbitrary<uint32_t>()}, ttl_s);
    case 4:
      return srv_record(owner, {1, 2, *rc::gen::arbitrary<uint16_t>(), any_name()}, ttl_s);
    case 5:
      return txt_record(owner, {any_bytes(30), any_bytes(300)}, ttl_s);
    default:
      return {owner, *rc::gen::elementOf(std::vector<uint16_t>{99, 257, 65280}), *rc::gen::arbitrary<uint16_t>(), ttl_s,
              any_bytes(40)};
  }
}

std::vector<Record> any_records(int most) {
  std::vector<Record> out;
  for (int n = *rc::gen::inRange(0, most); n > 0; --n) out.push_back(any_record());
  return out;
}

Message any_message() {
  Message out;
  const auto flag = [] { return *rc::gen::arbitrary<bool>(); };
  out.header = {*rc::gen::arbitrary<uint16_t>(),
                flag(),
                flag(),
                flag(),
                flag(),
                flag(),
                flag(),
                flag(),
                *rc::gen::inRange<uint8_t>(0, 16),
                *rc::gen::inRange<uint16_t>(0, 16)};
  if (flag()) {
    out.edns = Edns{*rc::gen::arbitrary<uint16_t>(), *rc::gen::arbitrary<uint8_t>(), flag(), {}};
    out.header.rcode = *rc::gen::inRange<uint16_t>(0, 4096);
    if (flag()) out.edns->options.push_back({*rc::gen::arbitrary<uint16_t>(), any_bytes(20)});
  }
  for (int n = *rc::gen::inRange(0, 3); n > 0; --n) {
    out.questions.push_back({any_name(), *rc::gen::arbitrary<uint16_t>(), kClassIn});
  }
  out.answers = any_records(5);
  out.authorities = any_records(3);
  out.additionals = any_records(3);
  return out;
}

TEST(CodecProperty, WhatIsWrittenIsReadBack) {
  EXPECT_TRUE(rc::check("decode(encode(m)) = m", [] {
    const Message message = any_message();
    const auto decoded = decode(encode(message));
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == message);
  }));
}

TEST(CodecProperty, ALimitIsKept) {
  EXPECT_TRUE(rc::check("encode(m, n) is at most n long and decodes", [] {
    Message message = any_message();
    message.questions.resize(std::min<size_t>(message.questions.size(), 1));
    const size_t limit = *rc::gen::inRange<size_t>(512, 1500);
    const auto written = encode(message, limit);
    RC_ASSERT(written.size() <= limit);
    const auto decoded = decode(written);
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(decoded->answers == message.answers || (decoded->answers.empty() && decoded->header.truncated));
  }));
}

TEST(CodecProperty, NamesComeBackFromText) {
  EXPECT_TRUE(rc::check("parse(to_text(n)) = n", [] {
    const Name any = any_name();
    RC_ASSERT(Name::parse(any.to_text()).value().wire() == any.wire());
  }));
}

// Whatever decodes is written so that it decodes to the same again.
void check_stable(const Bytes& input) {
  const auto message = decode(input);
  if (!message) return;
  const auto written = encode(*message);
  const auto again = decode(written);
  ASSERT_TRUE(again) << again.error().text();
  const bool fits = again->header.truncated == message->header.truncated;
  ASSERT_TRUE(!fits || *again == *message);
}

TEST(CodecProperty, NoBytesDoHarm) {
  EXPECT_TRUE(rc::check("decode(any bytes) is a message or an Error",
                        [] { check_stable(*rc::gen::container<Bytes>(rc::gen::arbitrary<uint8_t>())); }));
}

TEST(CodecProperty, NoChangedMessageDoesHarm) {
  std::mt19937 random(1035);  // NOLINT: repeatable on purpose
  Message message;
  message.questions = {{name("www.example.com"), type::kA, kClassIn}};
  message.answers = {name_record(name("www.example.com"), type::kCname, name("a.b.example.com"), 60),
                     srv_record(name("a.b.example.com"), {1, 2, 3, name("c.example.com")}, 60),
                     txt_record(name("b.example.com"), {"some", "text"}, 60)};
  message.authorities = {soa_record(name("example.com"), {name("ns.example.com"), name("h.example.com")}, 60)};
  message.additionals = {address_record(name("c.example.com"), IpAddress::from_v4(0x0a000005), 60)};
  message.edns = Edns{1232, 0, true, {{10, "cookie"}}};
  const Bytes good = encode(message);
  size_t decoded = 0;
  for (int n = 0; n < 50000; ++n) {
    Bytes changed = good;
    for (unsigned changes = 1 + random() % 3; changes > 0; --changes) {
      const size_t at = random() % changed.size();
      switch (random() % 4) {
        case 0:
          changed[at] = static_cast<uint8_t>(random());
          break;
        case 1:
          changed[at] = static_cast<uint8_t>(0xc0 | random() % 2);
          break;
        case 2:
          changed.insert(changed.begin() + static_cast<long>(at), static_cast<uint8_t>(random()));
          break;
        default:
          changed.resize(at + 1);
      }
    }
    check_stable(changed);
    if (decode(changed)) ++decoded;
  }
  EXPECT_GT(decoded, 100u) << "some of them must get far";
}

}  // namespace
}  // namespace ginnel::dns

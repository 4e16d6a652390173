// DNS messages as values (RFC 1035 section 4, EDNS: RFC 6891), and their wire form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "dns/name.h"

namespace ginnel::dns {

// Types that this program knows by name; any other number is carried as it is.
namespace type {
inline constexpr uint16_t kA = 1, kNs = 2, kCname = 5, kSoa = 6, kPtr = 12, kMx = 15, kTxt = 16, kAaaa = 28, kSrv = 33,
                          kDname = 39, kOpt = 41, kRrsig = 46, kNsec = 47, kNsec3 = 50, kTkey = 249, kTsig = 250,
                          kIxfr = 251, kAxfr = 252, kMailb = 253, kMaila = 254, kAny = 255;
}  // namespace type

inline constexpr uint16_t kClassIn = 1;

namespace rcode {
inline constexpr uint16_t kNoError = 0, kFormErr = 1, kServFail = 2, kNxDomain = 3, kNotImp = 4, kRefused = 5,
                          kBadVers = 16;
}  // namespace rcode

inline constexpr uint8_t kOpcodeQuery = 0;
inline constexpr size_t kLargestMessage = 65535;  // bytes, as TCP's length can say
inline constexpr size_t kPlainUdpSize = 512;      // without EDNS

struct Header {
  uint16_t id = 0;
  bool response = false, authoritative = false, truncated = false;
  bool recursion_desired = false, recursion_available = false;
  bool authentic_data = false, checking_disabled = false;
  uint8_t opcode = kOpcodeQuery;
  uint16_t rcode = rcode::kNoError;  // 12 bits; those over 15 need EDNS
  friend bool operator==(const Header&, const Header&) = default;
};

struct Question {
  Name name;
  uint16_t type = type::kA;
  uint16_t qclass = kClassIn;
  friend bool operator==(const Question&, const Question&) = default;
};

// `data` is the wire form without compression, so that types that nobody here knows can be carried too.
struct Record {
  Name name;
  uint16_t type = 0;
  uint16_t rclass = kClassIn;
  uint32_t ttl_s = 0;
  std::string data;
  friend bool operator==(const Record&, const Record&) = default;
};

struct EdnsOption {
  uint16_t code = 0;
  std::string data;
  friend bool operator==(const EdnsOption&, const EdnsOption&) = default;
};

// The OPT record, which is no record of the additional section here.
struct Edns {
  uint16_t udp_size = kPlainUdpSize;
  uint8_t version = 0;
  bool dnssec_ok = false;
  std::vector<EdnsOption> options;
  friend bool operator==(const Edns&, const Edns&) = default;
};

struct Message {
  Header header;
  std::vector<Question> questions;
  std::vector<Record> answers, authorities, additionals;
  std::optional<Edns> edns;
  friend bool operator==(const Message&, const Message&) = default;
};

using Bytes = std::vector<uint8_t>;

// Reads a whole message; anything that is cut, left over or against the RFCs is an Error. Compression pointers must
// point backwards, so no input makes it loop.
Result<Message> decode(std::span<const uint8_t> bytes);
// The header alone, of a message that need not be well formed otherwise.
Result<Header> decode_header(std::span<const uint8_t> bytes);

// Writes with compression, at most `limit` bytes (never under 512). Where answers or authorities do not fit, neither is
// written and the truncated flag is set; additionals that do not fit are left out.
Bytes encode(const Message& message, size_t limit = kLargestMessage);

}  // namespace ginnel::dns

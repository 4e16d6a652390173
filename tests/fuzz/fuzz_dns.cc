// Any bytes as a DNS message: they decode or not, what decodes is written so that it decodes to the same, and the
// resolver has a decision for it, also where the message comes from the upstream.
#include "base/check.h"
#include "dns/answer.h"

namespace {

using ginnel::IpAddress;
namespace dns = ginnel::dns;

const IpAddress kAsker = IpAddress::from_v4(0x64400002);

// A region with every kind of name.
const dns::Directory& directory() {
  static const auto made = [] {
    auto out = std::make_unique<dns::Directory>();
    ginnel::plan::HostPlan host;
    host.region = "r";
    host.dns_suffix = "s";
    host.public_names = {{"ec2.r.s", {IpAddress::from_v4(1)}}, {"*.k.r.s", {IpAddress::from_v4(2)}}};
    ginnel::plan::VpcPlan vpc;
    vpc.number = 1;
    vpc.ports.emplace_back().synthetic = kAsker;
    vpc.private_names = {{"a", {IpAddress::from_v4(3), IpAddress()}}, {"*.b", {IpAddress::from_v4(4)}}};
    vpc.public_names = {{"v.ec2.r.vpce.s", {IpAddress::from_v4(5)}}};
    GINNEL_CHECK(out->set_host(host) && out->set_vpc(vpc), "the names are good");
    return out;
  }();
  return *made;
}

void check_written(const dns::Message& message) {
  const auto again = dns::decode(dns::encode(message));
  GINNEL_CHECK(again, "what is written can be read");
  const bool fits = again->header.truncated == message.header.truncated;
  GINNEL_CHECK(!fits || *again == message, "what is written is what was meant");
}

void check_fits(const dns::Message& reply, size_t limit) {
  const auto bytes = dns::encode(reply, limit);
  GINNEL_CHECK(bytes.size() <= limit && dns::decode(bytes), "a reply keeps to its limit and can be read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto message = dns::decode(std::span(data, size));
  if (!message) {
    const auto header = dns::decode_header(std::span(data, size));
    if (const auto reply = header ? dns::malformed_reply(*header) : std::nullopt) check_fits(*reply, 512);
    return 0;
  }
  check_written(*message);
  const auto state = directory().state();
  dns::Decision decision = dns::decide(*state, kAsker, *message);
  if (decision.what == dns::Decision::What::silence) return 0;
  if (decision.what == dns::Decision::What::recurse) dns::finish(decision.reply, *message, *state, kAsker);
  if (message->questions.size() <= 1) check_fits(decision.reply, dns::udp_limit(*message));
  return 0;
}

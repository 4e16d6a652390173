#include "dns/answer.h"

#include <algorithm>

#include "dns/rdata.h"

namespace ginnel::dns {
namespace {

constexpr size_t kLongestChain = 16;

Message reply_to(const Message& query) {
  Message reply;
  reply.header.id = query.header.id;
  reply.header.response = true;
  reply.header.opcode = query.header.opcode;
  reply.header.recursion_desired = query.header.recursion_desired;
  reply.header.recursion_available = true;
  reply.questions = query.questions;
  if (query.edns) {
    reply.edns.emplace();
    reply.edns->udp_size = kLargestUdpAnswer;
    reply.edns->dnssec_ok = query.edns->dnssec_ok;
  }
  return reply;
}

Decision answer_with(Message reply, uint16_t rcode) {
  reply.header.rcode = rcode;
  return {Decision::What::answer, std::move(reply)};
}

bool is_meta_type(uint16_t type) {
  return type == type::kTkey || type == type::kTsig || type == type::kMailb || type == type::kMaila;
}

// Names of zones here have no name server to speak of; what counts in the record are its name and the last number, the
// time that "no such name" may be kept (RFC 2308).
Soa soa_of_zone(const Name& origin) {
  Soa soa;
  soa.primary = origin;
  soa.mailbox = origin.child("hostmaster").value_or(origin);
  return soa;
}

// The rcode; adds the records for `name`, which the question or a CNAME asks for.
uint16_t add_own(Message& reply, const Name& name, uint16_t type, const Found& found) {
  const size_t before = reply.answers.size();
  if (found.what == Found::What::addresses) {
    const auto& addresses = found.addresses->addresses;
    // Askers mostly take the first address: another one for each query spreads them.
    const size_t first = addresses.empty() ? 0 : reply.header.id % addresses.size();
    for (size_t n = 0; n < addresses.size(); ++n) {
      const auto& address = addresses[(first + n) % addresses.size()];
      const uint16_t its_type = address.is_v4() ? type::kA : type::kAaaa;
      if (type != its_type && type != type::kAny) continue;
      reply.answers.push_back(address_record(name, address, found.addresses->ttl_s));
    }
  }
  const Soa soa = soa_of_zone(found.origin);
  if ((type == type::kSoa || type == type::kAny) && name == found.origin) {
    reply.answers.push_back(soa_record(name, soa, soa.minimum_s));
  }
  if (reply.answers.size() == before) reply.authorities.push_back(soa_record(found.origin, soa, soa.minimum_s));
  return found.what == Found::What::missing ? rcode::kNxDomain : rcode::kNoError;
}

bool is_dnssec(uint16_t type) { return type == type::kRrsig || type == type::kNsec || type == type::kNsec3; }

void copy_records(const std::vector<Record>& from, std::vector<Record>& to, bool with_dnssec, uint16_t asked) {
  for (const auto& record : from) {
    if (is_dnssec(record.type) && !with_dnssec && record.type != asked) continue;
    to.push_back(record);
  }
}

}  // namespace

Decision decide(const State& state, const IpAddress& source, const Message& query) {
  if (query.header.response) return {};
  const VpcView* view = state.view_of(source);
  if (view && !view->dns_support) return {};
  Message reply = reply_to(query);
  if (!view) return answer_with(std::move(reply), rcode::kRefused);
  if (query.header.opcode != kOpcodeQuery) return answer_with(std::move(reply), rcode::kNotImp);
  if (query.edns && query.edns->version != 0) return answer_with(std::move(reply), rcode::kBadVers);
  if (query.questions.size() != 1) return answer_with(std::move(reply), rcode::kFormErr);
  const Question& question = query.questions.front();
  if (question.type == type::kOpt || question.type == 0) return answer_with(std::move(reply), rcode::kFormErr);
  if (is_meta_type(question.type)) return answer_with(std::move(reply), rcode::kNotImp);
  const bool is_transfer = question.type == type::kAxfr || question.type == type::kIxfr;
  if (question.qclass != kClassIn || is_transfer) return answer_with(std::move(reply), rcode::kRefused);

  const Found found = state.find(*view, question.name);
  if (found.what == Found::What::elsewhere) {
    if (!query.header.recursion_desired) return answer_with(std::move(reply), rcode::kRefused);
    return {Decision::What::recurse, std::move(reply)};
  }
  reply.header.authoritative = true;
  const uint16_t rcode = add_own(reply, question.name, question.type, found);
  return answer_with(std::move(reply), rcode);
}

void finish(Message& reply, const Message& upstream, const State& state, const IpAddress& source) {
  const Question question = reply.questions.front();
  const bool with_dnssec = reply.edns && reply.edns->dnssec_ok;
  reply.header.rcode = upstream.header.rcode;
  const VpcView* view = state.view_of(source);
  if (!view) return finish_failed(reply);  // the port went while upstream was asked

  std::vector<Record> chain;
  Name name = question.name;
  const bool follows = question.type != type::kCname && question.type != type::kAny;
  for (size_t links = 0; follows && links < kLongestChain; ++links) {
    const auto cname = std::find_if(upstream.answers.begin(), upstream.answers.end(), [&](const Record& record) {
      return record.type == type::kCname && record.name == name;
    });
    if (cname == upstream.answers.end()) break;
    const auto target = target_of(*cname);
    if (!target) break;
    chain.push_back(*cname);
    name = *target;
    const Found found = state.find(*view, name);
    if (found.what == Found::What::elsewhere) continue;
    reply.answers = std::move(chain);
    reply.header.rcode = add_own(reply, name, question.type, found);
    return;
  }
  copy_records(upstream.answers, reply.answers, with_dnssec, question.type);
  copy_records(upstream.authorities, reply.authorities, with_dnssec, question.type);
}

void finish_failed(Message& reply) {
  reply.answers.clear();
  reply.authorities.clear();
  reply.header.rcode = rcode::kServFail;
}

std::optional<Message> malformed_reply(const Header& header) {
  if (header.response) return std::nullopt;
  Message reply;
  reply.header.id = header.id;
  reply.header.response = true;
  reply.header.opcode = header.opcode;
  reply.header.recursion_desired = header.recursion_desired;
  reply.header.rcode = rcode::kFormErr;
  return reply;
}

size_t udp_limit(const Message& query) {
  if (!query.edns) return kPlainUdpSize;
  return std::clamp<size_t>(query.edns->udp_size, kPlainUdpSize, kLargestUdpAnswer);
}

}  // namespace ginnel::dns

// What to do with a query, decided from the published state alone: no sockets, no waiting.
#pragma once

#include "base/ip.h"
#include "dns/directory.h"
#include "dns/message.h"

namespace ginnel::dns {

inline constexpr uint16_t kLargestUdpAnswer = 1232;  // bytes; fits every path without fragments

struct Decision {
  enum class What {
    answer,   // send `reply`
    recurse,  // ask upstream, then send what finish() makes of `reply` and the upstream's answer
    silence,  // the VPC has no resolver, or this is no query
  };
  What what = What::silence;
  Message reply;
};

// `query` came from `source`, the synthetic address of a port.
[[nodiscard]] Decision decide(const State& state, const IpAddress& source, const Message& query);

// Puts the upstream's answer into the reply. Where a CNAME leads to a name that Ginnel answers itself, the rest of the
// chain is Ginnel's.
void finish(Message& reply, const Message& upstream, const State& state, const IpAddress& source);
// No answer could be had.
void finish_failed(Message& reply);

// The answer to what is no well-formed query: FORMERR. Nothing: it was a response, which is not answered.
[[nodiscard]] std::optional<Message> malformed_reply(const Header& header);

// How large a UDP answer the asker takes.
[[nodiscard]] size_t udp_limit(const Message& query);

}  // namespace ginnel::dns

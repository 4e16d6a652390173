#include "dns/responder.h"

#include <boost/asio/post.hpp>

namespace ginnel::dns {

Responder::Responder(const Directory& directory, Recursion& recursion, boost::asio::any_io_executor executor, Log& log,
                     size_t most_recursions_each)
    : directory_(directory),
      recursion_(recursion),
      executor_(std::move(executor)),
      log_(log),
      most_recursions_each_(most_recursions_each) {}

void Responder::respond(const IpAddress& source, std::span<const uint8_t> bytes, Transport transport, Reply reply) {
  ++statistics_.queries;
  const auto state = directory_.state();
  const auto query = decode(bytes);
  if (!query) {
    ++statistics_.malformed;
    const auto header = decode_header(bytes);
    const VpcView* view = state->view_of(source);
    const auto answer = header && view && view->dns_support ? malformed_reply(*header) : std::nullopt;
    return reply(answer ? std::optional(encode(*answer)) : std::nullopt);
  }
  const size_t limit = transport == Transport::udp ? udp_limit(*query) : kLargestMessage;
  Decision decision = decide(*state, source, *query);
  switch (decision.what) {
    case Decision::What::silence:
      ++statistics_.silent;
      return reply(std::nullopt);
    case Decision::What::answer:
      ++statistics_.own;
      return reply(encode(decision.reply, limit));
    case Decision::What::recurse:
      ++statistics_.recursed;
      return recurse(std::make_shared<Waiting>(Waiting{source, std::move(decision.reply), limit, std::move(reply)}));
  }
}

void Responder::recurse(std::shared_ptr<Waiting> waiting) {
  size_t& in_flight = recursions_[waiting->source];
  ++in_flight;
  if (in_flight > most_recursions_each_) {
    return finish_recursion(*waiting, fail("resolve", "", "the asker has too many questions in flight"));
  }
  const Question question = waiting->message.questions.front();
  recursion_.resolve(question, [this, waiting](Result<Message> upstream) {
    boost::asio::post(executor_,
                      [this, waiting, upstream = std::move(upstream)] { finish_recursion(*waiting, upstream); });
  });
}

void Responder::finish_recursion(Waiting& waiting, const Result<Message>& upstream) {
  const auto in_flight = recursions_.find(waiting.source);
  if (--in_flight->second == 0) recursions_.erase(in_flight);
  if (upstream) {
    finish(waiting.message, *upstream, *directory_.state(), waiting.source);
  } else {
    ++statistics_.failed;
    log_.debug("no answer for {}: {}", waiting.message.questions.front().name.to_text(), upstream.error().text());
    finish_failed(waiting.message);
  }
  waiting.reply(encode(waiting.message, waiting.limit));
}

}  // namespace ginnel::dns

#include "relay/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <system_error>

namespace ginnel::relay {
namespace {

constexpr uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr size_t kBudget = 2U << 20;  // bytes a direction moves before others have their turn
constexpr std::chrono::milliseconds kAbortStep{5};

std::chrono::milliseconds left_until(SteadyTime deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

}  // namespace

void Connection::End::on_events(uint32_t events) { owner.on_events(*this, events); }

Connection::Connection(ConnectionHost& host, std::shared_ptr<Service> service, UniqueFd client)
    : host_(host),
      service_(std::move(service)),
      client_(*this),
      upstream_(*this),
      up_(host.pipes),
      down_(host.pipes),
      last_active_(host.loop.now()) {
  client_.fd = std::move(client);
}

void Connection::set_timer(std::chrono::milliseconds delay, void (Connection::*then)()) {
  clear_timer();
  timer_ = host_.loop.after(delay, [weak = weak_from_this(), then] {
    if (const auto self = weak.lock()) {
      self->timer_.reset();
      ((*self).*then)();
    }
  });
}

void Connection::clear_timer() {
  if (timer_) host_.loop.cancel(*timer_);
  timer_.reset();
}

bool Connection::enter(End& end) {
  tune(end.fd.get());
  return host_.loop.add(end.fd.get(), kEvents, end).has_value();
}

void Connection::start() {
  ++service_->accepted;
  ++service_->open;
  if (!enter(client_)) {
    // Not in the loop, so end() must not take it out.
    close_with_reset(std::move(client_.fd));
    return give_up("out of resources for the loop");
  }
  deadline_ = std::chrono::steady_clock::now() + host_.limits.connect_timeout;
  const std::string& host = service_->spec.upstream_host;
  if (const Result<IpAddress> literal = IpAddress::parse(host)) {
    return try_addresses(std::vector<IpAddress>{*literal});
  }
  set_timer(host_.limits.connect_timeout, &Connection::try_next);
  last_failure_ = "resolve " + host + ": no answer in time";
  host_.resolver.resolve(host, [weak = weak_from_this()](Resolver::Answer answer) {
    const auto self = weak.lock();
    if (self && self->state_ == State::resolving) self->try_addresses(std::move(answer));
  });
}

void Connection::try_addresses(Resolver::Answer answer) {
  if (!answer) return give_up(answer.error().text());
  for (const IpAddress& address : *answer) addresses_.push_back({address, service_->spec.upstream_port});
  try_next();
}

// Also what follows when an address, or the name, did not answer in time.
void Connection::try_next() {
  if (upstream_.fd) {
    host_.loop.remove(upstream_.fd.get());
    upstream_.fd.reset();
  }
  state_ = State::connecting;
  while (!addresses_.empty()) {
    const SocketAddress address = addresses_.front();
    const auto share = left_until(deadline_) / static_cast<int64_t>(addresses_.size());
    addresses_.pop_front();
    trying_ = address;
    last_failure_ = "connect " + address.to_string() + ": no answer in time";
    if (host_.is_own_listener(address)) {
      last_failure_ = "connect " + address.to_string() + ": the relay itself listens there";
      continue;
    }
    Result<UniqueFd> fd = start_connect(address);
    if (!fd) {
      last_failure_ = fd.error().text();
      continue;
    }
    upstream_.fd = std::move(*fd);
    if (!enter(upstream_)) {
      upstream_.fd.reset();
      continue;
    }
    return set_timer(share, &Connection::try_next);
  }
  give_up(last_failure_);
}

void Connection::give_up(const std::string& why) {
  ++service_->failed;
  service_->last_error = why;
  abort();
}

void Connection::on_events(End& end, uint32_t events) {
  if (state_ == State::ended) return;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) end.readable = true;
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) end.writable = true;
  if (state_ == State::connecting && &end == &upstream_) return on_connect_decided();
  if (events & EPOLLERR) end.reset = true;
  switch (state_) {
    case State::resolving:
    case State::connecting:
      if (client_.reset) abort();
      return;
    case State::open:
      return pump();
    case State::aborting:
      if (abort_to_->reset) abort();
      return;
    case State::ended:
      return;
  }
}

void Connection::on_connect_decided() {
  if (const int code = connect_error(upstream_.fd.get()); code != 0) {
    last_failure_ = Error{"connect", trying_.to_string(), std::generic_category().message(code), code}.text();
    return try_next();
  }
  clear_timer();
  state_ = State::open;
  pump();
}

void Connection::count_bytes() {
  const uint64_t up = up_.bytes(), down = down_.bytes();
  if (up == counted_up_ && down == counted_down_) return;
  service_->bytes_up += up - std::exchange(counted_up_, up);
  service_->bytes_down += down - std::exchange(counted_down_, down);
  last_active_ = host_.loop.now();
}

void Connection::pump() {
  const bool client_was_reset = client_.reset, upstream_was_reset = upstream_.reset;
  bool more = false;
  if (!upstream_.reset) more = up_.run(client_, upstream_, kBudget);
  if (!client_.reset) more = down_.run(upstream_, client_, kBudget) || more;
  count_bytes();
  // A reset that a write found: what came before it may still lie there to be read.
  if (client_.reset != client_was_reset) more = client_.readable = true;
  if (upstream_.reset != upstream_was_reset) more = upstream_.readable = true;

  if (client_.reset && upstream_.reset) return abort();
  if (client_.reset && up_.is_done()) return begin_abort(upstream_);
  if (upstream_.reset && down_.is_done()) return begin_abort(client_);
  if (!client_.reset) pass_on_fin(up_, upstream_, up_shut_);
  if (!upstream_.reset) pass_on_fin(down_, client_, down_shut_);
  if (up_shut_ && down_shut_) return end();
  if (more) pump_later();
}

void Connection::pass_on_fin(const Copier& copier, const End& to, bool& shut) {
  if (shut || to.reset || !copier.is_done()) return;
  // It fails only where the connection is gone, and then an event tells so.
  (void)::shutdown(to.fd.get(), SHUT_WR);
  shut = true;
}

void Connection::pump_later() {
  if (std::exchange(pump_waits_, true)) return;
  host_.loop.defer([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->pump_waits_ = false;
    if (self->state_ == State::open) self->pump();
  });
}

// A reset throws away what is on its way, so it waits until the peer has acknowledged the bytes before it.
void Connection::begin_abort(End& to) {
  state_ = State::aborting;
  abort_to_ = &to;
  deadline_ = std::chrono::steady_clock::now() + host_.limits.abort_patience;
  check_abort();
}

void Connection::check_abort() {
  const bool late = std::chrono::steady_clock::now() >= deadline_;
  if (late || abort_to_->reset || unsent_bytes(abort_to_->fd.get()) == 0) return abort();
  set_timer(kAbortStep, &Connection::check_abort);
}

void Connection::abort() {
  if (state_ == State::ended) return;
  for (End* one : {&client_, &upstream_}) {
    if (!one->fd) continue;
    host_.loop.remove(one->fd.get());
    close_with_reset(std::move(one->fd));
  }
  end();
}

void Connection::end() {
  for (End* one : {&client_, &upstream_}) {
    if (!one->fd) continue;
    host_.loop.remove(one->fd.get());
    one->fd.reset();
  }
  state_ = State::ended;
  clear_timer();
  --service_->open;
  host_.on_end(*this);
}

}  // namespace ginnel::relay

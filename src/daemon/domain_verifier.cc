#include "daemon/domain_verifier.h"

#include <algorithm>
#include <vector>

#include "dns/rdata.h"

namespace ginnel::daemon {
namespace {

// Whether one of the records has exactly this text; a record's strings are one text (RFC 7208 section 3.3).
bool holds(const dns::Message& message, const std::string& value) {
  return std::any_of(message.answers.begin(), message.answers.end(), [&](const dns::Record& record) {
    const auto strings = dns::txt_of(record);
    if (!strings) return false;
    std::string text;
    for (const auto& part : *strings) text += part;
    return text == value;
  });
}

}  // namespace

std::string verified_domain(const std::string& private_name) {
  return private_name.starts_with("*.") ? private_name.substr(2) : private_name;
}

DomainVerifier::DomainVerifier(Options options, Log& log) : options_(std::move(options)), log_(log) {}
DomainVerifier::~DomainVerifier() { stop(); }

Status DomainVerifier::start(Committer& committer) {
  committer_ = &committer;
  GINNEL_TRY(recursion_, dns::Recursion::start(options_.recursion, log_));
  thread_ = std::thread([this] { loop(); });
  return {};
}

void DomainVerifier::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  recursion_.reset();
}

void DomainVerifier::published(const model::SnapshotPtr& snapshot) {
  const auto& services = snapshot->table<model::EndpointService>();
  if (services.same_as(last_seen_)) return;
  last_seen_ = services;
  {
    const std::lock_guard lock(mutex_);
    changed_ = true;
  }
  wake_.notify_all();
}

void DomainVerifier::loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (std::exchange(changed_, false)) {
      lock.unlock();
      const auto snapshot = committer_->snapshot();
      lock.lock();
      follow(*snapshot);
    }
    auto wake_at = Steady::now() + std::chrono::hours(1);
    for (auto& [id, look] : looks_) {
      if (look.settled || look.awaited > 0) continue;
      if (look.next <= Steady::now()) {
        ask(look);
      } else {
        wake_at = std::min(wake_at, look.next);
      }
    }
    wake_.wait_until(lock, wake_at, [this] { return stopping_ || changed_; });
  }
}

void DomainVerifier::follow(const model::Snapshot& snapshot) {
  const auto wanted = model::wanted_verifications(snapshot);
  std::erase_if(looks_, [&](const auto& entry) {
    return entry.second.over || std::find(wanted.begin(), wanted.end(), entry.second.wanted) == wanted.end();
  });
  const auto now = Steady::now();
  for (const auto& one : wanted) {
    if (!looks_.contains(one.service)) looks_[one.service] = Look{one, now, now, options_.first_pause};
  }
}

void DomainVerifier::ask(Look& look) {
  const std::string domain = verified_domain(look.wanted.domain);
  const std::vector<std::string> names = {look.wanted.txt_name + "." + domain, domain};
  look.round = ++last_round_;
  look.awaited = static_cast<unsigned>(names.size());
  for (const auto& name : names) ask_one(look, name);
}

// A callback may come in this thread, at once; it changes the looks only after this function gave up the mutex.
void DomainVerifier::ask_one(const Look& look, const std::string& name) {
  const auto done = [this, id = look.wanted.service, round = look.round,
                     value = look.wanted.txt_value](const Result<dns::Message>& message) {
    if (!message) log_.debug("{}: {}", id, message.error().text());
    answered(id, round, message && holds(*message, value));
  };
  const auto parsed = dns::Name::parse(name);
  mutex_.unlock();
  if (parsed) {
    recursion_->resolve({*parsed, dns::type::kTxt}, done);
  } else {
    done(tl::unexpected(parsed.error()));
  }
  mutex_.lock();
}

void DomainVerifier::answered(const std::string& id, uint64_t round, bool found) {
  const std::lock_guard lock(mutex_);
  const auto entry = looks_.find(id);
  if (entry == looks_.end() || entry->second.round != round || entry->second.settled) return;
  Look& look = entry->second;
  look.found = look.found || found;
  if (--look.awaited == 0) judge(look);
}

void DomainVerifier::judge(Look& look) {
  const auto now = Steady::now();
  if (look.found || now - look.began >= options_.give_up) return settle(look);
  look.next = std::min(now + look.pause, look.began + options_.give_up);
  look.pause = std::min(look.pause * 2, options_.longest_pause);
  changed_ = true;  // the loop's time has changed
  wake_.notify_all();
}

void DomainVerifier::settle(Look& look) {
  look.settled = true;
  const auto& wanted = look.wanted;
  if (look.found) {
    log_.info("{}: {} is verified", wanted.service, wanted.domain);
  } else {
    log_.warning("{}: {} is not verified: no TXT record \"{}\" at {}.{} or {}", wanted.service, wanted.domain,
                 wanted.txt_value, wanted.txt_name, verified_domain(wanted.domain), verified_domain(wanted.domain));
  }
  committer_->submit([this, wanted, found = look.found, round = look.round](const model::Snapshot& newest) {
    auto change = model::private_dns_verified(newest, wanted.service, wanted.txt_name, wanted.txt_value, found);
    // Whatever was kept: where it is still wanted, the look begins anew.
    return Decision{std::move(change), [this, id = wanted.service, round](const Status&) {
                      const std::lock_guard lock(mutex_);
                      const auto entry = looks_.find(id);
                      if (entry != looks_.end() && entry->second.round == round) entry->second.over = true;
                      changed_ = true;
                      wake_.notify_all();
                    }};
  });
}

}  // namespace ginnel::daemon

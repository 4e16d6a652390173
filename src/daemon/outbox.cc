#include "daemon/outbox.h"

#include "tls/certificate_files.h"

namespace ginnel::daemon {
namespace {

constexpr const char* kCertificateName = "_notifications";  // no service's code has an underscore

std::vector<notify::Webhook> webhooks_of(const config::Config& config) {
  std::vector<notify::Webhook> out;
  for (const auto& [topic, url] : config.webhooks) {
    out.push_back({topic, url.tls, url.server.host, url.server.port, url.target});
  }
  return out;
}

}  // namespace

std::string notification_host(const config::Config& config) { return "sns." + config.region + "." + config.dns_suffix; }

Outbox::Outbox(Parts parts) : parts_(std::move(parts)), host_(notification_host(parts_.config)) {}
Outbox::~Outbox() { stop(); }

Status Outbox::start(Committer& committer) {
  committer_ = &committer;
  GINNEL_TRY(auto signer, make_signer());
  notify::Notifier::Options options;
  options.webhooks = webhooks_of(parts_.config);
  options.authority_pem = parts_.authority.certificate_pem();
  options.certificate_url_base = "https://" + host_;
  GINNEL_TRY(auto notifier, notify::Notifier::start(
                                std::move(options), std::move(signer), [this] { return waiting(); },
                                [this](const notify::Message& message) { remove(message.id); }, parts_.clock,
                                parts_.random, parts_.log));
  const std::lock_guard lock(mutex_);
  notifier_ = std::move(notifier);
  return {};
}

void Outbox::stop() {
  std::unique_ptr<notify::Notifier> notifier;
  {
    const std::lock_guard lock(mutex_);
    notifier = std::move(notifier_);
  }
  notifier.reset();  // waits for its thread, which must not need the mutex meanwhile
}

void Outbox::published(const model::SnapshotPtr& snapshot) {
  const auto& messages = snapshot->table<model::OutboxMessage>();
  if (messages.same_as(last_seen_)) return;
  last_seen_ = messages;
  const std::lock_guard lock(mutex_);
  if (notifier_) notifier_->wake();
}

Result<tls::Signer> Outbox::make_signer() {
  GINNEL_TRY(auto kept, tls::ensure_certificate(parts_.authority, parts_.certificates, kCertificateName, {{host_}, {}},
                                                parts_.clock, parts_.random, tls::KeyKind::rsa2048));
  if (!kept.reissued_because.empty()) parts_.log.info("certificate {}: {}", kCertificateName, kept.reissued_because);
  GINNEL_TRY(auto signer, tls::Signer::make(kept.certificate));
  const std::lock_guard lock(mutex_);
  served_[notify::certificate_path(signer)] = signer.certificate_pem();
  return signer;
}

Status Outbox::renew() {
  GINNEL_TRY(auto signer, make_signer());
  const std::lock_guard lock(mutex_);
  if (notifier_) notifier_->set_signer(std::move(signer));
  return {};
}

std::optional<http::Response> Outbox::certificate(const http::Request& request) const {
  if (request.method != "GET") return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto found = served_.find(request.target);
  if (found == served_.end()) return std::nullopt;
  return http::Response{200, {{"Content-Type", "application/x-pem-file"}}, found->second};
}

std::vector<notify::Message> Outbox::waiting() const {
  std::vector<notify::Message> out;
  const auto snapshot = committer_->snapshot();
  for (const auto* message : snapshot->table<model::OutboxMessage>().all()) {
    out.push_back(
        {message->id, message->topic, message->message, WallTime(std::chrono::milliseconds(message->created))});
  }
  return out;
}

void Outbox::remove(const std::string& id) {
  committer_->submit([id](const model::Snapshot& newest) {
    Decision decision;
    if (const auto* message = newest.find<model::OutboxMessage>(id)) decision.change.erase(*message);
    return decision;
  });
}

}  // namespace ginnel::daemon

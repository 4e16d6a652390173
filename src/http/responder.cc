#include "http/responder.h"

#include "base/check.h"

namespace ginnel::http {

void Mailbox::put(Response response) {
  const std::lock_guard lock(mutex_);
  if (const Deliver deliver = std::exchange(deliver_, nullptr)) deliver(std::move(response));
}

void Mailbox::close() {
  const std::lock_guard lock(mutex_);
  deliver_ = nullptr;
}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    if (mailbox_) mailbox_->put(plain_response(500, "no answer"));
    mailbox_ = std::move(other.mailbox_);
  }
  return *this;
}

Responder::~Responder() {
  if (mailbox_) mailbox_->put(plain_response(500, "no answer"));
}

void Responder::send(Response response) {
  GINNEL_CHECK(mailbox_, "a request is answered once");
  std::exchange(mailbox_, nullptr)->put(std::move(response));
}

}  // namespace ginnel::http

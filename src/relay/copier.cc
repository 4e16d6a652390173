#include "relay/copier.h"

#include <fcntl.h>

namespace ginnel::relay {
namespace {

constexpr unsigned kFlags = SPLICE_F_NONBLOCK | SPLICE_F_MOVE;

}  // namespace

bool Copier::fill(Side& from) {
  if (source_ended_ || !from.readable || held_ >= PipePool::kPipeBytes) return false;
  if (!pipe_) {
    Result<Pipe> pipe = pool_.take();
    if (!pipe) {  // out of file descriptors: this connection cannot go on
      from.reset = source_ended_ = true;
      return true;
    }
    pipe_ = std::move(*pipe);
  }
  const ssize_t n = ::splice(from.fd.get(), nullptr, pipe_->in.get(), nullptr, PipePool::kPipeBytes - held_, kFlags);
  if (n > 0) {
    held_ += static_cast<size_t>(n);
    return true;
  }
  if (n < 0 && errno == EINTR) return true;
  if (n < 0 && errno == EAGAIN) {
    // Either the socket is empty or the pipe has no slot left; only with an empty pipe is it certain.
    if (held_ == 0) from.readable = false;
    return false;
  }
  if (n < 0) from.reset = true;
  source_ended_ = true;
  return true;
}

bool Copier::drain(Side& to) {
  if (held_ == 0) return false;
  if (to.reset) {
    held_ = 0;
    pipe_.reset();
    return true;
  }
  if (!to.writable) return false;
  const ssize_t n = ::splice(pipe_->out.get(), nullptr, to.fd.get(), nullptr, held_, kFlags);
  if (n > 0) {
    held_ -= static_cast<size_t>(n);
    bytes_ += static_cast<uint64_t>(n);
    return true;
  }
  if (n < 0 && errno == EINTR) return true;
  if (n < 0 && errno == EAGAIN) {
    to.writable = false;
    return false;
  }
  to.reset = true;
  return true;
}

bool Copier::run(Side& from, Side& to, size_t budget) {
  const uint64_t limit = bytes_ + budget;
  bool more = true;
  while (more && bytes_ < limit) {
    const bool filled = fill(from);
    const bool drained = drain(to);
    more = filled || drained;
  }
  if (pipe_ && held_ == 0) {
    pool_.give_back(std::move(*pipe_));
    pipe_.reset();
  }
  return more;
}

}  // namespace ginnel::relay

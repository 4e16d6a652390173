#include "relay/control_server.h"

#include <sys/socket.h>
#include <unistd.h>

namespace ginnel::relay {
namespace {

constexpr size_t kMostPeers = 64;

}  // namespace

struct ControlServer::Acceptor final : EventSource {
  Acceptor(ControlServer& the_server, UniqueFd the_fd) : server(the_server), fd(std::move(the_fd)) {}
  void on_events(uint32_t) override {
    if (fd) server.accept(fd.get());
  }
  ControlServer& server;
  UniqueFd fd;
};

// One connection of a client: lines in, lines out.
struct ControlServer::Peer final : EventSource {
  Peer(ControlServer& the_server, UniqueFd the_fd) : server(the_server), fd(std::move(the_fd)) {}

  void on_events(uint32_t events) override {
    if (!fd) return;
    const bool alive = (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || receive()) && send();
    if (!alive) server.drop(*this);
  }

  bool receive() {
    char chunk[65536];
    const ssize_t n = ::recv(fd.get(), chunk, sizeof chunk, MSG_DONTWAIT);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0 || in.size() > kLongestLine) return false;
    in.append(chunk, static_cast<size_t>(n));
    size_t start = 0;
    for (size_t end = in.find('\n'); end != std::string::npos; end = in.find('\n', start)) {
      out += encode(server.handle(std::string_view(in).substr(start, end - start))) + "\n";
      start = end + 1;
    }
    in.erase(0, start);
    return true;
  }

  bool send() {
    while (!out.empty()) {
      const ssize_t n = ::send(fd.get(), out.data(), out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno != EAGAIN) return false;
      if (n < 0) break;
      out.erase(0, static_cast<size_t>(n));
    }
    server.loop_.change(fd.get(), out.empty() ? EPOLLIN : EPOLLOUT, *this);
    return true;
  }

  ControlServer& server;
  UniqueFd fd;
  std::string in, out;
};

Result<std::unique_ptr<ControlServer>> ControlServer::start(EventLoop& loop, Switchboard& board, UniqueFd listener,
                                                            std::function<void()> on_retire,
                                                            std::function<void()> on_stop) {
  std::unique_ptr<ControlServer> server(new ControlServer(loop, board, std::move(on_retire), std::move(on_stop)));
  server->acceptor_ = std::make_shared<Acceptor>(*server, std::move(listener));
  GINNEL_CHECKED(loop.add(server->acceptor_->fd.get(), EPOLLIN, *server->acceptor_));
  return server;
}

ControlServer::~ControlServer() {
  close_acceptor();
  while (!peers_.empty()) drop(*peers_.begin()->first);
}

void ControlServer::close_acceptor() {
  if (!acceptor_ || !acceptor_->fd) return;
  loop_.remove(acceptor_->fd.get());
  acceptor_->fd.reset();
  loop_.bury(acceptor_);
}

void ControlServer::accept(int listener) {
  UniqueFd fd(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd || peers_.size() >= kMostPeers) return;
  const auto peer = std::make_shared<Peer>(*this, std::move(fd));
  if (loop_.add(peer->fd.get(), EPOLLIN, *peer)) peers_.emplace(peer.get(), peer);
}

void ControlServer::drop(Peer& peer) {
  loop_.remove(peer.fd.get());
  peer.fd.reset();
  const auto found = peers_.find(&peer);
  loop_.bury(found->second);
  peers_.erase(found);
}

Reply ControlServer::handle(std::string_view line) {
  Reply reply;
  reply.pid = ::getpid();
  const auto refuse = [&](std::string why) {
    reply.ok = false;
    reply.error = std::move(why);
    return reply;
  };
  const Result<Command> command = decode_command(line);
  if (!command) return refuse(command.error().text());
  if (command->op == "hello") return reply;
  if (command->op == "stop") {
    // In the next round, so that the reply is sent.
    loop_.defer(on_stop_);
    return reply;
  }
  if (command->op == "retire") {
    close_acceptor();
    on_retire_();
    board_.retire([this] { loop_.defer(on_stop_); });
    return reply;
  }
  if (command->protocol != kProtocol) {
    return refuse("protocol " + std::to_string(command->protocol) + " is not spoken; this relay speaks " +
                  std::to_string(kProtocol));
  }
  if (command->op == "set_services") {
    const Status set = board_.set_services(command->address, command->services, command->close_removed);
    if (!set) return refuse(set.error().text());
  } else if (command->op != "status") {
    return refuse("unknown command \"" + command->op + "\"");
  }
  reply.status = board_.status();
  return reply;
}

}  // namespace ginnel::relay

#include "dhcp/server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

#include "dhcp/answer.h"
#include "dhcp/bytes.h"
#include "dhcp/port_socket.h"
#include "dhcp/rate.h"

namespace ginnel::dhcp {
namespace {

constexpr size_t kTypeAt = 12;
constexpr uint16_t kTypeIp6 = 0x86dd;
constexpr unsigned kFramesATurn = 16;  // so that one port does not keep the others waiting

using Time = std::chrono::steady_clock::time_point;

struct Client {
  Port port;
  PortSocket socket;
  Rate rate{kAnswersPerSecond, kBurst};
  Time next_advertisement{};  // where the port has IPv6
};

}  // namespace

class Server::Impl {
 public:
  Impl(const MacAddress& router, Log& log, std::chrono::milliseconds advertise_every, UniqueFd wake)
      : router_(router), log_(log), advertise_every_(advertise_every), wake_(std::move(wake)) {
    thread_ = std::thread([this] { loop(); });
  }
  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake();
    thread_.join();
  }

  void set_vpc(plan::VpcNumber vpc, const std::vector<Port>& ports) {
    std::map<std::string, std::shared_ptr<Client>> next;
    {
      const std::lock_guard lock(mutex_);
      auto& now = clients_[vpc];
      for (const auto& port : ports) {
        const auto standing = now.find(port.interface_id);
        if (standing != now.end() && standing->second->port == port) {
          next.insert(*standing);
          continue;
        }
        auto socket = PortSocket::open(port.ifindex);
        if (!socket) {
          log_.warning("{} gets no DHCP answers: {}", port.interface_id, socket.error().text());
          continue;
        }
        next[port.interface_id] = std::make_shared<Client>(Client{port, std::move(*socket)});
      }
      now = std::move(next);
      if (now.empty()) clients_.erase(vpc);
    }
    wake();
  }

  Counters counters() const {
    const std::lock_guard lock(mutex_);
    return counters_;
  }

 private:
  void wake() const {
    const uint64_t one = 1;
    (void)!write(wake_.get(), &one, sizeof one);  // it cannot fail but by being full, and then the thread wakes anyway
  }

  void loop() {
    for (;;) {
      std::vector<std::shared_ptr<Client>> clients;
      std::vector<pollfd> waiting = {{wake_.get(), POLLIN, 0}};
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        for (const auto& [vpc, ports] : clients_) {
          for (const auto& [id, client] : ports) {
            clients.push_back(client);
            waiting.push_back({client->socket.fd(), POLLIN, 0});
          }
        }
      }
      if (poll(waiting.data(), waiting.size(), advertise(clients)) < 0) continue;
      uint64_t count = 0;
      if (waiting[0].revents != 0) (void)!read(wake_.get(), &count, sizeof count);
      for (size_t i = 0; i < clients.size(); ++i) {
        if (waiting[i + 1].revents != 0) serve(*clients[i]);
      }
    }
  }

  // What is due; how many milliseconds there is nothing to do, or -1.
  int advertise(const std::vector<std::shared_ptr<Client>>& clients) {
    const Time now = std::chrono::steady_clock::now();
    std::optional<Time> next;
    for (const auto& client : clients) {
      if (!client->port.lease6) continue;
      if (client->next_advertisement <= now) {
        client->next_advertisement = now + advertise_every_;
        if (const auto sent = client->socket.send(unasked_advertisement(*client->port.lease6)); !sent) {
          log_.debug("{}: {}", client->port.interface_id, sent.error().text());
        }
      }
      next = std::min(next.value_or(client->next_advertisement), client->next_advertisement);
    }
    if (!next) return -1;
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(*next - now).count());
  }

  void serve(Client& client) {
    for (unsigned i = 0; i < kFramesATurn; ++i) {
      const auto frame = client.socket.receive();
      if (!frame) return;
      Counters seen;
      answer(client, *frame, seen);
      const std::lock_guard lock(mutex_);
      counters_.answered += seen.answered;
      counters_.ignored += seen.ignored;
      counters_.malformed += seen.malformed;
      counters_.limited += seen.limited;
    }
  }

  void answer(Client& client, const std::vector<uint8_t>& frame, Counters& seen) {
    const bool second = frame.size() > kTypeAt + 1 && get16(frame, kTypeAt) == kTypeIp6;
    const Port& port = client.port;
    auto reply = !second       ? answer_v4_frame(port.lease, router_, frame)
                 : port.lease6 ? answer_v6_frame(*port.lease6, frame)
                               : Result<std::optional<Bytes>>();
    if (!reply) {
      ++seen.malformed;
    } else if (!*reply) {
      ++seen.ignored;
    } else if (!client.rate.take(std::chrono::steady_clock::now())) {
      ++seen.limited;
    } else if (const auto sent = client.socket.send(**reply); !sent) {
      log_.debug("{}: {}", port.interface_id, sent.error().text());
    } else {
      ++seen.answered;
    }
  }

  const MacAddress router_;
  Log& log_;
  const std::chrono::milliseconds advertise_every_;
  const UniqueFd wake_;
  mutable std::mutex mutex_;
  std::map<plan::VpcNumber, std::map<std::string, std::shared_ptr<Client>>> clients_;
  Counters counters_;
  bool stopping_ = false;
  std::thread thread_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const MacAddress& router, Log& log,
                                              std::chrono::milliseconds advertise_every) {
  UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return fail_errno("make", "eventfd");
  return std::unique_ptr<Server>(new Server(std::make_unique<Impl>(router, log, advertise_every, std::move(wake))));
}

void Server::set_vpc(plan::VpcNumber vpc, const std::vector<Port>& ports) { impl_->set_vpc(vpc, ports); }
Counters Server::counters() const { return impl_->counters(); }

}  // namespace ginnel::dhcp

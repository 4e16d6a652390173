#include "dhcp/server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <mutex>
#include <thread>
#include <utility>

#include "dhcp/bytes.h"
#include "dhcp/frame.h"
#include "dhcp/frame6.h"
#include "dhcp/port_socket.h"
#include "dhcp/rate.h"

namespace ginnel::dhcp {
namespace {

constexpr uint16_t kServerPort = 67, kClientPort = 68, kServerPort6 = 547, kClientPort6 = 546;
constexpr size_t kUdpHeader = 8, kTypeAt = 12;
constexpr uint16_t kTypeIp6 = 0x86dd;
constexpr MacAddress kEveryone{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
constexpr unsigned kFramesATurn = 16;  // so that one port does not keep the others waiting

// A client that has no address yet hears broadcasts, or frames to its MAC if it did not ask for broadcasts.
Datagram envelope(const Lease& lease, const V4Message& reply, const MacAddress& router) {
  Datagram out;
  out.from = router;
  out.source = lease.router;
  out.source_port = kServerPort;
  out.destination_port = kClientPort;
  out.to = reply.broadcast ? kEveryone : lease.mac;
  const auto none = IpAddress::from_v4(0);
  const bool has_address = reply.client.is_v4() && reply.client != none;
  out.destination = reply.broadcast ? IpAddress::from_v4(0xffffffff) : has_address ? reply.client : reply.yours;
  out.payload = encode_v4(reply);
  return out;
}

// What the question of an IPv6 client comes to; empty: no answer. Errors are malformed questions.
Result<std::optional<Bytes>> answer6(const Lease6& lease, View frame) {
  GINNEL_TRY(const auto packet, read_packet6(frame));
  if (packet.from != lease.mac) return std::optional<Bytes>();
  Packet6 out;
  out.to = lease.mac;
  out.from = lease.router_mac;
  out.source = lease.router;
  out.destination = packet.source;
  out.protocol = packet.protocol;
  if (packet.protocol == kProtocolIcmp6) {
    if (packet.hop_limit != 255 || !is_solicitation(packet.payload))
      return fail("read", "router solicitation", "it is broken");
    static const IpAddress kAllNodes = *IpAddress::parse("ff02::1");
    if (packet.source == IpAddress()) out.destination = kAllNodes;
    out.payload = advertisement(lease);
    return std::optional(write_packet6(out));
  }
  GINNEL_TRY(const auto question, decode_v6(View(packet.payload).subspan(kUdpHeader)));
  const auto reply = answer_v6(lease, question);
  if (!reply) return std::optional<Bytes>();
  out.payload = udp_segment(kServerPort6, kClientPort6, encode_v6(*reply));
  return std::optional(write_packet6(out));
}

// The same of an IPv4 client.
Result<std::optional<Bytes>> answer4(const Lease& lease, View frame, const MacAddress& router) {
  GINNEL_TRY(const auto datagram, read_datagram(frame));
  GINNEL_TRY(const auto question, decode_v4(datagram.payload));
  const auto reply = datagram.from == lease.mac ? answer_v4(lease, question) : std::nullopt;
  if (!reply) return std::optional<Bytes>();
  return std::optional(write_datagram(envelope(lease, *reply, router)));
}

struct Client {
  Port port;
  PortSocket socket;
  Rate rate{kAnswersPerSecond, kBurst};
};

}  // namespace

class Server::Impl {
 public:
  Impl(const MacAddress& router, Log& log, UniqueFd wake) : router_(router), log_(log), wake_(std::move(wake)) {
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
      if (poll(waiting.data(), waiting.size(), -1) < 0) continue;
      uint64_t count = 0;
      if (waiting[0].revents != 0) (void)!read(wake_.get(), &count, sizeof count);
      for (size_t i = 0; i < clients.size(); ++i) {
        if (waiting[i + 1].revents != 0) serve(*clients[i]);
      }
    }
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
    auto reply = !second       ? answer4(port.lease, frame, router_)
                 : port.lease6 ? answer6(*port.lease6, frame)
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
  const UniqueFd wake_;
  mutable std::mutex mutex_;
  std::map<plan::VpcNumber, std::map<std::string, std::shared_ptr<Client>>> clients_;
  Counters counters_;
  bool stopping_ = false;
  std::thread thread_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const MacAddress& router, Log& log) {
  UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return fail_errno("make", "eventfd");
  return std::unique_ptr<Server>(new Server(std::make_unique<Impl>(router, log, std::move(wake))));
}

void Server::set_vpc(plan::VpcNumber vpc, const std::vector<Port>& ports) { impl_->set_vpc(vpc, ports); }
Counters Server::counters() const { return impl_->counters(); }

}  // namespace ginnel::dhcp

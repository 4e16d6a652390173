#include "dns/tcp_listener.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <deque>

#include "dns/listening_socket.h"

namespace ginnel::dns {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr int kBacklog = 256;
constexpr std::chrono::milliseconds kRest{100};

}  // namespace

// Lives as long as an operation or an answer that is waited for holds it.
class TcpListener::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, const IpAddress& source, Responder& responder, const TcpLimits& limits,
             std::shared_ptr<Census> census)
      : socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        source_(source),
        responder_(responder),
        limits_(limits),
        census_(std::move(census)) {
    ++census_->all;
    ++census_->by_source[source_];
  }
  ~Connection() {
    --census_->all;
    const auto mine = census_->by_source.find(source_);
    if (--mine->second == 0) census_->by_source.erase(mine);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() {
    touch();
    read_length();
  }

 private:
  // Something moved: the idle time begins anew.
  void touch() {
    timer_.expires_after(limits_.idle);
    timer_.async_wait([weak = weak_from_this()](const ErrorCode& cancelled) {
      if (cancelled) return;
      if (const auto self = weak.lock()) self->close();
    });
  }

  void close() {
    ErrorCode ignored;
    socket_.close(ignored);
    timer_.cancel();
  }

  void read_length() {
    reading_ = true;
    asio::async_read(socket_, asio::buffer(length_),
                     [self = shared_from_this()](const ErrorCode& error, size_t) { self->on_length(error); });
  }

  // The peer may close its side and still wait for answers; they hold the connection until they are written.
  void on_length(const ErrorCode& error) {
    reading_ = false;
    ended_ = static_cast<bool>(error);
    if (ended_) return close_if_done();
    query_.resize(static_cast<size_t>(length_[0]) << 8 | length_[1]);
    touch();
    asio::async_read(socket_, asio::buffer(query_),
                     [self = shared_from_this()](const ErrorCode& failed, size_t) { self->on_query(failed); });
  }

  void on_query(const ErrorCode& error) {
    if (error) return close();
    touch();
    ++in_flight_;
    // May answer at once, and so before the next query is read.
    responder_.respond(
        source_, query_, Responder::Transport::tcp,
        [self = shared_from_this()](std::optional<Bytes> answer) { self->on_answer(std::move(answer)); });
    read_on();
  }

  void read_on() {
    if (!reading_ && !ended_ && socket_.is_open() && in_flight_ + answers_.size() < limits_.in_flight) read_length();
  }

  void on_answer(std::optional<Bytes> answer) {
    --in_flight_;
    if (!socket_.is_open()) return;
    if (!answer) return close();  // who gets no answer gets no connection either
    answer->insert(answer->begin(), {static_cast<uint8_t>(answer->size() >> 8), static_cast<uint8_t>(answer->size())});
    answers_.push_back(std::move(*answer));
    if (answers_.size() == 1) write();
  }

  void write() {
    asio::async_write(socket_, asio::buffer(answers_.front()),
                      [self = shared_from_this()](const ErrorCode& error, size_t) { self->on_written(error); });
  }

  void on_written(const ErrorCode& error) {
    if (error || !socket_.is_open()) return close();
    answers_.pop_front();
    touch();
    if (!answers_.empty()) write();
    read_on();
    close_if_done();
  }

  void close_if_done() {
    if (ended_ && in_flight_ == 0 && answers_.empty()) close();
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  const IpAddress source_;
  Responder& responder_;
  const TcpLimits limits_;
  std::shared_ptr<Census> census_;
  std::array<uint8_t, 2> length_{};
  Bytes query_;
  std::deque<Bytes> answers_;  // the first is being written
  size_t in_flight_ = 0;       // queries that the responder has
  bool reading_ = false, ended_ = false;
};

Result<std::unique_ptr<TcpListener>> TcpListener::open(asio::io_context& io, const SocketAddress& address,
                                                       Responder& responder, const TcpLimits& limits) {
  GINNEL_TRY(auto socket, bind_socket(address, SOCK_STREAM));
  if (::listen(socket.fd.get(), kBacklog) != 0) return fail_errno("listen on TCP", to_string(socket.address));
  auto listener = std::unique_ptr<TcpListener>(new TcpListener(io, socket.address, responder, limits));
  ErrorCode error;
  listener->acceptor_.assign(address.address.is_v4() ? tcp::v4() : tcp::v6(), socket.fd.get(), error);
  if (error) return fail("listen on TCP", to_string(socket.address), error.message());
  (void)socket.fd.release();  // the acceptor's now
  return listener;
}

TcpListener::TcpListener(asio::io_context& io, const SocketAddress& address, Responder& responder,
                         const TcpLimits& limits)
    : acceptor_(io), rest_(io), address_(address), responder_(responder), limits_(limits) {}

void TcpListener::accept() {
  acceptor_.async_accept([this](const ErrorCode& error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error == asio::error::no_descriptors || error == asio::error::no_memory) return rest();
    if (!error) take(std::move(socket));
    accept();
  });
}

// The connection that could not be accepted is still in the queue; asking at once would turn in circles.
void TcpListener::rest() {
  rest_.expires_after(kRest);
  rest_.async_wait([this](const ErrorCode& cancelled) {
    if (!cancelled) accept();
  });
}

void TcpListener::take(tcp::socket socket) {
  ErrorCode error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return;  // gone already
  sockaddr_storage storage{};
  std::memcpy(&storage, peer.data(), std::min(peer.size(), sizeof storage));
  const auto source = from_kernel(storage);
  if (!source || census_->all >= limits_.connections) return;
  const auto mine = census_->by_source.find(source->address);
  if (mine != census_->by_source.end() && mine->second >= limits_.connections_each) return;
  socket.set_option(tcp::no_delay(true), error);  // without it answers wait for acknowledgements, no more
  std::make_shared<Connection>(std::move(socket), source->address, responder_, limits_, census_)->start();
}

}  // namespace ginnel::dns

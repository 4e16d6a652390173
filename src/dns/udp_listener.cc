#include "dns/udp_listener.h"

#include <array>

#include "base/unique_fd.h"
#include "dns/listening_socket.h"

namespace ginnel::dns {
namespace {

constexpr size_t kBatch = 32;
constexpr size_t kLargestQuery = 4096;  // bytes; what is longer is cut by the kernel and so malformed
constexpr int kReceiveBuffer = 1 << 20;
constexpr int kMostBatches = 16;  // before others in this thread get their turn

}  // namespace

struct UdpListener::Buffers {
  std::array<std::array<uint8_t, kLargestQuery>, kBatch> bytes;
  std::array<KernelAddress, kBatch> from;
  std::array<iovec, kBatch> vectors;
  std::array<mmsghdr, kBatch> headers;
};

Result<std::unique_ptr<UdpListener>> UdpListener::open(boost::asio::io_context& io, const SocketAddress& address,
                                                       Responder& responder) {
  GINNEL_TRY(auto socket, bind_socket(address, SOCK_DGRAM));
  // As much as the host allows; fewer queries are lost in a burst.
  ::setsockopt(socket.fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  auto listener = std::unique_ptr<UdpListener>(new UdpListener(io, socket.address, responder));
  boost::system::error_code error;
  listener->socket_.assign(socket.fd.get(), error);
  if (error) return fail("listen on UDP", to_string(socket.address), error.message());
  (void)socket.fd.release();  // the descriptor's now
  return listener;
}

UdpListener::UdpListener(boost::asio::io_context& io, const SocketAddress& address, Responder& responder)
    : socket_(io), address_(address), responder_(responder), buffers_(std::make_shared<Buffers>()) {}

void UdpListener::wait() {
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    for (int batch = 0; batch < kMostBatches && receive(); ++batch) {
    }
    wait();
  });
}

bool UdpListener::receive() {
  auto& [bytes, from, vectors, headers] = *buffers_;
  for (size_t n = 0; n < kBatch; ++n) {
    vectors[n] = {bytes[n].data(), bytes[n].size()};
    headers[n] = {};
    headers[n].msg_hdr.msg_name = &from[n].storage;
    headers[n].msg_hdr.msg_namelen = sizeof from[n].storage;
    headers[n].msg_hdr.msg_iov = &vectors[n];
    headers[n].msg_hdr.msg_iovlen = 1;
  }
  const int got = ::recvmmsg(socket_.native_handle(), headers.data(), kBatch, MSG_DONTWAIT, nullptr);
  // An error (of an ICMP message that came back, say) is of no concern to the next query.
  if (got <= 0) return false;
  receiving_ = true;
  for (size_t n = 0; n < static_cast<size_t>(got); ++n) {
    from[n].size = headers[n].msg_hdr.msg_namelen;
    take(from[n], std::span(bytes[n]).first(headers[n].msg_len));
  }
  receiving_ = false;
  send();
  return static_cast<size_t>(got) == kBatch;
}

void UdpListener::take(const KernelAddress& from, std::span<const uint8_t> query) {
  const auto source = from_kernel(from.storage);
  if (!source || source->port == 0) return;
  responder_.respond(source->address, query, Responder::Transport::udp, [this, from](std::optional<Bytes> answer) {
    if (!answer) return;
    outgoing_.push_back({from, std::move(*answer)});
    if (!receiving_) send();
  });
}

void UdpListener::send() {
  std::array<iovec, kBatch> vectors;
  std::array<mmsghdr, kBatch> headers;
  for (size_t done = 0; done < outgoing_.size();) {
    const size_t count = std::min(kBatch, outgoing_.size() - done);
    for (size_t n = 0; n < count; ++n) {
      Outgoing& next = outgoing_[done + n];
      vectors[n] = {next.bytes.data(), next.bytes.size()};
      headers[n] = {};
      headers[n].msg_hdr.msg_name = &next.to.storage;
      headers[n].msg_hdr.msg_namelen = next.to.size;
      headers[n].msg_hdr.msg_iov = &vectors[n];
      headers[n].msg_hdr.msg_iovlen = 1;
    }
    const int sent = ::sendmmsg(socket_.native_handle(), headers.data(), static_cast<unsigned>(count), MSG_DONTWAIT);
    // One that cannot be sent is lost, as datagrams are; the asker asks again.
    done += sent > 0 ? static_cast<size_t>(sent) : 1;
  }
  outgoing_.clear();
}

}  // namespace ginnel::dns

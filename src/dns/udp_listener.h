// Queries by UDP (RFC 1035 section 4.2.1), many to a system call.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <vector>

#include "dns/responder.h"
#include "dns/socket_address.h"

namespace ginnel::dns {

class UdpListener {
 public:
  // Binds; port 0 takes any. Answers from start() on, in the context's thread. The responder must outlive it.
  static Result<std::unique_ptr<UdpListener>> open(boost::asio::io_context& io, const SocketAddress& address,
                                                   Responder& responder);
  void start() { wait(); }
  [[nodiscard]] const SocketAddress& address() const { return address_; }

 private:
  struct Outgoing {
    KernelAddress to;
    Bytes bytes;
  };
  struct Buffers;  // what one batch of receives fills

  UdpListener(boost::asio::io_context& io, const SocketAddress& address, Responder& responder);
  void wait();
  // One batch; false: nothing more is there.
  bool receive();
  void take(const KernelAddress& from, std::span<const uint8_t> query);
  void send();

  boost::asio::posix::stream_descriptor socket_;
  SocketAddress address_;
  Responder& responder_;
  std::shared_ptr<Buffers> buffers_;
  std::vector<Outgoing> outgoing_;
  bool receiving_ = false;  // answers gather until the batch is done
};

}  // namespace ginnel::dns

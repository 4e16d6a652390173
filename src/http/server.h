// An HTTP/1.1 server (RFC 9110, RFC 9112): several listeners, plain, TLS or unix sockets, one handler.
//
// Every connection is served in order, also when requests are pipelined: the next request is read once the last one
// is answered. The handler runs on a worker thread and must not block; it answers at once or keeps the Responder and
// answers later from any thread. Requests that are malformed, too long or too slow never reach it.
//
// All functions are safe from any thread, but stop() and the destructor must not be called by the handler.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "http/message.h"
#include "http/responder.h"
#include "tls/authority.h"

namespace ginnel::http {

using Handler = std::function<void(Request, Responder)>;

struct Limits {
  size_t header_bytes = 64U << 10;              // request line and headers; more is a 431
  size_t body_bytes = 16U << 20;                // more is a 413
  size_t connections = 4096;                    // further ones are closed at once and counted
  std::chrono::milliseconds handshake{10'000};  // TLS
  std::chrono::milliseconds header{15'000};     // from the first byte of a request to the end of its headers
  std::chrono::milliseconds body{120'000};      // for the whole body
  std::chrono::milliseconds idle{75'000};       // between requests
  std::chrono::milliseconds write{120'000};     // for a whole response
};

struct ServerOptions {
  unsigned threads = 2;
  Limits limits;
};

struct Listener {
  IpAddress address;
  uint16_t port = 0;      // 0: any free one
  bool tls = true;        // without TLS the address must be a loopback address, unless `open`
  bool freebind = false;  // IP_FREEBIND: the address need not be there yet
  bool open = false;      // nothing secret passes: without TLS, any address will do
};

struct ServerCounters {
  uint64_t open = 0;       // connections now
  uint64_t accepted = 0;   // connections ever
  uint64_t refused = 0;    // over the limit of connections
  uint64_t requests = 0;   // that reached the handler
  uint64_t malformed = 0;  // refused by the server: 400, 413, 417, 431, 501
  uint64_t timeouts = 0;   // connections closed because the client was slow or idle
};

// A plain listener would show signatures and data to everybody on the way: only loopback addresses may have one.
Status check_plain_address(const IpAddress& address);

class Server {
 public:
  // `clock` and `log` must outlive the server.
  Server(ServerOptions options, Handler handler, const Clock& clock, Log& log);
  ~Server();  // stop(0)
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The certificate of all TLS listeners, with all names; before the first of them, and again to replace it: new
  // connections get the new one.
  Status set_certificate(const tls::Certificate& certificate);

  // Where it listens now. More listeners may be added while others serve.
  Result<Socket> listen(const Listener& listener);
  // Connections that it accepted go on.
  void close_listener(const Socket& socket);
  // A socket file with mode 0600, removed by stop(). See listen_unix (base/unix_socket.h) about files that are there.
  Status listen_unix(const std::string& path);

  // Accepts no more, closes idle connections, waits for requests in flight until they are answered or `patience` is
  // over, then closes what is left. Nothing runs any more when it returns. Once; later calls do nothing.
  void stop(std::chrono::milliseconds patience);

  [[nodiscard]] ServerCounters counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ginnel::http

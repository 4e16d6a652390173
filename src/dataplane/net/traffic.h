// Traffic that goes on while a test does something else, and tells afterwards whether any of it was lost.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "base/ip.h"
#include "base/unique_fd.h"

namespace ginnel::dataplane {

// Numbered datagrams of one flow, some thousand a second. Owns a thread, from begin() to end().
class NumberedDatagrams {
 public:
  // Both ends are made here. `from` and `to` are namespaces.
  NumberedDatagrams(const std::string& from, const IpAddress& from_address, const std::string& to,
                    const IpAddress& to_address, uint16_t port);
  ~NumberedDatagrams() { end(); }
  NumberedDatagrams(const NumberedDatagrams&) = delete;
  NumberedDatagrams& operator=(const NumberedDatagrams&) = delete;

  // Stops sending, and waits for what is still to come. What went wrong; empty if every number came, in order, once.
  std::string end();
  [[nodiscard]] uint64_t sent() const { return sent_; }
  [[nodiscard]] uint16_t port() const { return port_; }

 private:
  void send_all();
  void receive_all();

  UniqueFd from_, to_;
  uint16_t port_;
  std::atomic<bool> ending_ = false, all_sent_ = false;
  std::atomic<uint64_t> sent_ = 0;
  uint64_t received_ = 0;
  std::string unsent_, wrong_;  // what went wrong at either end
  std::thread sender_, receiver_;
};

// Numbers through one TCP connection that stands, which it does not own.
class NumberedStream {
 public:
  NumberedStream(int from, int to);
  ~NumberedStream() { end(); }
  NumberedStream(const NumberedStream&) = delete;
  NumberedStream& operator=(const NumberedStream&) = delete;

  // Also says when a segment was lost and had to be sent again (TCP_INFO).
  std::string end();
  [[nodiscard]] uint64_t received() const { return received_; }

 private:
  void send_all();
  void receive_all();

  int from_, to_;
  std::atomic<bool> ending_ = false;
  std::atomic<uint64_t> received_ = 0;
  std::string wrong_;
  std::thread sender_, receiver_;
};

// One new connection after the other, each with a byte to and fro.
class NewConnections {
 public:
  NewConnections(const std::string& from, const std::string& to, const IpAddress& address, uint16_t port);
  ~NewConnections() { end(); }
  NewConnections(const NewConnections&) = delete;
  NewConnections& operator=(const NewConnections&) = delete;

  std::string end();
  [[nodiscard]] uint64_t made() const { return made_; }

 private:
  void connect_all();

  std::string from_;
  IpAddress address_;
  uint16_t number_;
  UniqueFd listener_;
  std::atomic<bool> ending_ = false;
  std::atomic<uint64_t> made_ = 0;
  std::string wrong_;
  std::thread thread_;
};

}  // namespace ginnel::dataplane
